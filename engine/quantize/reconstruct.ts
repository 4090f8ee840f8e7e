import type { Dataset } from '../data/dataset.ts';
import type { Compile } from '../executor/program.ts';
import type { Finding } from '../findings.ts';
import { formatNamed } from '../formats/registry.ts';
import { hasGradient, type NoGradient } from '../gradients/network.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { WeightCodes } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import type { Plan } from '../plan.ts';
import { interruptible, type Progress, throwIfCancelled, turn } from '../progress.ts';
import { simulate } from '../readings/simulate.ts';
import type { Tensor } from '../tensor.ts';
import { edgeKey, type QuantizedModel, type QuantizedTensor } from './assignment.ts';
import type { CodeStore } from './code-store.ts';
import { codesOf } from './codes.ts';
import { collectSamples, type Stand } from './collect-samples.ts';
import { affordableSamples, Frontier } from './frontier.ts';
import type { CollectedSamples } from './layer-samples.ts';
import { type Layout, layOut, runsOnCodes } from './layout.ts';
import { learnStretch, type StretchOptions } from './learn-stretch.ts';
import type { LearnedWeights } from './learned-layer.ts';
import { fitsMoments } from './method-fallback.ts';
import { type Parameters, parametersOf, withParameters } from './normal-form.ts';
import { outputCurvatures } from './output-curvature.ts';
import { readersOfOneWeight, withCodesOf } from './shared-weights.ts';
import { type Stretch, stretchesOf } from './stretches.ts';
import { areChannelIntegers, heldAs, quantizeParameters, type WeightResult, type WeightTask } from './weights.ts';

