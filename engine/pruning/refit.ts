import type { Dataset } from '../data/dataset.ts';
import type { Compile } from '../executor/program.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { channelsOf, scatterChannels } from '../methods/channels.ts';
import { layerMetric, leastSquares, matchingBias } from '../methods/layer-metric.ts';
import { interruptible, type Progress, throwIfCancelled, turn } from '../progress.ts';
import { affordableSamples, Frontier } from '../quantize/frontier.ts';
import type { IntegerForm } from '../quantize/integer-form.ts';
import { CollectedSamples } from '../quantize/layer-samples.ts';
import { type Parameters, parametersOf, withParameters } from '../quantize/normal-form.ts';
import { float32Tensor, type Tensor } from '../tensor.ts';
import { taken } from './cut-channels.ts';
import { formsToFit } from './fitted-layers.ts';
import { matrixOf, principal, product, weightOf } from './low-rank.ts';
import type { Pruned } from './prune.ts';

/** Ridge, as a part of the mean variance of a layer's inputs: how much the weights are held where they are. */
const damping = 0.01;

export interface RefitOptions {
  readonly compile: Compile;
  readonly progress?: Progress;
}

/**
 * Fits what pruning has left to what the whole model answers on the data, layer by layer in the graph's order: each layer behind a
 * pruned one gets the weights and the bias by which, given what the pruned layers before it give, it comes closest to its old output
 * in the sum of squares. Linear least squares, after He et al. 2017 (channel pruning) and, with the pruned inputs, after Zhang et al. 2016
 * (asymmetric reconstruction). Layers with weights that were set to zero get a bias alone; a MatMul, which has none, stays as it is.
 * @param whole the graph before it was pruned
 */
export async function refit(
  whole: Graph,
  { graph, kept, added, zeroed }: Pick<Pruned, 'graph' | 'kept' | 'added' | 'zeroed'>,
  dataset: Dataset,
  { compile, progress }: RefitOptions,
): Promise<Graph> {
  const byName = new Map(whole.nodes.map((node) => [node.name, node]));
  // A layer that was added answers for the one behind it.
  const originalOf = (name: string) => byName.get(added.get(name) ?? name)!;
  const forms = formsToFit(whole, graph);
  const layers = graph.nodes.filter(({ name }) => forms.has(name));
  const stops = layers.map(({ name }) => originalOf(name).inputs[0]!);
  const count = affordableSamples(whole, stops, dataset.length);
  const before = await Frontier.at(dataset, count, compile, 'strict');
  const after = await Frontier.at(dataset, count, compile, 'strict');
  let current = graph;
  for (const [at, { name }] of layers.entries()) {
    const node = nodeOf(current, name);
    throwIfCancelled(progress);
    progress?.report('Fitting', at, layers.length);
    const original = originalOf(name);
    await before.advance(whole, original.inputs[0]!);
    await after.advance(current, node.inputs[0]!);
    const form = forms.get(name)!;
    const second = added.has(name) ? nodeOf(current, original.name) : node;
    const samples = await collect(node, form, { second, original, whole, current, kept, before, after });
    await turn();
    const fitted = interruptible(progress, () =>
      second === node
        ? new Map([[node.name, fitLayer(parametersOf(node, form, current), form, samples, zeroed.has(name))]])
        : fitPair(node, second, current, samples),
    );
    const both = new Map([...forms, [second.name, form]]);
    current = withParameters(current, both, fitted);
  }
  return current;
}

function nodeOf({ nodes }: Graph, name: string): GraphNode {
  return nodes.find((node) => node.name === name)!;
}

interface Stand extends Pick<Pruned, 'kept'> {
  /** Which answers are to be met: those of this node, as that one gave them. They differ from the node itself where it was split. */
  readonly second: GraphNode;
  readonly original: GraphNode;
  readonly whole: Graph;
  readonly current: Graph;
  readonly before: Frontier;
  readonly after: Frontier;
}

async function collect(
  node: GraphNode,
  form: IntegerForm,
  { second, original, whole, current, kept, before, after }: Stand,
): Promise<CollectedSamples> {
  const axis = form.weightAxis!;
  const [own, answering] = [node, second].map(({ inputs }) => current.initializers.get(inputs[form.weight!]!)!.dims);
  const weight = {
    dims: own!.map((dim, at) => (at === axis ? answering![axis]! : dim)),
    axis,
    takesBias: form.bias !== undefined,
  };
  const places = kept.get(second.name);
  const inputs: Tensor[] = [];
  await after.show(current, node.inputs[0]!, (_, tensor) => inputs.push(tensor));
  let samples: CollectedSamples | undefined;
  await before.show(whole, original.outputs[0]!, (i, target) => {
    const met = places ? taken(target, node.op === 'Conv' ? 1 : target.dims.length - 1, places) : target;
    const positions = met.dims.reduce((product, dim) => product * dim, 1) / weight.dims[weight.axis]!;
    samples ??= new CollectedSamples(node, weight, positions, before.length);
    samples.add(inputs[i]!, met);
  });
  return samples!;
}

/** The two layers of one that was split, such that together they answer best; the second gets its bias when its own turn comes. */
function fitPair(node: GraphNode, second: GraphNode, graph: Graph, samples: CollectedSamples): Map<string, Parameters> {
  const [first, last] = [node, second].map((own) => {
    const weight = graph.initializers.get(own.inputs[1]!)!;
    return { weight, ...matrixOf(own, weight) };
  });
  const rank = first!.outputs;
  const { values, outputs, inputs } = product({ rank, down: first!.values, up: last!.values });
  const metric = layerMetric(samples, 0, damping);
  const wanted = leastSquares(metric);
  const best = new Float64Array(values.length);
  for (let o = 0; o < outputs; o++) {
    const own = Float32Array.from(values.subarray(o * inputs, (o + 1) * inputs));
    best.set(wanted(own, samples.targets(o)), o * inputs);
  }
  const { down, up } = principal({ values: best, outputs, inputs }, metric.hessian, rank);
  const taps = node.op === 'Conv' ? first!.weight.dims.slice(2) : [];
  return new Map([
    [node.name, { weight: weightOf(node, down, rank, taps), bias: undefined }],
    [
      second.name,
      {
        weight: weightOf(
          second,
          up,
          outputs,
          taps.map(() => 1),
        ),
        bias: undefined,
      },
    ],
  ]);
}

function fitLayer(
  { weight }: Parameters,
  { weightAxis }: IntegerForm,
  samples: CollectedSamples,
  biasAlone: boolean,
): Parameters {
  const values = weight.data as Float32Array;
  const channels = channelsOf({ values, dims: weight.dims, axis: weightAxis! });
  const bias = new Float32Array(channels.length);
  const perGroup = channels.length / samples.groups;
  const fitted: Float32Array[] = [];
  for (let group = 0; group < samples.groups; group++) {
    const metric = layerMetric(samples, group, damping);
    const wanted = biasAlone ? (given: Float32Array) => given : leastSquares(metric);
    for (let channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
      const targets = samples.targets(channel);
      const own = wanted(channels[channel]!, targets);
      fitted.push(own);
      bias[channel] = matchingBias(metric, targets, Float64Array.from(own));
    }
  }
  const data = new Float32Array(values.length);
  scatterChannels(data, weight.dims, weightAxis!, fitted);
  return { weight: float32Tensor(weight.dims, data), bias };
}
