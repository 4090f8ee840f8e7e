import type { Dataset } from '../data/dataset.ts';
import type { Compile } from '../executor/program.ts';
import { fail } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import { type InputMeans, type Moments, seesData, type WeightMethod } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import type { Observer } from '../observers/observer.ts';
import { createObserver } from '../observers/registry.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import type { Plan } from '../plan.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import { type CompileObserved, type Gains, junctionsOf, measureGains, withGains } from './equalize.ts';
import { inputVectors, type VectorSource } from './input-vectors.ts';
import { type KeptPlace, KeptStatistics } from './kept-statistics.ts';
import { KernelPortions } from './kernel-portions.ts';
import { type Group, type Layout, layOut } from './layout.ts';
import { areFewEnough, fitsMoments } from './method-fallback.ts';
import { InputMoments } from './moments.ts';
import { heldVectors, isByMoments, momentsName } from './weight-only.ts';

/** What calibration has seen: one observer per group of tensors that share parameters, by group name. */
export interface Statistics {
  readonly observers: ReadonlyMap<string, Observer>;
  /** Factors by which channels were scaled before anything else was observed; `assign` applies them again. */
  readonly gains?: Gains;
  /** Moments of the inputs of nodes whose weight method asks for them, by node name (`momentsName`). */
  readonly moments: ReadonlyMap<string, Moments>;
  /** Means of the inputs of nodes whose weight method works without data, by node name. */
  readonly means?: ReadonlyMap<string, InputMeans>;
  /** Samples seen. */
  readonly samples: number;
  /** Hash of the data, for provenance. */
  readonly data: string;
}

export interface CalibrateOptions {
  /** How the float graph is run: `compileProgram` of the executor, or the interpreter in small tests. */
  readonly compile: Compile;
  readonly progress?: Progress;
  readonly threads?: number;
  /** What earlier runs gathered of the same, and where this one adds to it. */
  readonly kept?: KeptPlace | undefined;
  /** `strict` (default) gives the same statistics on every machine; `relaxed` is faster. */
  readonly mode?: 'strict' | 'relaxed';
}

/**
 * Streams the data through the float model and lets each group's observer see its tensors while they are alive. No
 * activation is kept: memory does not grow with the number of samples. What was kept of an earlier run is not observed again, and
 * where that is everything, the model is not run.
 * @throws FindingError `calibrate/no-samples`, `calibrate/not-finite`
 */
export async function calibrate(
  source: Graph,
  plan: Plan,
  dataset: Dataset,
  { compile, progress, threads, kept: before, mode = 'strict' }: CalibrateOptions,
): Promise<Statistics> {
  requireSamples(dataset);
  const compileObserved: CompileObserved = async (graph, observed) => {
    const inputs = await dataset.sample(0);
    const inputDims = new Map(Array.from(inputs, ([name, tensor]) => [name, tensor.dims]));
    return compile(graph, { mode, winograd: true, inputDims, observed, ...(threads !== undefined && { threads }) });
  };
  const layout = layOut(source, plan);
  const wantsMoments =
    [...layout.weights.keys()].some((name) => methodNeeds(plan, name) === 'moments') ||
    [...layout.weightOnly.keys()].some((name) => isByMoments(plan.nodes[name]!.weight!));
  const kept = await KeptStatistics.open(layout.groups.length > 0 || wantsMoments ? before : undefined);
  const junctions = junctionsOf(source, plan, layout);
  const gains: Gains = await measureGains(source, junctions, dataset, { compile: compileObserved, kept, progress });
  const graph = withGains(source, layout, junctions, gains);
  const { observers, watching: observing, fresh } = createObservers(graph, layout, kept, gains);
  const { moments, watching: collecting, fresh: freshMoments } = createMoments(graph, plan, layout, kept, gains);
  const observed = [...new Set([...observing.keys(), ...collecting.keys()])];
  if (observed.length > 0) {
    const program = await compileObserved(graph, observed);
    const portions = new KernelPortions();
    try {
      for (let index = 0; index < dataset.length; index++) {
        throwIfCancelled(progress);
        await program.run(await dataset.sample(index), {
          observe(value, view) {
            // First: what observers allocate in the kernels' memory may end the view.
            for (const state of collecting.get(value) ?? []) state.update(value, view);
            const own = observing.get(value);
            if (own === undefined) return;
            const portion = portions.of(value, view);
            if (portion.extremes.nonFinite > 0) notFinite(value, dataset.nameOf(index));
            for (const observer of own) observer.update(portion);
          },
        });
        progress?.report('calibrate', index + 1, dataset.length);
      }
    } finally {
      portions.dispose();
      program.dispose();
    }
  }
  for (const [group, observer] of fresh) kept.add(observer, group.sources, gains);
  for (const [name, state] of freshMoments) kept.addMoments(state, name, gains);
  await kept.save();
  return { gains, observers, moments, samples: dataset.length, data: dataset.hash };
}

