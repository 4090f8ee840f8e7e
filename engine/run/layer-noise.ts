import type { Kernels } from '../../kernels/api.ts';
import type { Dataset } from '../data/dataset.ts';
import { compile } from '../executor/compile.ts';
import type { ValueView } from '../executor/program.ts';
import { channelLayout } from '../formats/affine.ts';
import { decodeTensor } from '../formats/held-tensor.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { Breather, interruptible, type Progress, poll } from '../progress.ts';
import { hasCodes, type QuantizedModel, type QuantizedTensor } from '../quantize/assignment.ts';
import { type Codes, codesOf } from '../quantize/codes.ts';
import { weightInputs } from '../quantize/integer-form.ts';
import { stackedRows } from '../quantize/weight-only.ts';
import { simulate } from '../readings/simulate.ts';
import type { TensorHistogram, WeightReport } from '../report/report.ts';
import type { Tensor, TensorData } from '../tensor.ts';
import { ratioInDecibels } from './metrics.ts';
import { sideBySide } from './side-by-side.ts';
import { extremes, type Grid, gridBins, HistogramPair, plainBins } from './tensor-histogram.ts';
import { weightReport } from './weight-report.ts';

/** What quantisation does to one tensor of a layer. */
export interface LayerNoise {
  /** Signal to quantisation noise, decibels. */
  readonly sqnr: number;
  readonly histogram: TensorHistogram;
  /** Of weights. */
  readonly weights?: WeightReport;
}

/**
 * What each layer's weights lose, by layer name: the float weights of the rewritten graph against what their codes stand for.
 */
export async function weightNoise(
  { graph, assignment }: QuantizedModel,
  progress?: Progress,
): Promise<ReadonlyMap<string, LayerNoise>> {
  const noise = new Map<string, LayerNoise>();
  const codes = codesOf(graph, assignment);
  const breather = new Breather(progress);
  for (const [at, node] of graph.nodes.entries()) {
    await breather.pause();
    progress?.report('Measuring weights', at, graph.nodes.length);
    const [first, ...others] = weightsOf(node, graph, codes);
    if (first === undefined) continue;
    const { entry, weight } = first;
    const measure = (): LayerNoise => {
      if (first.weightAxis === undefined) return rowsNoise([first, ...others]);
      const held = decodeTensor(entry.codes, weight.dims, entry);
      const values = weight.data as Float32Array;
      const { dims } = weight;
      const axis = entry.axis ?? first.weightAxis;
      const levels = entry.range[1] - entry.range[0] + 1;
      return {
        sqnr: signalToNoise(values, held),
        histogram: weightHistogram(values, held, dims, entry),
        weights: weightReport({ values, held, dims, axis, codes: entry.codes, levels }),
      };
    };
    noise.set(node.name, interruptible(progress, measure));
  }
  return noise;
}

/** A weight in codes. */
interface CodedWeight {
  readonly entry: QuantizedTensor & { readonly codes: TensorData };
  readonly weight: Tensor;
  /** Axis along which output channels lie; absent of a recurrent layer. */
  readonly weightAxis?: number | undefined;
}

function weightsOf(node: GraphNode, graph: Graph, codes: Codes): CodedWeight[] {
  return weightInputs(node, graph).flatMap(({ input, weightAxis }) => {
    const entry = codes.held(node, input);
    const weight = graph.initializers.get(node.inputs[input] ?? '');
    return hasCodes(entry) && weight !== undefined ? [{ entry, weight, weightAxis }] : [];
  });
}

/** Of a recurrent layer, whose weights are told of as one matrix: a row of it is a gate, with what meets an input and what meets the state. */
function rowsNoise(weights: readonly CodedWeight[]): LayerNoise {
  const [{ entry, weight }] = weights as [CodedWeight];
  const [rows] = stackedRows(weight.dims);
  const values = sideBySide(
    weights.map((own) => own.weight.data as Float32Array),
    rows,
  );
  const held = sideBySide(
    weights.map((own) => decodeTensor(own.entry.codes, own.weight.dims, own.entry)),
    rows,
  );
  const codes = new Int32Array(values.length);
  let at = 0;
  for (const own of weights) {
    codes.set(own.entry.codes as Int8Array, at);
    at += own.entry.codes.length;
  }
  const levels = entry.range[1] - entry.range[0] + 1;
  return {
    sqnr: signalToNoise(values, held),
    histogram: plainHistogram(values, held, entry.format),
    weights: weightReport({ values, held, dims: [rows, values.length / rows], axis: 0, codes, levels }),
  };
}

/** Decibels between values and what is held in their place. */
export function signalToNoise(values: Float32Array, held: Float32Array): number {
  let signal = 0;
  let error = 0;
  for (let i = 0; i < held.length; i++) {
    signal += values[i]! * values[i]!;
    error += (values[i]! - held[i]!) ** 2;
  }
  return ratioInDecibels(signal, error);
}

function plainHistogram(values: Float32Array, held: Float32Array, format: string): TensorHistogram {
  const pair = new HistogramPair(plainBins(...extremes(values, held)), undefined, 'value');
  pair.add(values, held, 0, values.length);
  return pair.finish(format);
}

