import { decodeTensor } from '../formats/held-tensor.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { channelsOf } from '../methods/channels.ts';
import type { LayerSamples } from '../methods/method.ts';
import type { Plan } from '../plan.ts';
import { hasCodes, type QuantizedTensor } from './assignment.ts';
import type { Layout } from './layout.ts';
import { parametersOf } from './normal-form.ts';
import { biasTarget, heldAs, type WeightResult, type WeightTask } from './weights.ts';

/**
 * Layers that read one tensor of weights, by the first of them, in the graph's order: heads of a detector that look at several
 * scales, blocks of a transformer that are one block. Codes of their own for each would take as many times the room. They have
 * the same bias, and the plan says the same of them.
 * @param layers in the graph's order
 */
export function readersOfOneWeight(
  graph: Graph,
  layers: readonly GraphNode[],
  plan: Plan,
  layout: Layout,
): ReadonlyMap<string, readonly GraphNode[]> {
  const groups = new Map<string, GraphNode[]>();
  for (const node of layers) {
    const form = layout.weights.get(node.name)!;
    const { weight, bias } = parametersOf(node, form, graph);
    // A Gemm that multiplies its weight has another one than the graph holds.
    const own = graph.initializers.get(node.inputs[form.weight!]!) === weight;
    const { origin: _, ...choice } = plan.nodes[node.name]!.weight!;
    const key = JSON.stringify([
      ...[own ? node.inputs[form.weight!] : [node.name], node.op, form, choice],
      ...[node.attributes['group'], node.attributes['transB'], node.attributes['kernel_shape']],
      bias && Array.from(bias),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return new Map(Array.from(groups.values(), (readers) => [readers[0]!.name, readers]));
}

/**
 * A layer with the codes that another reader of its weight has got; its bias makes up for what they do to it in the mean.
 * Undefined where that bias would not fit 32 bits.
 */
export function withCodesOf(
  { weight: held }: Pick<WeightResult, 'weight'>,
  task: WeightTask,
  samples: LayerSamples,
): WeightResult | undefined {
  if (!hasCodes(held)) return undefined;
  const { dims } = task.parameters.weight;
  const bias = samples.takesBias ? meanBias(held, dims, task.form.weightAxis!, samples) : undefined;
  const { inputScale } = task;
  const fits = bias?.every((value, channel) => {
    const scale = held.scale[held.scale.length === bias.length ? channel : 0]!;
    return inputScale === undefined || Math.abs(value) <= biasTarget * inputScale * scale;
  });
  if (fits === false) return undefined;
  const { scale, zeroPoint, basis } = held;
  const codes = held.codes as Int8Array;
  return heldAs(task, { scale, zeroPoint, codes, ...(basis && { basis }), ...(bias && { bias }) });
}

/** Of each output channel, what its answers are short of the float model's without a bias, in the mean. */
function meanBias(
  held: QuantizedTensor & { readonly codes: NonNullable<QuantizedTensor['codes']> },
  dims: readonly number[],
  axis: number,
  samples: LayerSamples,
): Float64Array {
  const { rows, length, groups } = samples;
  const means = Array.from({ length: groups }, (_, group) => {
    const mean = new Float64Array(length);
    const inputs = samples.inputs(group);
    for (let i = 0; i < rows * length; i++) mean[i % length]! += inputs[i]! / rows;
    return mean;
  });
  const channels = channelsOf({ values: decodeTensor(held.codes, dims, held), dims, axis });
  return Float64Array.from(channels, (values, channel) => {
    const mean = means[Math.floor((channel * groups) / channels.length)]!;
    const target = samples.targets(channel).reduce((sum, value) => sum + value / rows, 0);
    return target - values.reduce((sum, value, k) => sum + value * mean[k]!, 0);
  });
}
