import type { Dataset } from '../data/dataset.ts';
import type { Compile, Program } from '../executor/program.ts';
import type { Graph } from '../graph/graph.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import { simulate } from '../readings/simulate.ts';
import { answersOf, withOutput } from '../run/logits.ts';
import { noiseOfOutputs } from '../run/metrics.ts';
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
  /** Signal to quantisation noise at the model's outputs, decibels, each output by itself and then their mean; Infinity where nothing changed. */
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
  const prepare = async (own: Graph): Promise<Answering> => {
    const values = answersOf(own);
    const program = await compile(values.reduce(withOutput, own), {
      mode,
      inputDims,
      ...(threads !== undefined && { threads }),
    });
    return { program, values };
  };
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
        alone.program.dispose();
      }
      progress?.report('sensitivity', index + 1, layers.length);
    }
  } finally {
    float.program.dispose();
  }
  return results;
}

/** A program and the values that its answers are compared by. */
interface Answering {
  readonly program: Program;
  readonly values: readonly string[];
}

/** Float outputs of all samples that are kept; beyond, they are computed anew for every layer. */
const keptBytes = 64 * 2 ** 20;

/** The float model's answers by sample; undefined where an answer is no float. */
type Answers = readonly (Float32Array | undefined)[];
type Reference = (index: number, sample: ReadonlyMap<string, Tensor>) => Promise<Answers>;

function keeping(float: Answering): Reference {
  const kept = new Map<number, Answers>();
  let bytes = 0;
  return async (index, sample) => {
    const known = kept.get(index);
    if (known !== undefined) return known;
    // Safe from the next run.
    const outputs = (await answers(float, sample)).map((values) => values?.slice());
    for (const values of outputs) bytes += values?.byteLength ?? 0;
    if (bytes <= keptBytes) kept.set(index, outputs);
    return outputs;
  };
}

async function compare(
  reference: Reference,
  other: Answering,
  dataset: Dataset,
  count: number,
  progress: Progress | undefined,
): Promise<number> {
  const sums = new Map<number, { signal: number; noise: number }>();
  for (let i = 0; i < count; i++) {
    throwIfCancelled(progress);
    const sample = await dataset.sample(i);
    const exact = await reference(i, sample);
    const actual = await answers(other, sample);
    for (const [at, values] of exact.entries()) {
      const own = actual[at];
      if (values === undefined || own === undefined) continue;
      const sum = sums.get(at) ?? { signal: 0, noise: 0 };
      sums.set(at, sum);
      let { signal, noise } = sum;
      for (let k = 0; k < values.length; k++) {
        const value = values[k]!;
        // What the float model found and this one did not has nothing beside it.
        const difference = k < own.length ? value - own[k]! : value;
        signal += value * value;
        noise += difference * difference;
      }
      Object.assign(sum, { signal, noise });
    }
  }
  const noise = noiseOfOutputs(Array.from(sums.values(), (sum) => (sum.noise === 0 ? 0 : sum.noise / sum.signal)));
  return -10 * Math.log10(noise);
}

async function answers({ program, values }: Answering, sample: ReadonlyMap<string, Tensor>): Promise<Answers> {
  const outputs = await program.run(sample);
  return values.map((name) => {
    const tensor = outputs.get(name)!;
    return tensor.dtype === 'float32' ? (tensor.data as Float32Array) : undefined;
  });
}
