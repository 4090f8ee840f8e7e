import type { Finding } from '../findings.ts';
import { valuesRead } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import type { PruneChoice, PrunePlan } from '../plan.ts';
import { Breather, interruptible, type Progress } from '../progress.ts';
import { integerForm } from '../quantize/integer-form.ts';
import type { Tensor } from '../tensor.ts';
import { channelMask, leastScores, type Mask, patternMask, spreadChannels } from './mask.ts';
import { criterionNamed } from './registry.ts';

export interface Pruned {
  readonly graph: Graph;
  /** Layers that asked for it and keep all their weights. */
  readonly findings: readonly Finding[];
  /** Layers that were pruned. */
  readonly layers: ReadonlySet<string>;
}

/** Axis of the weight along which a node's output channels lie, and the one along which its inputs do. */
interface Axes {
  readonly output: number;
  readonly input: number;
}

/**
 * Sets the weights to zero that a plan takes out, and the bias of channels that go as a whole. Shapes stay: what reads a channel
 * that is gone reads zeros. Zero is a code of every format, so the weights stay zero however they are quantised afterwards.
 */
export async function pruneGraph(graph: Graph, { nodes: choices }: PrunePlan, progress?: Progress): Promise<Pruned> {
  const initializers = new Map(graph.initializers);
  const types = new Map(graph.types);
  const readers = new Map<string, number>();
  for (const name of graph.nodes.flatMap(valuesRead)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const breather = new Breather(progress);
  const findings: Finding[] = [];
  const layers = new Set<string>();
  const place = (name: string, node: GraphNode, tensor: Tensor): string => {
    // A tensor that another layer or the model's outputs read as well stays for them.
    const own = (readers.get(name) ?? 0) === 1 && !graph.outputs.includes(name) ? name : `${name}_pruned_${node.name}`;
    initializers.set(own, tensor);
    types.set(own, { dtype: tensor.dtype, dims: tensor.dims });
    return own;
  };
  const nodes: GraphNode[] = [];
  for (const [at, node] of graph.nodes.entries()) {
    const choice = choices[node.name];
    if (choice === undefined) {
      nodes.push(node);
      continue;
    }
    progress?.report('Pruning', at, graph.nodes.length);
    await breather.pause();
    const form = integerForm(node, graph);
    if ('reason' in form || form.kind !== 'compute') {
      findings.push(notPruned(node, 'reason' in form ? form.reason : 'it has no weights', choice));
      nodes.push(node);
      continue;
    }
    layers.add(node.name);
    const weight = graph.initializers.get(node.inputs[form.weight!]!)!;
    const axes: Axes = { output: form.weightAxis!, input: form.weightAxis === 0 ? 1 : 0 };
    const inputs = [...node.inputs];
    inputs[form.weight!] = place(inputs[form.weight!]!, node, withoutWeights(weight, node.name, choice, axes));
    const bias = form.bias === undefined ? undefined : graph.initializers.get(inputs[form.bias] ?? '');
    if (bias !== undefined && choice.amount.kind === 'channels') {
      const gone = interruptible(progress, () => channelsGone(weight, node.name, choice, axes));
      const values = Float32Array.from(numbersOf(bias));
      const rows = values.length === 1 ? new Float32Array(gone.length).fill(values[0]!) : values;
      const dims = values.length === 1 ? [gone.length] : bias.dims;
      const kept = rows.map((value, channel) => (gone[channel] ? 0 : value));
      inputs[form.bias!] = place(inputs[form.bias!]!, node, { dtype: 'float32', dims, data: kept });
    }
    nodes.push({ ...node, inputs });
  }
  const read = new Set([...nodes.flatMap(valuesRead), ...graph.outputs]);
  // What nothing reads now was read before: a weight that two pruned layers shared.
  for (const name of initializers.keys()) if (readers.has(name) && !read.has(name)) initializers.delete(name);
  return { graph: { ...graph, nodes, initializers, types }, findings, layers };
}

function withoutWeights(weight: Tensor, layer: string, choice: PruneChoice, axes: Axes): Tensor {
  return derivedTensor([weight], 'float32', weight.dims, () => {
    const values = weight.data as Float32Array;
    const mask = maskOf(values, weight.dims, layer, choice, axes);
    return values.map((value, i) => (mask[i] ? 0 : value));
  });
}

/** @param values row-major over `dims` */
function maskOf(values: Float32Array, dims: readonly number[], layer: string, choice: PruneChoice, axes: Axes): Mask {
  const { amount } = choice;
  const scores = scoresOf(values, layer, choice);
  switch (amount.kind) {
    case 'weights':
      return leastScores(scores, Math.round(amount.share * values.length));
    case 'pattern':
      return patternMask(scores, dims, axes.input, amount);
    case 'channels': {
      const gone = channelMask(scores, dims, axes.output, Math.round(amount.share * dims[axes.output]!));
      return spreadChannels(gone, dims, axes.output);
    }
  }
}

function channelsGone({ data, dims }: Tensor, layer: string, choice: PruneChoice, { output }: Axes): Mask {
  const share = choice.amount.kind === 'channels' ? choice.amount.share : 0;
  return channelMask(scoresOf(data as Float32Array, layer, choice), dims, output, Math.round(share * dims[output]!));
}

function scoresOf(values: Float32Array, layer: string, { criterion }: PruneChoice): Float32Array {
  return criterionNamed(criterion.name).scores(values, layer, criterion.arguments);
}

function notPruned({ name, op }: GraphNode, reason: string, { origin }: PruneChoice): Finding {
  return {
    code: 'prune/not-pruned',
    severity: 'warning',
    what: `${op} “${name}” keeps all its weights: ${reason}.`,
    fix: 'Leave it out of the `prune` block.',
    ...(origin.amount && { range: origin.amount }),
  };
}
