import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { readModel, writeModel } from '../../../engine/onnx/model-file.ts';
import { versionOf } from './versions.ts';

const host = nodeHost();
let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-'));
  path = join(folder, 'model.onnx');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Exports in a child process that dies at `moment`. */
function exportAndDie(version: string, moment: number) {
  const program = join(import.meta.dirname, 'killed-export.ts');
  const child = spawnSync(process.execPath, [program, path, version, String(moment)], { encoding: 'utf8' });
  if (child.signal !== 'SIGKILL' && child.status !== 0) expect.fail(child.stderr);
  return { killed: child.signal === 'SIGKILL', moments: Number(child.stdout) };
}

const isVersion = async (version: string) =>
  Buffer.compare(encodeModel(await readModel(host, path)), encodeModel(versionOf(version))) === 0;

describe('an export that is killed', () => {
  it('leaves the old output whole or the new one, at whatever moment; the next export cleans up', async () => {
    await writeModel(host, path, versionOf('old'), { externalData: 'always' });
    const { killed, moments } = exportAndDie('newer', Number.POSITIVE_INFINITY);
    expect([killed, await isVersion('newer')]).toEqual([false, true]);
    expect(moments).toBeGreaterThan(20);

    const outcomes: string[] = [];
    let betweenDataAndModel = 0;
    for (let moment = 0; moment < moments; moment++) {
      await writeModel(host, path, versionOf('old'), { externalData: 'always' });
      expect(exportAndDie('newer', moment).killed, `moment ${moment}`).toBe(true);
      // Reading takes the model and the data that it names: both must be there, whole, and of one version.
      outcomes.push((await isVersion('old')) ? 'old' : (await isVersion('newer')) ? 'new' : 'broken');
      // New data in place, and the model still the old one, with its own data.
      const data = readdirSync(folder).filter((name) => name.endsWith('.data'));
      if (data.length === 2 && outcomes.at(-1) === 'old') betweenDataAndModel++;

      await writeModel(host, path, versionOf('newest'), { externalData: 'always' });
      expect(await isVersion('newest')).toBe(true);
      const oneDataFile = expect.stringMatching(/^model\.onnx\.[0-9a-f]{16}\.data$/);
      expect(readdirSync(folder), `after moment ${moment}`).toEqual(['model.onnx', oneDataFile]);
    }
    expect(outcomes.join(' ')).toMatch(/^(old )+(new ?)+$/);
    expect(betweenDataAndModel).toBeGreaterThan(0);
  });

  it('for the first time leaves no model', async () => {
    expect(exportAndDie('newer', 6).killed).toBe(true);
    expect(await host.stat(path)).toBeUndefined();
  });
});
