import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import type { Report } from '../../../engine/report/report.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';

const digits = join(root, 'examples', 'digits');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-auto-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The digits network by a spec with this block and these expectations. */
async function run(block: string, expectations = ''): Promise<Report> {
  const data = `npz "${join(digits, 'digits.npz')}" { array x  labels y  scale 1/16  split "${join(digits, 'splits.json')}" part`;
  const path = join(folder, 'auto.qspec');
  writeFileSync(
    path,
    `qspec 1
model "${join(digits, 'digits.onnx')}"
data calibration ${data} calibration }
data validation ${data} test }
${block}
${expectations}
`,
  );
  const { job, findings } = jobOf(await openSpec(path));
  expect(findings).toEqual([]);
  const progress = { signal: new AbortController().signal, report() {} };
  const context = { host: nodeHost(), threads: 1, toolVersion: '0', progress };
  return (await quantizeJob(job!, context, { write: false })).report;
}

const chosen = ({ findings }: Report) => findings.filter(({ code }) => code === 'auto/chosen').map(({ what }) => what);

/** Layers with weights of a format. */
const countOf = ({ layers }: Report, format: string) =>
  layers.filter(({ weight }) => weight?.split(' ')[0] === format).length;

describe('quantize auto', () => {
  it('keeps the accuracy of a network in 4 bits and says what it chose', async () => {
    const report = await run('quantize auto { weights int4  activations uint8 }');
    const { labelled } = report.accuracy!.metrics;
    expect(labelled!.drop).toBeLessThanOrEqual(0.01);
    const said = chosen(report);
    expect(said[0]).toMatch(/^Activations are observed by `(mse|min-max|min-max\(margin = 0\.1\)|percentile)`\.$/);
    expect(said[1]).toMatch(/^The weights of \d+ of \d+ layers get more bits: /);
    expect(countOf(report, 'int4')).toBeGreaterThan(0);
    expect(countOf(report, 'int8')).toBeGreaterThan(0);
  });

  it('leaves what the spec names: the observer, and formats that are locked', async () => {
    const report = await run('quantize auto { lock weights int4  activations uint8 observe min-max }');
    expect(chosen(report)).toEqual([]);
    expect(countOf(report, 'int8')).toBe(0);
  });

  it('gives more bits where a spec’s budget asks for them', async () => {
    // A method that is named is kept, and this one is quick.
    const block = 'quantize auto { weights int2 using bias-correction  activations uint8 observe mse }';
    const within = await run(block);
    const asked = await run(block, 'expect sqnr >= 20 dB');
    expect(countOf(asked, 'int8')).toBeGreaterThan(countOf(within, 'int8'));
    expect(chosen(asked).find((what) => what.startsWith('More bits are given'))).toContain(
      '“expect sqnr >= 20 dB” is missed with ',
    );
  });
});
