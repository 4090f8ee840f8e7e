import type { Dataset } from '../data/dataset.ts';
import type { Compile, Program } from '../executor/program.ts';
import { fail } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import type { Observer } from '../observers/observer.ts';
import { createObserver } from '../observers/registry.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import type { Plan } from '../plan.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import { layOut } from './layout.ts';

/** What calibration has seen: one observer per group of tensors that share parameters, by group name. */
export interface Statistics {
  readonly observers: ReadonlyMap<string, Observer>;
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
  /** `strict` (default) gives the same statistics on every machine; `relaxed` is faster. */
  readonly mode?: 'strict' | 'relaxed';
}

/**
 * Streams the data through the float model and lets each group's observer see its tensors while they are alive. No
 * activation is kept: memory does not grow with the number of samples.
 * @throws FindingError `calibrate/no-samples`, `calibrate/not-finite`
 */
export async function calibrate(
  graph: Graph,
  plan: Plan,
  dataset: Dataset,
  { compile, progress, threads, mode = 'strict' }: CalibrateOptions,
): Promise<Statistics> {
  if (dataset.length === 0)
    fail('calibrate/no-samples', `The data “${dataset.name}” holds no sample to calibrate with.`);
  const { observers, watching } = createObservers(graph, plan);
  const first = await dataset.sample(0);
  const program = await compile(graph, {
    mode,
    inputDims: new Map(Array.from(first, ([name, tensor]) => [name, tensor.dims])),
    observed: [...watching.keys()],
    ...(threads !== undefined && { threads }),
  });
  try {
    for (let index = 0; index < dataset.length; index++) {
      throwIfCancelled(progress);
      await observeSample(program, index === 0 ? first : await dataset.sample(index), watching, () =>
        dataset.nameOf(index),
      );
      progress?.report('calibrate', index + 1, dataset.length);
    }
  } finally {
    program.dispose();
  }
  return { observers, samples: dataset.length, data: dataset.hash };
}

type Watching = ReadonlyMap<string, readonly Observer[]>;

/** One observer per group, and which of them watch each value. Constants are taken in at once. */
function createObservers(graph: Graph, plan: Plan): { observers: Map<string, Observer>; watching: Watching } {
  const observers = new Map<string, Observer>();
  const watching = new Map<string, Observer[]>();
  for (const group of layOut(graph, plan).groups) {
    const observer = createObserver(group.choice.observer.name, group.choice.observer.arguments);
    observers.set(group.name, observer);
    for (const value of group.sources) {
      const constant = graph.initializers.get(value);
      if (constant !== undefined) observer.update(Float32Array.from(numbersOf(constant)));
      else watching.set(value, [...(watching.get(value) ?? []), observer]);
    }
  }
  return { observers, watching };
}

async function observeSample(
  program: Program,
  sample: Awaited<ReturnType<Dataset['sample']>>,
  watching: Watching,
  name: () => string,
): Promise<void> {
  await program.run(sample, {
    observe(value, view) {
      for (const observer of watching.get(value) ?? []) {
        observer.update(view.data as Float32Array);
        if (observer.seen.nonFinite > 0)
          fail('calibrate/not-finite', `“${value}” became infinite or not a number on the sample “${name()}”.`, {
            why: 'No scale can be chosen for such values.',
            fix: 'Check the preprocessing (scale, mean, std, layout) of the calibration data, or leave the sample out.',
          });
      }
    },
  });
}
