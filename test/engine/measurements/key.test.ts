import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { measurementKey, measurementSubject } from '../../../engine/measurements/key.ts';
import type { Job } from '../../../engine/plan.ts';
import { root } from '../../shared.ts';

const example = join(root, 'examples', 'digits');
const host = nodeHost();
let folder: string;
let job: Job;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-key-'));
  for (const name of ['digits.onnx', 'digits.npz', 'splits.json', 'digits.qspec'])
    copyFileSync(join(example, name), join(folder, name));
  job = jobOf(await openSpec(join(folder, 'digits.qspec'))).job!;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const key = (own: Job) => measurementKey(own, host);

describe('the key of a measurement', () => {
  it('is the same for the same content elsewhere, and whatever is written and expected', async () => {
    const original = jobOf(await openSpec(join(example, 'digits.qspec'))).job!;
    expect(await key(original)).toBe(await key(job));
    expect(await key({ ...job, exports: [], expectations: [], targets: [], spec: { path: 'x', hash: 'y' } })).toBe(
      await key(job),
    );
  });

  it('is another for other formats, passes, pruning and data', async () => {
    const { conv2, ...others } = job.plan!.nodes;
    const calibration = job.data['calibration']!;
    const keys = await Promise.all(
      [
        job,
        { ...job, plan: { ...job.plan!, nodes: others } },
        {
          ...job,
          plan: {
            ...job.plan!,
            nodes: { ...others, conv2: { ...conv2, weight: { ...conv2!.weight!, format: 'int4' } } },
          },
        },
        { ...job, passes: [] },
        { ...job, prune: { nodes: {} } },
        { ...job, data: { calibration: { ...calibration, take: 7 } } },
        { ...job, data: {} },
      ].map(key),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not see where in the spec something stands', async () => {
    const moved = JSON.parse(JSON.stringify(job), (name, value) => (name === 'line' ? value + 7 : value)) as Job;
    expect(await key(moved)).toBe(await key(job));
  });

  it('follows the files', async () => {
    const before = await key(job);
    const known = new Map<string, string>();
    expect(await measurementKey(job, host, { known })).toBe(before);
    expect(known.size).toBeGreaterThan(0);
    writeFileSync(join(folder, 'splits.json'), '{}');
    expect(await measurementKey(job, host, { known })).not.toBe(before);
    copyFileSync(join(example, 'splits.json'), join(folder, 'splits.json'));
    expect(await measurementKey(job, host, { known })).toBe(before);
  });

  it('tells in short whether a job asks for the same: the subject', () => {
    expect(measurementSubject({ ...job, exports: [], expectations: [] })).toBe(measurementSubject(job));
    expect(measurementSubject({ ...job, passes: [] })).not.toBe(measurementSubject(job));
  });
});