export interface ReconstructOptions {
  readonly compile: Compile;
  readonly mode?: 'strict' | 'relaxed';
  readonly progress?: Progress;
  /** Where the codes are kept. Default: in memory. */
  readonly store?: CodeStore;
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
export async function reconstruct<Model extends QuantizedModel & { readonly findings: readonly Finding[] }>(
  model: Model,
  plan: Plan,
  dataset: Dataset,
  options: ReconstructOptions,
): Promise<Model> {
  const { compile, mode = 'strict', progress, store } = options;
  const float = model.graph;
  const layout = layOut(float, plan);
  // `assign` says which layers' inputs are too many.
  const layers = float.nodes.filter((node) => {
    const form = layout.weights.get(node.name);
    const choice = plan.nodes[node.name]?.weight;
    return form !== undefined && wantsSamples(choice) && fitsMoments(node, form, float, 'samples');
  });
  const stops = layers.map(({ inputs }) => inputs[0]!);
  const stretches = stretchesIn(float, plan, layers);
  // Layers that learn together have codes of their own.
  const shared =
    stretches.length > 0 ? new Map<string, GraphNode[]>() : readersOfOneWeight(float, layers, plan, layout);
  const isShared = Array.from(shared.values()).some(({ length }) => length > 1);
  // While a stretch is worked on, or readers of one weight are looked at, what lies at its beginning is kept as well, in both models.
  const count = affordableSamples(float, stops, dataset.length, stretches.length > 0 || isShared ? 4 : 2);
  const firstOf = new Map(
    Array.from(shared.values()).flatMap(([first, ...others]) => others.map(({ name }) => [name, first!.name])),
  );
  const before = await Frontier.at(dataset, count, compile, mode);
  const after = await Frontier.at(dataset, count, compile, mode);
  let current: QuantizedModel = model;
  const findings: Finding[] = [];
  const { curvatures, batches, finding } = await curvaturesOf(float, plan, layers, dataset, options);
  if (finding) findings.push(finding);
  // Steps of a stretch and batches of a run backwards count like layers.
  const stepsOf = (stretch: Stretch) =>
    argumentsOf(plan, stretch.nodes.find(({ name }) => learnsTogether(plan, name))!.name)['steps']!;
  const total = stretches.reduce((sum, stretch) => sum + stepsOf(stretch), layers.length + batches);
  let done = batches;
  const layer = async (node: GraphNode, before: Frontier, after: Frontier) => {
    throwIfCancelled(progress);
    progress?.report('reconstruct', done++, total);
    const simulated = simulate(current);
    await before.advance(float, node.inputs[0]!);
    await after.advance(simulated, node.inputs[0]!);
    const readers = shared.get(node.name) ?? [node];
    const first = firstOf.get(node.name);
    const samples = await collectSamples(readers, { float, simulated, layout, before, after });
    const outputCurvature = sumOf(readers.flatMap(({ name }) => curvatures.get(name) ?? []));
    await turn();
    if (outputCurvature !== undefined) samples.outputCurvature = outputCurvature;
    current = interruptible(progress, () => withLayer(current, node, { layout, plan, samples, store, first }));
  };
  for (const node of layers) {
    const stretch = stretches.find(({ nodes }) => nodes.includes(node));
    if (stretch === undefined) await layer(node, before, after);
    const own = stretch === undefined ? [] : layers.filter((other) => stretch.nodes.includes(other));
    if (stretch === undefined || own[0] !== node) continue;
    await before.advance(float, stretch.input);
    await after.advance(simulate(current), stretch.input);
    const [inner, innerAfter] = [before.copy(), after.copy()];
    for (const each of own) await layer(each, inner, innerAfter);
    const begun = done;
    const onStep = (step: number) => progress?.report('reconstruct', begun + step, total);
    const stand = { float, layout, plan, before, after };
    const learned = await learnTogether(current, stretch, own, stand, { ...options, onStep });
    done += stepsOf(stretch);
    current = learned.model;
    findings.push(...learned.findings);
  }
  progress?.report('reconstruct', total, total);
  return { ...model, ...current, findings: [...model.findings, ...findings] };
}

/** Stretches of layers that learn together; each by the arguments of its first layer. */
function stretchesIn(graph: Graph, plan: Plan, layers: readonly GraphNode[]): Stretch[] {
  const together = layers.filter(({ name }) => learnsTogether(plan, name));
  const [first] = together;
  if (first === undefined) return [];
  const names = new Set(together.map(({ name }) => name));
  return stretchesOf(graph, names, argumentsOf(plan, first.name)['depth']!, ({ op }) => hasGradient(op));
}

function learnsTogether(plan: Plan, node: string): boolean {
  const choice = plan.nodes[node]?.weight;
  return (
    choice?.method !== undefined && methodNamed(choice.method.name).together === true && areChannelIntegers(choice)
  );
}

/** Codes of so many bits lose too little for what the outputs feel of it to matter. */
const wideBits = 8;

/** What the outputs feel of the layers whose methods ask for it, with the batches of samples that it took. */
async function curvaturesOf(
  graph: Graph,
  plan: Plan,
  layers: readonly GraphNode[],
  dataset: Dataset,
  { compile, mode = 'strict', progress }: ReconstructOptions,
): Promise<{
  readonly curvatures: ReadonlyMap<string, Float64Array>;
  readonly batches: number;
  readonly finding?: Finding;
}> {
  const wanted = layers.filter(({ name }) => {
    const choice = plan.nodes[name]!.weight!;
    const method = methodNamed(choice.method!.name);
    return method.needsCurvature === true && areChannelIntegers(choice) && formatNamed(choice.format).bits < wideBits;
  });
  if (wanted.length === 0) return { curvatures: new Map(), batches: 0 };
  let batches = 0;
  const { seed } = argumentsOf(plan, wanted[0]!.name);
  const curvatures = await outputCurvatures(graph, wanted, dataset, {
    ...{ compile, mode, progress, seed: seed! },
    onBatch(done, of) {
      batches = of;
      progress?.report('reconstruct', done, of + layers.length);
    },
  });
  if (!('reason' in curvatures)) return { curvatures, batches };
  const finding: Finding = {
    code: 'quantize/no-curvature',
    severity: 'information',
    what: `${wanted.length === 1 ? 'One layer' : `${wanted.length} layers`} got codes channel by channel: what the outputs feel of them is not known.`,
    why: `No gradient goes through ${curvatures.node.op} “${curvatures.node.name}”: ${curvatures.reason}.`,
  };
  return { curvatures: new Map(), batches, finding };
}

/** A method's arguments, those that are not given among them. */
function argumentsOf(plan: Plan, node: string): Readonly<Record<string, number>> {
  const { name, arguments: given } = plan.nodes[node]!.weight!.method!;
  const initial = methodNamed(name).arguments.map((argument) => [argument.name, argument.initial]);
  return { ...Object.fromEntries(initial), ...given };
}

/** The model with the layers of a stretch learned by its output; as it is, with the reason, where no gradient goes through it. */
async function learnTogether(
  model: QuantizedModel,
  stretch: Stretch,
  layers: readonly GraphNode[],
  { float, layout, plan, before, after }: Omit<Stand, 'simulated'> & { readonly plan: Plan },
  { compile, mode = 'strict', progress, store, onStep }: ReconstructOptions & Pick<StretchOptions, 'onStep'>,
): Promise<{ readonly model: QuantizedModel; readonly findings: readonly Finding[] }> {
  const together = layers.filter(({ name }) => learnsTogether(plan, name));
  const { steps, seed } = argumentsOf(plan, together[0]!.name);
  const learned = together.map(({ name }): LearnedWeights => {
    const { parameters, inputScale, form } = taskOf(model, name, layout, plan);
    return {
      ...{ name, weight: parameters.weight, axis: form.weightAxis!, hasBias: form.bias !== undefined },
      held: model.assignment.entries.get(edgeKey(name, 'weight'))!,
      ...(inputScale !== undefined && { inputScale }),
    };
  });
  const simulated = simulate(model);
  const inputs = Array.from({ length: after.length }, (_, i) => after.value(i, stretch.input));
  let refusal: NoGradient | undefined;
  for (const output of stretch.outputs) {
    const targets: Tensor[] = [];
    await before.show(float, output, (_, tensor) => targets.push(tensor));
    const samples = { input: stretch.input, output, inputs, targets };
    const result = await learnStretch(simulated, samples, learned, {
      ...{ compile, mode, progress },
      ...{ steps: steps!, seed: seed! },
      ...(onStep && { onStep }),
    });
    if (!('reason' in result)) return { model: withLearned(model, result, { layout, plan, store }), findings: [] };
    refusal = result;
  }
  const names = together.map(({ name }) => `“${name}”`).join(', ');
  return {
    model,
    findings: [
      {
        code: 'quantize/block-fallback',
        severity: 'information',
        what: `The layers ${names} got their codes one by one instead of together.`,
        why: `No gradient goes through ${refusal!.node.op} “${refusal!.node.name}”: ${refusal!.reason}.`,
      },
    ],
  };
}

interface Means {
  readonly layout: Layout;
  readonly plan: Plan;
  readonly store: CodeStore | undefined;
}

/** Sums of several readers' curvatures, element by element; undefined of none. */
function sumOf(curvatures: readonly Float64Array[]): Float64Array | undefined {
  const [first, ...others] = curvatures;
  return others.reduce((sum, own) => sum?.map((value, i) => value + own[i]!), first);
}

/** The model with one layer's codes chosen anew, or taken from the first reader of its weight. */
function withLayer(
  model: QuantizedModel,
  node: GraphNode,
  {
    layout,
    plan,
    samples,
    store,
    first,
  }: Means & { readonly samples: CollectedSamples; readonly first: string | undefined },
): QuantizedModel {
  const task = { ...taskOf(model, node.name, layout, plan), ...(store && { store }) };
  const held = first === undefined ? undefined : model.assignment.entries.get(edgeKey(first, 'weight'));
  const own = (held && withCodesOf({ weight: held }, task, samples)) ?? quantizeParameters({ ...task, samples });
  return withResults(model, new Map([[node.name, own]]), layout);
}

/** The model with codes and biases that layers learned. */
function withLearned(
  model: QuantizedModel,
  learned: ReadonlyMap<string, WeightCodes>,
  { layout, plan, store }: Means,
): QuantizedModel {
  const results = Array.from(learned, ([name, own]): [string, WeightResult] => [
    name,
    heldAs({ ...taskOf(model, name, layout, plan), ...(store && { store }) }, own),
  ]);
  return withResults(model, new Map(results), layout);
}

/** What a layer's codes are chosen for, but for what is known of its inputs. */
function taskOf({ graph, assignment }: QuantizedModel, name: string, layout: Layout, plan: Plan): WeightTask {
  const form = layout.weights.get(name)!;
  const node = graph.nodes.find((own) => own.name === name)!;
  const inputScale = runsOnCodes(layout, name) ? codesOf(graph, assignment).read(node, 0)?.scale[0] : undefined;
  return {
    ...{ node, form, choice: plan.nodes[name]!.weight!, parameters: parametersOf(node, form, graph) },
    ...(inputScale !== undefined && { inputScale }),
  };
}

function withResults(
  { graph, assignment }: QuantizedModel,
  results: ReadonlyMap<string, WeightResult>,
  layout: Layout,
): QuantizedModel {
  const entries = new Map<string, QuantizedTensor>(assignment.entries);
  const parameters = new Map<string, Parameters>();
  for (const [name, own] of results) {
    entries.set(edgeKey(name, 'weight'), own.weight);
    if (own.bias !== undefined) entries.set(edgeKey(name, 'bias'), own.bias);
    parameters.set(name, own.parameters);
  }
  return { graph: withParameters(graph, layout.weights, parameters), assignment: { ...assignment, entries } };
}
