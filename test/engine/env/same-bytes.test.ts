import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { browserHost } from '../../../engine/env/browser/host.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import type { Host } from '../../../engine/host.ts';
import type { Job } from '../../../engine/plan.ts';
import { type QuantizeOptions, quantizeJob } from '../../../engine/run/quantize.ts';
import { measureSensitivity } from '../../../engine/run/sensitivity.ts';
import { root } from '../../shared.ts';
import { memoryFiles } from './memory-files.ts';

const example = join(root, 'examples', 'digits');
let folder: string;
let job: Job;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-same-'));
  job = jobOf(await openSpec(join(example, 'digits.qspec'))).job!;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The example in memory, as a web window sees it. */
function project() {
  const files = memoryFiles();
  for (const name of readdirSync(example, { withFileTypes: true })) {
    if (name.isFile())
      files.content.set(`/project/${name.name}`, new Uint8Array(readFileSync(join(example, name.name))));
  }
  const quoted = (path: string) => JSON.stringify(path).slice(1, -1);
  const moved = JSON.stringify(job).replaceAll(quoted(example), '/project').replaceAll('\\\\', '/');
  return { files, host: browserHost({ files }), job: JSON.parse(moved) as Job };
}

const context = (host: Host, threads: number) => ({
  host,
  threads,
  toolVersion: 'test',
  progress: { report: () => {}, signal: new AbortController().signal },
});

test('a browser without threads exports the same bytes as Node with threads', async () => {
  const web = project();
  const options: QuantizeOptions = { write: true, evaluationSamples: 50, layerSamples: 1 };
  const inNode = await quantizeJob(job, context(nodeHost(), 3), { ...options, outFolder: folder });
  const inBrowser = await quantizeJob(web.job, context(web.host, 1), options);
  expect(inBrowser.written).toEqual(['/project/out/digits.int8.onnx', '/project/out/digits.int8.report.html']);
  const exported = readFileSync(join(folder, 'digits.int8.onnx'));
  expect(Buffer.from(web.files.content.get('/project/out/digits.int8.onnx')!).equals(exported)).toBe(true);
  expect([...web.files.content.keys()].filter((path) => path.endsWith('.part'))).toEqual([]);
  expect(inBrowser.report.accuracy).toEqual(inNode.report.accuracy);
});

test('and measures the same sensitivity', async () => {
  const web = project();
  const inNode = await measureSensitivity(job.model, job, context(nodeHost(), 3), 2);
  expect(await measureSensitivity(web.job.model, web.job, context(web.host, 1), 2)).toEqual(inNode);
});
