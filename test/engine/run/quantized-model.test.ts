import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { FindingError } from '../../../engine/findings.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { Job } from '../../../engine/plan.ts';
import { loadModel } from '../../../engine/run/load.ts';
import { type QuantizeResult, quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';
import { context } from './quiet-context.ts';

const options = { write: true, evaluationSamples: 40, layerSamples: 1, agreementSamples: 1, verifySamples: 1 };

let folder: string;
let float: Job;
let first: QuantizeResult;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-quantized-'));
  float = jobOf(await openSpec(join(root, 'examples', 'digits', 'digits.qspec'))).job!;
  const exports = [{ kind: 'onnx' as const, style: 'qdq', path: join(folder, 'first.onnx'), options: {} }];
  first = await quantizeJob({ ...float, exports }, context, { ...options, outFolder: folder });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The job of a spec about the model that was quantised first. */
async function again(words: string, name: string): Promise<{ job: Job | undefined; codes: readonly string[] }> {
  const spec = join(folder, `${name}.qspec`);
  writeFileSync(
    spec,
    `qspec 1\nmodel "first.onnx" ${words}\ndata calibration npz "${float.data['calibration']!.path}" { array x }
quantize { weights int8 activations uint8 }\nexport onnx qdq "${name}.onnx"\n`,
  );
  const { job, findings } = jobOf(await openSpec(spec));
  // With the options that the data have in the example.
  const codes = findings.filter(({ code }) => code.startsWith('model/')).map(({ code }) => code);
  return { job: job && { ...job, data: float.data }, codes };
}

/** Codes of weights, by the values of their bytes: names are the exporter's. */
async function storedCodes(path: string): Promise<readonly string[]> {
  const { graph } = (await loadModel(context.host, path)).model;
  return weightsIn(graph).sort();
}

function weightsIn({ initializers }: Graph): string[] {
  return [...initializers.values()]
    .filter(({ dtype, dims }) => dtype === 'int8' && dims.length > 1)
    .map(({ data }) => Array.from(data as Int8Array).join());
}

const written = (result: QuantizeResult) => result.written.find((path) => path.endsWith('.onnx'))!;

describe('a model that is quantised already', () => {
  test('is refused unless the spec says what is to become of it', async () => {
    expect(await again('', 'refused')).toEqual({ job: undefined, codes: ['model/quantized'] });
    const { job } = await again('quantized keep', 'none');
    const { quantized: _, ...unsaid } = job!;
    await expect(quantizeJob(unsaid, context, options)).rejects.toThrow(FindingError);
  });

  test('is kept: the same codes come out, and the same answers', async () => {
    const { job } = await again('quantized keep', 'kept');
    expect(job!.plan!.nodes).toEqual({});
    const result = await quantizeJob(job!, context, { ...options, outFolder: folder });
    expect(await storedCodes(written(result))).toEqual(await storedCodes(written(first)));
    expect(result.report.accuracy!.metrics.agreement).toBe(1);
    // What is exact counts as 300 dB.
    expect(result.report.accuracy!.metrics.sqnr).toBeGreaterThanOrEqual(300);
  });

  test('is made float and quantised anew: weights that are on a grid stay on it', async () => {
    const { job } = await again('quantized requantize', 'anew');
    const layers = Object.keys(job!.plan!.nodes);
    expect(layers).toContain('conv1');
    const result = await quantizeJob(job!, context, { ...options, outFolder: folder });
    expect(result.report.layers.filter(({ op }) => op === 'Conv').length).toBeGreaterThan(2);
    expect(await storedCodes(written(result))).toHaveLength((await storedCodes(written(first))).length);
    expect(result.report.accuracy!.metrics.agreement).toBeGreaterThanOrEqual(0.95);
    // Nothing is left of the first quantisers: every layer that was in codes is again.
    const { graph } = (await loadModel(context.host, written(result))).model;
    const source = (await loadModel(context.host, written(first))).model.graph;
    const count = ({ nodes }: Graph, op: string) => nodes.filter((node) => node.op === op).length;
    expect(count(graph, 'Conv')).toBe(count(source, 'Conv'));
    expect(count(graph, 'QuantizeLinear')).toBeLessThanOrEqual(count(source, 'QuantizeLinear') + 1);
  });
});