/** @throws FindingError `calibrate/no-samples` */
export function requireSamples(dataset: Dataset): void {
  if (dataset.length === 0)
    fail('calibrate/no-samples', `The data “${dataset.name}” holds no sample to calibrate with.`);
}

/** Whether the plan asks anything of the data: ranges of activations, or what a method of the weights collects. */
export function needsCalibration(graph: Graph, plan: Plan): boolean {
  const { groups, weights, weightOnly } = layOut(graph, plan);
  return groups.length > 0 || [...weights.keys(), ...weightOnly.keys()].some((name) => methodSeesData(plan, name));
}

/** What `assign` takes where there is nothing to calibrate. */
export const noStatistics: Statistics = { observers: new Map(), moments: new Map(), samples: 0, data: '' };

function methodSeesData(plan: Plan, node: string): boolean {
  const method = plan.nodes[node]?.weight?.method?.name;
  return method !== undefined && seesData(methodNamed(method));
}

function methodNeeds(plan: Plan, node: string): WeightMethod['needs'] {
  const method = plan.nodes[node]?.weight?.method?.name;
  return method === undefined ? undefined : methodNamed(method).needs;
}

/** One observer per group, and which of them watch each value. Constants are taken in at once; what was kept is not watched. */
function createObservers(graph: Graph, layout: Layout, kept: KeptStatistics, gains: Gains) {
  const observers = new Map<string, Observer>();
  const fresh = new Map<Group, Observer>();
  const watching = new Map<string, Observer[]>();
  for (const group of layout.groups) {
    const observer = createObserver(group.choice.observer.name, group.choice.observer.arguments);
    observers.set(group.name, observer);
    if (kept.restore(observer, group.sources, gains)) continue;
    fresh.set(group, observer);
    for (const value of group.sources) {
      const constant = graph.initializers.get(value);
      if (constant !== undefined) observer.update(Float32Array.from(numbersOf(constant)));
      else watching.set(value, [...(watching.get(value) ?? []), observer]);
    }
  }
  return { observers, watching, fresh };
}

function createMoments(graph: Graph, plan: Plan, layout: Layout, kept: KeptStatistics, gains: Gains) {
  const moments = new Map<string, InputMoments>();
  const fresh = new Map<string, InputMoments>();
  const watching = new Map<string, InputMoments[]>();
  const collect = (name: string, source: VectorSource) => {
    const state = new InputMoments(source);
    moments.set(name, state);
    if (kept.restoreMoments(state, name, gains)) return;
    fresh.set(name, state);
    for (const value of state.values) watching.set(value, [...(watching.get(value) ?? []), state]);
  };
  for (const node of graph.nodes) {
    const form = layout.weights.get(node.name);
    // `assign` says that the layer falls back to round to nearest.
    if (form !== undefined && methodNeeds(plan, node.name) === 'moments' && fitsMoments(node, form, graph, 'moments')) {
      const { dims } = graph.initializers.get(node.inputs[form.weight!]!)!;
      collect(node.name, inputVectors(node, dims, form));
    }
    const weights = layout.weightOnly.get(node.name);
    if (weights === undefined || !isByMoments(plan.nodes[node.name]!.weight!)) continue;
    for (const held of weights) {
      const vectors = heldVectors(node, held, graph);
      if (vectors !== undefined && areFewEnough(vectors, 'moments'))
        collect(momentsName(node.name, held.role), vectors);
    }
  }
  return { moments, watching, fresh };
}

function notFinite(value: string, sample: string): never {
  fail('calibrate/not-finite', `“${value}” became infinite or not a number on the sample “${sample}”.`, {
    why: 'No scale can be chosen for such values.',
    fix: 'Check the preprocessing (scale, mean, std, layout) of the calibration data, or leave the sample out.',
  });
}
