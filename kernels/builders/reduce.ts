import type { Address, Call, Step, Workspace } from '../api.ts';
import { type ReduceFunction, reduceFunctions } from '../functions.ts';
import { type Builder, call, step } from './builder.ts';
import { permuteCall } from './movement.ts';
import { product } from './strides.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

function reduceCall(
  builder: Builder,
  fn: ReduceFunction,
  input: Address,
  output: Address,
  [outer, axis, inner]: readonly [number, number, number],
): Call {
  const values = { input, output, axis, inner, fn: reduceFunctions.indexOf(fn) };
  const items = outer * (inner === 1 ? 1 : Math.ceil(inner / 4));
  return call(builder, 'reduceF32', values, items, outer * axis * inner * (fn === 'logSumExp' ? 40 : 8));
}

export function reduce(builder: Builder, args: Args<'reduce'>): Step {
  const { fn, input, output, dims, axes } = args;
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + dims.length : axis)));
  for (const axis of reduced)
    if (!(axis >= 0 && axis < dims.length)) throw new RangeError(`reduce: axis ${axis} of ${dims.length} dims.`);
  // Runs of neighbouring axes that all stay or all go.
  const runs: { goes: boolean; size: number }[] = [];
  for (const [d, size] of dims.entries()) {
    if (size === 1) continue;
    const goes = reduced.has(d);
    if (runs.at(-1)?.goes === goes) runs.at(-1)!.size *= size;
    else runs.push({ goes, size });
  }
  const count = runs.filter((run) => run.goes).length;
  if (count === 0) return step(fn, reduceCall(builder, fn, input, output, [product(dims), 1, 1]));
  if (count === 1) {
    const at = runs.findIndex((run) => run.goes);
    const shape = [runs[at - 1]?.size ?? 1, runs[at]!.size, runs[at + 1]?.size ?? 1] as const;
    return step(fn, reduceCall(builder, fn, input, output, shape));
  }
  // Reduced axes with kept ones between them: brought together first.
  const kept = runs.flatMap((run, d) => (run.goes ? [] : [d]));
  const gone = runs.flatMap((run, d) => (run.goes ? [d] : []));
  const sizes = runs.map((run) => run.size);
  const gathered = builder.alloc(4 * product(sizes));
  const outer = product(kept.map((d) => sizes[d]!));
  const axis = product(gone.map((d) => sizes[d]!));
  const move = permuteCall(builder, input, gathered, sizes, [...kept, ...gone], 4);
  return step(fn, move, reduceCall(builder, fn, gathered, output, [outer, axis, 1]));
}

export function globalPool(builder: Builder, args: Args<'globalPool'>): Step {
  const { kind, batch, pixels, channels, input, output } = args;
  const fn = kind === 'average' ? 'mean' : 'max';
  return step('globalPool', reduceCall(builder, fn, input, output, [batch, pixels, channels]));
}

export function arg(builder: Builder, args: Args<'arg'>): Step {
  const { input, output, outer, axis, inner, smallest, last } = args;
  const values = { input, output, outer, axis, inner, smallest: smallest ? 1 : 0, last: last ? 1 : 0 };
  const items = inner === 1 ? Math.ceil(outer / 4) : outer * Math.ceil(inner / 4);
  return step('arg', call(builder, 'argF32', values, items, outer * axis * inner * 8));
}

export function softmax(builder: Builder, args: Args<'softmax'>): Step {
  const { log, input, output, outer, axis, inner } = args;
  const values = { input, output, axis, inner, log: log ? 1 : 0 };
  const items = axis === 0 ? 0 : outer * (inner === 1 ? 1 : Math.ceil(inner / 4));
  return step(log ? 'logSoftmax' : 'softmax', call(builder, 'softmaxF32', values, items, outer * axis * inner * 50));
}
