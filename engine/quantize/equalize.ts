import type { Dataset } from '../data/dataset.ts';
import type { Program, ValueView } from '../executor/program.ts';
import { forEachRun } from '../formats/affine.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { methodNamed } from '../methods/registry.ts';
import { intAttribute } from '../operators/shared/attributes.ts';
import type { Plan } from '../plan.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import { float32Tensor } from '../tensor.ts';
import { forEachWeight } from './input-channels.ts';
import type { IntegerForm } from './integer-form.ts';
import type { KeptStatistics } from './kept-statistics.ts';
import type { Layout } from './layout.ts';
import { type Parameters, parametersOf, withParameters } from './normal-form.ts';
import { sharesWeight, wire } from './wiring.ts';

/**
 * Equalisation of the channels in front of depthwise convolutions, after Nagel et al. 2019 (data-free quantisation),
 * with ranges of activations. A channel between a layer and the depthwise convolution behind it may be scaled by any
 * positive factor, since both have a scale per channel and the Relu between them does not mind: quiet channels come up
 * towards the widest one and use more of the tensor's codes. The float function stays the same on what calibration saw.
 */

/** Scale factor of each channel, by value name. */
export type Gains = ReadonlyMap<string, Float64Array>;

/** Factors beyond this are not applied: what calibration saw of so quiet a channel is little to go by. */
const largestGain = 256;

interface Junction {
  readonly producer: GraphNode;
  readonly value: string;
  readonly readers: readonly GraphNode[];
  /** How far the channels are brought together: 0 not at all, 1 to the same range. */
  readonly strength: number;
}

/** Tensors whose channels the plan's methods want equalised and which can be. */
export function junctionsOf(graph: Graph, plan: Plan, { nodes, fusions }: Layout): readonly Junction[] {
  const wiring = wire(graph);
  return graph.nodes.flatMap((producer): Junction[] => {
    const strength = strengthOf(plan, producer.name);
    if (nodes.get(producer.name)?.kind !== 'compute' || strength === 0 || sharesWeight(wiring, producer)) return [];
    const fusion = fusions.get(producer.name);
    // A lower bound of zero is the same for every scale. An upper one is not, but a channel that calibration never saw at it
    // comes no further than the widest one, which stays below it: what may be cut off now lies beyond what was seen, and
    // that by the root of the way to the bound.
    if (fusion !== undefined && !(fusion.clamp.min === 0 && fusion.clamp.max > 0)) return [];
    const value = fusion?.value ?? producer.outputs[0]!;
    const consumers = wiring.consumers(value);
    const fits =
      consumers.length > 0 &&
      !wiring.isOutput(value) &&
      consumers.every(
        ({ node, index }) =>
          index === 0 &&
          nodes.has(node.name) &&
          strengthOf(plan, node.name) > 0 &&
          isDepthwise(node, graph) &&
          !sharesWeight(wiring, node),
      );
    return fits ? [{ producer, value, readers: consumers.map(({ node }) => node), strength }] : [];
  });
}

function strengthOf(plan: Plan, node: string): number {
  const choice = plan.nodes[node]?.weight;
  if (choice?.method === undefined || choice.granularity !== 'per-channel') return 0;
  const declared = methodNamed(choice.method.name).arguments.find(({ name }) => name === 'equalize');
  return choice.method.arguments['equalize'] ?? declared?.initial ?? 0;
}

function isDepthwise(node: GraphNode, graph: Graph): boolean {
  const dims = graph.initializers.get(node.inputs[1] ?? '')?.dims;
  return node.op === 'Conv' && dims?.[1] === 1 && intAttribute(node, 'group', 1) > 1;
}

/** Makes a graph ready to be run on the samples, with these values shown. */
export type CompileObserved = (graph: Graph, observed: readonly string[]) => Promise<Program>;

export interface GainOptions {
  readonly compile: CompileObserved;
  readonly kept: KeptStatistics;
  readonly progress?: Progress | undefined;
}

