import type { Dataset } from '../data/dataset.ts';
import type { Compile } from '../executor/program.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { methodNamed } from '../methods/registry.ts';
import type { Plan } from '../plan.ts';
import { interruptible, type Progress, throwIfCancelled, turn } from '../progress.ts';
import { simulate } from '../readings/simulate.ts';
import type { Tensor } from '../tensor.ts';
import { edgeKey, type QuantizedModel, type QuantizedTensor } from './assignment.ts';
import { codesOf } from './codes.ts';
import { affordableSamples, Frontier } from './frontier.ts';
import { CollectedSamples } from './layer-samples.ts';
import { type Layout, layOut, runsOnCodes } from './layout.ts';
import { fitsMoments } from './method-fallback.ts';
import { type Parameters, parametersOf, withParameters } from './normal-form.ts';
import { quantizeParameters } from './weights.ts';

export interface ReconstructOptions {
  readonly compile: Compile;
  readonly mode?: 'strict' | 'relaxed';
  readonly progress?: Progress;
}

/** Whether a method of the plan's weights works layer by layer. */
export function needsReconstruction(plan: Plan): boolean {
  return Object.values(plan.nodes).some((choices) => wantsSamples(choices.weight));
}

function wantsSamples(choice: Plan['nodes'][string]['weight']): boolean {
  return choice?.method !== undefined && methodNamed(choice.method.name).needs === 'samples';
}

/**
 * Chooses the codes of weights layer by layer, in the graph's order. Each layer is shown what the compressed layers before
 * it really give it, and what it answers in the float model: so it can make up for their errors, not only for its own
 * (asymmetric reconstruction, after Nagel et al. 2020). Every layer runs once in either model; what lies between is kept.
 * @param model as `assign` left it: these layers' weights rounded to nearest, their scales of activations final
 */
export async function reconstruct<Model extends QuantizedModel>(
  model: Model,
  plan: Plan,
  dataset: Dataset,
  { compile, mode = 'strict', progress }: ReconstructOptions,
): Promise<Model> {
  const float = model.graph;
  const layout = layOut(float, plan);
  // `assign` says which layers' inputs are too many.
  const layers = float.nodes.filter((node) => {
    const form = layout.weights.get(node.name);
    const choice = plan.nodes[node.name]?.weight;
    return form !== undefined && wantsSamples(choice) && fitsMoments(node, form, float, 'samples');
  });
  const stops = layers.map(({ inputs }) => inputs[0]!);
  const count = affordableSamples(float, stops, dataset.length);
  const before = await Frontier.at(dataset, count, compile, mode);
  const after = await Frontier.at(dataset, count, compile, mode);
  let current: QuantizedModel = model;
  for (const [at, node] of layers.entries()) {
    throwIfCancelled(progress);
    progress?.report('reconstruct', at, layers.length);
    const simulated = simulate(current);
    await before.advance(float, node.inputs[0]!);
    await after.advance(simulated, node.inputs[0]!);
    const samples = await collect(node, { float, simulated, layout, before, after });
    await turn();
    current = interruptible(progress, () => withLayer(current, node, layout, plan, samples));
  }
  progress?.report('reconstruct', layers.length, layers.length);
  return { ...model, ...current };
}

interface Stand {
  readonly float: Graph;
  readonly simulated: Graph;
  readonly layout: Layout;
  readonly before: Frontier;
  readonly after: Frontier;
}

async function collect(node: GraphNode, { float, simulated, layout, before, after }: Stand): Promise<CollectedSamples> {
  const form = layout.weights.get(node.name)!;
  const { dims } = float.initializers.get(node.inputs[form.weight!]!)!;
  const weight = { dims, axis: form.weightAxis!, takesBias: form.bias !== undefined };
  // The layer may read its input in other codes than it was written in.
  const read = simulated.nodes.find(({ name }) => name === node.name)!.inputs[0]!;
  const inputs: Tensor[] = [];
  await after.show(simulated, read, (_, tensor) => inputs.push(tensor));
  let samples: CollectedSamples | undefined;
  await before.show(float, node.outputs[0]!, (i, target) => {
    const count = target.dims.reduce((product, dim) => product * dim, 1);
    samples ??= new CollectedSamples(
      node,
      weight,
      count / weight.dims[weight.axis]!,
      before.length,
      layout.fusions.get(node.name)?.clamp,
    );
    samples.add(inputs[i]!, target);
  });
  return samples!;
}

/** The model with one layer's codes chosen anew. */
function withLayer(
  { graph, assignment }: QuantizedModel,
  node: GraphNode,
  layout: Layout,
  plan: Plan,
  samples: CollectedSamples,
): QuantizedModel {
  const form = layout.weights.get(node.name)!;
  const scale = runsOnCodes(layout, node.name) ? codesOf(graph, assignment).read(node, 0)?.scale[0] : undefined;
  const current = graph.nodes.find(({ name }) => name === node.name)!;
  const own = quantizeParameters({
    node,
    form,
    choice: plan.nodes[node.name]!.weight!,
    parameters: parametersOf(current, form, graph),
    samples,
    ...(scale !== undefined && { inputScale: scale }),
  });
  const entries = new Map<string, QuantizedTensor>(assignment.entries);
  entries.set(edgeKey(node.name, 'weight'), own.weight);
  if (own.bias !== undefined) entries.set(edgeKey(node.name, 'bias'), own.bias);
  const parameters = new Map<string, Parameters>([[node.name, own.parameters]]);
  return { graph: withParameters(graph, layout.weights, parameters), assignment: { ...assignment, entries } };
}
