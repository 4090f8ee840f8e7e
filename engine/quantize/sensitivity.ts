import type { Dataset } from '../data/dataset.ts';
import type { Compile, Program } from '../executor/program.ts';
import type { Graph } from '../graph/graph.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import { simulate } from '../readings/simulate.ts';
import type { Tensor } from '../tensor.ts';
import type { QuantizedModel } from './assignment.ts';
import { codesOf } from './codes.ts';

export interface SensitivityOptions {
  readonly compile: Compile;
  /** Samples of the data that are run; default 16. */
  readonly samples?: number;
  /** Names of the layers to measure; default: all in codes. */
  readonly layers?: ReadonlySet<string>;
  readonly threads?: number;
  readonly mode?: 'strict' | 'relaxed';
  readonly progress?: Progress;
}

/** What the quantisation of one layer alone does to the model's outputs. */
export interface LayerSensitivity {
  readonly layer: string;
  readonly op: string;
  /** Signal to quantisation noise at the model's outputs, decibels; Infinity where nothing changed. */
  readonly sqnr: number;
}

/**
 * Quantises one layer after the other, its weights and its output, with everything else in float, and compares the
 * model's outputs with the float model's. Layers in the graph's order.
 * @param graph the float graph that `model` was made from
 */
export async function sensitivity(
  graph: Graph,
  model: QuantizedModel,
  dataset: Dataset,
  { compile, samples = 16, layers: wanted, threads, mode = 'relaxed', progress }: SensitivityOptions,
): Promise<readonly LayerSensitivity[]> {
  const codes = codesOf(model.graph, model.assignment);
  const layers = model.graph.nodes.filter(
    (node) =>
      (codes.quantized(node) || codes.weight(node) !== undefined) &&
      !codes.fused(node) &&
      wanted?.has(node.name) !== false,
  );
  const count = Math.min(samples, dataset.length);
  if (count === 0 || layers.length === 0) return [];
  const first = await dataset.sample(0);
  const inputDims = new Map(Array.from(first, ([name, tensor]) => [name, tensor.dims]));
  const prepare = (own: Graph) => compile(own, { mode, inputDims, ...(threads !== undefined && { threads }) });
  const float = await prepare(graph);
  const reference = keeping(float);
  const results: LayerSensitivity[] = [];
  try {
    for (const [index, node] of layers.entries()) {
      const alone = await prepare(simulate(model, new Set([node.name])));
      try {
        results.push({
          layer: node.name,
          op: node.op,
          sqnr: await compare(reference, alone, dataset, count, progress),
        });
      } finally {
        alone.dispose();
      }
      progress?.report('sensitivity', index + 1, layers.length);
    }
  } finally {
    float.dispose();
  }
  return results;
}

/** Float outputs of all samples that are kept; beyond, they are computed anew for every layer. */
const keptBytes = 64 * 2 ** 20;

/** The float model's outputs by sample. */
type Reference = (index: number, sample: ReadonlyMap<string, Tensor>) => Promise<ReadonlyMap<string, Float32Array>>;

function keeping(program: Program): Reference {
  const kept = new Map<number, ReadonlyMap<string, Float32Array>>();
  let bytes = 0;
  return async (index, sample) => {
    const known = kept.get(index);
    if (known !== undefined) return known;
    const outputs = copied(await program.run(sample));
    for (const values of outputs.values()) bytes += values.byteLength;
    if (bytes <= keptBytes) kept.set(index, outputs);
    return outputs;
  };
}

async function compare(
  reference: Reference,
  other: Program,
  dataset: Dataset,
  count: number,
  progress: Progress | undefined,
): Promise<number> {
  let signal = 0;
  let noise = 0;
  for (let i = 0; i < count; i++) {
    throwIfCancelled(progress);
    const sample = await dataset.sample(i);
    const exact = await reference(i, sample);
    const actual = await other.run(sample);
    for (const [name, values] of exact) {
      const own = actual.get(name)!.data as Float32Array;
      for (let k = 0; k < values.length; k++) {
        signal += values[k]! * values[k]!;
        noise += (values[k]! - own[k]!) ** 2;
      }
    }
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
}

/** Float outputs, safe from the next run. */
function copied(outputs: ReadonlyMap<string, Tensor>): Map<string, Float32Array> {
  const kept = new Map<string, Float32Array>();
  for (const [name, tensor] of outputs)
    if (tensor.dtype === 'float32') kept.set(name, (tensor.data as Float32Array).slice());
  return kept;
}