/** Streams the data once for the range of every channel that was not kept; state is one number a channel. */
export async function measureGains(
  graph: Graph,
  junctions: readonly Junction[],
  dataset: Dataset,
  { compile, kept, progress }: GainOptions,
): Promise<Gains> {
  const known = new Map(junctions.map(({ value }) => [value, kept.ranges(value)]));
  const missing = [...known].flatMap(([value, ranges]) => (ranges === undefined ? [value] : []));
  if (missing.length > 0)
    for (const [value, ranges] of await measureRanges(graph, missing, dataset, compile, progress)) {
      known.set(value, ranges);
      kept.addRanges(value, ranges);
    }
  return new Map(junctions.map(({ value, strength }) => [value, gainsOf(known.get(value)!, strength)]));
}

async function measureRanges(
  graph: Graph,
  values: readonly string[],
  dataset: Dataset,
  compile: CompileObserved,
  progress: Progress | undefined,
): Promise<ReadonlyMap<string, Float64Array>> {
  const ranges = new Map<string, Float64Array>();
  const program = await compile(graph, values);
  try {
    for (let index = 0; index < dataset.length; index++) {
      throwIfCancelled(progress);
      await program.run(await dataset.sample(index), {
        observe(value, view) {
          const known = ranges.get(value) ?? new Float64Array(view.dims[1]!);
          ranges.set(value, known);
          widen(known, view);
        },
      });
      progress?.report('equalize', index + 1, dataset.length);
    }
  } finally {
    program.dispose();
  }
  return ranges;
}

function widen(ranges: Float64Array, { data, dims, layout }: ValueView): void {
  const channels = ranges.length;
  const inner = layout === 'channels-last' ? 1 : data.length / (dims[0]! * channels);
  forEachRun(data.length, channels, inner, (channel, from, to) => {
    for (let i = from; i < to; i++) {
      const size = Math.abs(data[i]!);
      if (size > ranges[channel]!) ranges[channel] = size;
    }
  });
}

function gainsOf(ranges: Float64Array, strength: number): Float64Array {
  const widest = Math.max(...ranges);
  if (!Number.isFinite(widest)) return ranges.map(() => 1);
  return ranges.map((range) => (range > 0 ? Math.min(largestGain, (widest / range) ** strength) : 1));
}

/** The graph with the factors multiplied into each producer's weights and divided out of its readers'. */
export function withGains(graph: Graph, layout: Layout, junctions: readonly Junction[], gains: Gains): Graph {
  if (gains.size === 0) return graph;
  const forms = layout.weights;
  const parameters = new Map<string, Parameters>();
  for (const node of graph.nodes) {
    const form = forms.get(node.name);
    if (form !== undefined) parameters.set(node.name, parametersOf(node, form, graph));
  }
  for (const { producer, value, readers } of junctions) {
    const own = gains.get(value);
    if (own === undefined) continue;
    parameters.set(
      producer.name,
      scaled(producer, forms, parameters, (output) => own[output]!, own),
    );
    for (const reader of readers)
      parameters.set(
        reader.name,
        scaled(reader, forms, parameters, (_, input) => 1 / own[input]!),
      );
  }
  return withParameters(graph, forms, parameters);
}

function scaled(
  node: GraphNode,
  forms: ReadonlyMap<string, IntegerForm>,
  parameters: ReadonlyMap<string, Parameters>,
  factor: (output: number, input: number) => number,
  biasFactors?: Float64Array,
): Parameters {
  const { weight, bias } = parameters.get(node.name)!;
  const values = Float32Array.from(weight.data as Float32Array);
  forEachWeight(node, forms.get(node.name)!, weight.dims, (at, output, input) => {
    values[at]! *= factor(output, input);
  });
  return {
    weight: float32Tensor(weight.dims, values),
    bias: biasFactors === undefined ? bias : bias?.map((value, channel) => value * biasFactors[channel]!),
  };
}
