import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { modelInputs } from '../../../engine/data/model-inputs.ts';
import { openDataset } from '../../../engine/data/open.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { loadModel } from '../../../engine/run/load.ts';
import { elementCount } from '../../../engine/tensor.ts';
import { root } from '../../shared.ts';

/** The specs name the shared folder by its place beside the project; `QSPEC_SHARED` does not move it for them. */
const besideProject = existsSync(join(root, '..', 'shared', 'models'));

/** Extremes that the preprocessing of each model gives on natural data. */
const expected = {
  kws: { validation: 894, shape: [1, 1, 49, 10], low: -124, high: 26 },
  vww: { validation: 400, shape: [1, 3, 96, 96], low: 0, high: 1 },
  resnet8: { validation: 500, shape: [1, 3, 32, 32], low: 0, high: 255 },
  squeezenet: { validation: 400, shape: [1, 3, 224, 224], low: -123.69, high: 151.07 },
  mobilenetv1: { validation: 400, shape: [1, 3, 224, 224], low: -1, high: 1 },
} as const;

describe.skipIf(!besideProject)('the reference specs (needs shared models and data beside the project)', () => {
  it.each(Object.entries(expected))('%s feeds its model', async (name, want) => {
    const host = nodeHost();
    const { job, findings } = jobOf(await openSpec(join(root, 'bench', 'specs', `${name}.qspec`)));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    const { model } = await loadModel(host, job!.model);
    const inputs = modelInputs(model.graph);
    const calibration = await openDataset(job!.data['calibration']!, host, { inputs });
    const validation = await openDataset(job!.data['validation']!, host, { inputs });
    expect([calibration.length, validation.length]).toEqual([100, want.validation]);
    expect([...calibration.findings, ...validation.findings]).toEqual([]);
    for (const index of [0, 50, 99]) {
      const { dims, dtype, data } = (await calibration.sample(index)).get(inputs[0]!.name)!;
      const values = data as Float32Array;
      expect([dtype, dims]).toEqual(['float32', want.shape]);
      expect(values).toHaveLength(elementCount(want.shape));
      expect(Math.min(...values.subarray(0, 10_000))).toBeGreaterThanOrEqual(want.low);
      expect(Math.max(...values.subarray(0, 10_000))).toBeLessThanOrEqual(want.high);
      expect(new Set(values).size).toBeGreaterThan(10);
    }
  });
});