/** Channels with scales of their own are counted in steps: the only unit in which they share levels. */
function weightHistogram(
  values: Float32Array,
  held: Float32Array,
  dims: readonly number[],
  entry: QuantizedTensor,
): TensorHistogram {
  if (!hasSteps(entry)) return plainHistogram(values, held, entry.format);
  const grid = gridOf(entry);
  const inSteps = entry.scale.length > 1;
  if (!inSteps) {
    const pair = new HistogramPair(gridBins(grid, ...extremes(values)), grid, 'value');
    pair.add(values, held, 0, values.length);
    return pair.finish();
  }
  const { channels, inner } = channelLayout(dims, entry.axis);
  const factors = Float64Array.from(entry.scale, (scale) => 1 / scale);
  let min = 0;
  let max = 0;
  // Loops without calls: where channels lie along the last axis, a run is a single element.
  for (let from = 0, channel = 0; from < values.length; from += inner) {
    const factor = factors[channel]!;
    for (let i = from; i < from + inner; i++) {
      const steps = values[i]! * factor;
      if (steps - steps !== 0) continue;
      if (steps < min) min = steps;
      if (steps > max) max = steps;
    }
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  const pair = new HistogramPair(gridBins(grid, min, max), grid, 'step');
  for (let from = 0, channel = 0; from < values.length; from += inner) {
    if ((channel & 0xff) === 0) poll();
    const factor = factors[channel]!;
    pair.add(values, held, from, from + inner, factor);
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  return pair.finish();
}

/** Whether levels are equal steps of a scale per tensor or channel, which is what a grid of bins can follow. */
function hasSteps({ format, blocks }: QuantizedTensor): boolean {
  return formatNamed(format).kind === 'integer' && blocks === undefined;
}

/** Where channels differ in their zero points, the grid spans the levels of all of them. */
function gridOf({ format, scale, zeroPoint, range }: QuantizedTensor): Grid {
  const [smallest, largest] = extremes(scale);
  const [lowest, highest] = extremes(zeroPoint);
  return {
    format,
    step: scale.length > 1 ? 1 : scale[0]!,
    first: range[0] - highest,
    last: range[1] - lowest,
    scale: [smallest, largest],
    zeroPoint: lowest === highest ? lowest : null,
    channels: scale.length,
  };
}

interface KeptValue {
  readonly data: Float32Array;
  readonly layout: ValueView['layout'];
}

export interface OutputNoiseOptions {
  readonly samples: number;
  /** Asked for only where there is something to run. */
  readonly kernels: () => Promise<Kernels>;
  readonly progress?: Progress;
}

/** What is gathered of one value, sample by sample. */
interface Tally {
  signal: number;
  error: number;
  readonly histogram: HistogramPair;
}

/**
 * What each layer's first output loses, by layer name, with every layer before it compressed too: the simulated model
 * against the float one on the first samples of the data.
 */
export async function outputNoise(
  float: Graph,
  model: QuantizedModel,
  dataset: Dataset | undefined,
  { samples, kernels, progress }: OutputNoiseOptions,
): Promise<ReadonlyMap<string, LayerNoise>> {
  const count = Math.min(samples, dataset?.length ?? 0);
  if (dataset === undefined || count === 0) return new Map();
  const simulated = simulate(model);
  const values = comparable(float, simulated);
  const codes = codesOf(model.graph, model.assignment);
  const observed = [...new Set(values.values())];
  const inputs = await dataset.sample(0);
  const inputDims = new Map(Array.from(inputs, ([name, tensor]) => [name, tensor.dims]));
  const options = { mode: 'relaxed', inputDims, kernels: await kernels(), observed, progress } as const;
  const before = await compile(float, options);
  try {
    const after = await compile(simulated, options);
    try {
      const tallies = new Map<string, Tally>();
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
            if (!(view.data instanceof Float32Array) || view.data.length !== reference?.data.length) return;
            const tally = tallies.get(value) ?? newTally(codes.written(value), reference.data, view.data);
            tallies.set(value, tally);
            addNoise(tally, reference, view);
          },
        });
      }
      const noise = new Map<string, LayerNoise>();
      for (const [layer, value] of values) {
        const tally = tallies.get(value);
        if (tally === undefined) continue;
        const { signal, error, histogram } = tally;
        const entry = codes.written(value);
        const format = entry && !hasSteps(entry) ? entry.format : undefined;
        noise.set(layer, { sqnr: ratioInDecibels(signal, error), histogram: histogram.finish(format) });
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

/** The codes say where the bins are to lie; beyond them, and without them, the first sample does. */
function newTally(entry: QuantizedTensor | undefined, before: Float32Array, after: Float32Array): Tally {
  const grid = entry?.scale.length === 1 && hasSteps(entry) ? gridOf(entry) : undefined;
  const bins = grid ? gridBins(grid, ...extremes(before)) : plainBins(...extremes(before, after));
  return { signal: 0, error: 0, histogram: new HistogramPair(bins, grid) };
}

function addNoise(tally: Tally, reference: KeptValue, view: ValueView): void {
  const { histogram } = tally;
  const actual = view.data as Float32Array;
  const found = reference.layout === view.layout ? actual : reordered(actual, view.dims, view.layout);
  let signal = 0;
  let error = 0;
  for (let i = 0; i < found.length; i++) {
    const expected = reference.data[i]!;
    const lost = found[i]! - expected;
    signal += expected * expected;
    error += lost * lost;
  }
  histogram.add(reference.data, found, 0, found.length);
  tally.signal += signal;
  tally.error += error;
}

function reordered(values: Float32Array, dims: readonly number[], layout: ValueView['layout']): Float32Array {
  const at = reordering(dims, layout);
  return Float32Array.from({ length: values.length }, (_, i) => values[at(i)]!);
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
