import type { Kernels } from '../../kernels/api.ts';
import type { Dataset } from '../data/dataset.ts';
import { compile } from '../executor/compile.ts';
import type { ValueView } from '../executor/program.ts';
import { dequantizeTensor } from '../formats/affine.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Progress } from '../progress.ts';
import { edgeKey, type QuantizedModel } from '../quantize/assignment.ts';
import { simulate } from '../readings/simulate.ts';
import { ratioInDecibels } from './metrics.ts';

/**
 * Signal to quantisation noise of each layer's weights, decibels, by layer name: the float weights of the rewritten graph
 * against what their codes stand for.
 */
export function weightNoise({ graph, assignment }: QuantizedModel): ReadonlyMap<string, number> {
  const noise = new Map<string, number>();
  for (const node of graph.nodes) {
    const entry = assignment.entries.get(edgeKey(node.name, 'weight'));
    const weight = weightOf(node, graph, entry?.codes);
    if (entry?.codes === undefined || weight === undefined) continue;
    const held = dequantizeTensor(entry.codes as Int8Array, weight.dims, entry);
    const values = weight.data as Float32Array;
    let signal = 0;
    let error = 0;
    for (let i = 0; i < held.length; i++) {
      signal += values[i]! * values[i]!;
      error += (values[i]! - held[i]!) ** 2;
    }
    noise.set(node.name, ratioInDecibels(signal, error));
  }
  return noise;
}

/** The float constant that the codes were made of. */
function weightOf(node: GraphNode, graph: Graph, codes: { readonly length: number } | undefined) {
  for (const name of node.inputs) {
    const tensor = graph.initializers.get(name);
    if (tensor?.dtype === 'float32' && codes !== undefined && tensor.data.length === codes.length) return tensor;
  }
  return undefined;
}

interface KeptValue {
  readonly data: Float32Array;
  readonly layout: ValueView['layout'];
}

export interface OutputNoiseOptions {
  readonly samples: number;
  readonly kernels: Kernels;
  readonly progress?: Progress;
}

/**
 * Signal to quantisation noise of each layer's first output, decibels, by layer name, with every layer before it
 * compressed too: the simulated model against the float one on the first samples of the data.
 */
export async function outputNoise(
  float: Graph,
  model: QuantizedModel,
  dataset: Dataset | undefined,
  { samples, kernels, progress }: OutputNoiseOptions,
): Promise<ReadonlyMap<string, number>> {
  const count = Math.min(samples, dataset?.length ?? 0);
  if (dataset === undefined || count === 0) return new Map();
  const simulated = simulate(model);
  const values = comparable(float, simulated);
  const observed = [...new Set(values.values())];
  const inputs = await dataset.sample(0);
  const inputDims = new Map(Array.from(inputs, ([name, tensor]) => [name, tensor.dims]));
  const options = { mode: 'relaxed', inputDims, kernels, observed } as const;
  const before = await compile(float, options);
  try {
    const after = await compile(simulated, options);
    try {
      const sums = new Map<string, { signal: number; error: number }>();
      for (let i = 0; i < count; i++) {
        progress?.report('Measuring layers', i, count);
        const sample = i === 0 ? inputs : await dataset.sample(i);
        const kept = new Map<string, KeptValue>();
        await before.run(sample, {
          observe(value, { data, layout }) {
            if (data instanceof Float32Array) kept.set(value, { data: data.slice(), layout });
          },
        });
        await after.run(sample, {
          observe(value, view) {
            const reference = kept.get(value);
            if (reference !== undefined && view.data instanceof Float32Array) addNoise(sums, value, reference, view);
          },
        });
      }
      const noise = new Map<string, number>();
      for (const [layer, value] of values) {
        const sum = sums.get(value);
        if (sum) noise.set(layer, ratioInDecibels(sum.signal, sum.error));
      }
      return noise;
    } finally {
      after.dispose();
    }
  } finally {
    before.dispose();
  }
}

/** First outputs by layer, where both graphs have the value; the simulation keeps the names of what it rounds. */
function comparable(float: Graph, simulated: Graph): Map<string, string> {
  const others = new Set(simulated.nodes.flatMap((node) => node.outputs));
  const values = new Map<string, string>();
  for (const node of float.nodes) {
    const value = node.outputs[0];
    if (value && others.has(value) && float.types.get(value)?.dtype === 'float32') values.set(node.name, value);
  }
  return values;
}

function addNoise(
  sums: Map<string, { signal: number; error: number }>,
  value: string,
  reference: KeptValue,
  view: ValueView,
): void {
  const sum = sums.get(value) ?? { signal: 0, error: 0 };
  const actual = view.data as Float32Array;
  if (actual.length !== reference.data.length) return;
  const at = reference.layout === view.layout ? (i: number) => i : reordering(view.dims, view.layout);
  for (let i = 0; i < actual.length; i++) {
    const expected = reference.data[i]!;
    const error = actual[at(i)]! - expected;
    sum.signal += expected * expected;
    sum.error += error * error;
  }
  sums.set(value, sum);
}

/** Where element `i` of the other layout stands in `layout`. */
function reordering(dims: readonly number[], layout: ValueView['layout']): (i: number) => number {
  const channels = dims[1] ?? 1;
  const inner = dims.slice(2).reduce((product, dimension) => product * dimension, 1);
  if (layout === 'channels-last') {
    return (i) => {
      const batch = Math.floor(i / (channels * inner));
      const channel = Math.floor(i / inner) % channels;
      return (batch * inner + (i % inner)) * channels + channel;
    };
  }
  return (i) => {
    const batch = Math.floor(i / (channels * inner));
    const pixel = Math.floor(i / channels) % inner;
    return (batch * channels + (i % channels)) * inner + pixel;
  };
}
