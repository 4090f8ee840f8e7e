import type { Step, Workspace } from '../api.ts';
import { binaryFunctions, type UnaryFunction, unaryFunctions } from '../functions.ts';
import { type Builder, bounds, call, step } from './builder.ts';
import { checkStrides, coalesce, denseStrides, mostDims, padLeft, product } from './strides.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** What an element costs, in multiply-adds: a plain one waits for memory, a transcendental one computes. */
const elementWork = 8;
const transcendentalWork = 40;
const plain: ReadonlySet<UnaryFunction> = new Set([
  'identity',
  'relu',
  'leakyRelu',
  'clip',
  'sqrt',
  'reciprocal',
  'abs',
  'neg',
  'floor',
  'ceil',
  'round',
  'sign',
  'hardSigmoid',
  'hardSwish',
  'softsign',
  'thresholdedRelu',
]);
const unaryRun = 1024;
/** Elements of a run that one item covers. */
const binaryChunk = 4096;

export function unary(builder: Builder, args: Args<'unary'>): Step {
  const { fn, input, output, count, alpha = fn === 'swish' ? 1 : 0, beta = 0 } = args;
  const values = { input, output, count, fn: unaryFunctions.indexOf(fn), alpha, beta };
  const work = count * (plain.has(fn) ? elementWork : transcendentalWork);
  return step(fn, call(builder, 'unaryF32', values, Math.ceil(count / unaryRun), work));
}

export function binary(builder: Builder, args: Args<'binary'>): Step {
  const { fn, a, b, output, dims, aStrides, bStrides } = args;
  checkStrides(fn, dims, aStrides, bStrides);
  const walk = coalesce({ dims, strides: [denseStrides(dims), aStrides, bStrides] });
  const all = padLeft(walk.dims, mostDims, 1);
  const width = all[mostDims - 1]!;
  const bytes = (strides: readonly number[]): number[] => padLeft(strides, mostDims, 0).map((stride) => 4 * stride);
  const chunk = Math.max(1, Math.min(width, binaryChunk));
  const chunks = Math.ceil(width / chunk);
  const values = {
    a,
    b,
    output,
    fn: binaryFunctions.indexOf(fn),
    dims: all,
    aStrides: bytes(walk.strides[1]!),
    bStrides: bytes(walk.strides[2]!),
    chunk,
    chunks: Math.max(1, chunks),
    ...bounds(args.clamp),
  };
  builder.kernels.requireScratch(64);
  const items = product(all.slice(0, -1)) * chunks;
  return step(fn, call(builder, 'binaryF32', values, items, product(dims) * (fn === 'pow' ? 4 : 1) * elementWork));
}

export function affine(builder: Builder, args: Args<'affine'>): Step {
  const { input, output, rows, channels, scale, shift } = args;
  const values = { input, output, channels, scale, shift, ...bounds(args.clamp) };
  return step('affine', call(builder, 'affineF32', values, channels === 0 ? 0 : rows, rows * channels * elementWork));
}

export function floorAffine(builder: Builder, args: Args<'floorAffine'>): Step {
  const { input, output, rows, channels, scale, shift } = args;
  const values = { input, output, channels, scale, shift, ...bounds(args.clamp) };
  const work = rows * channels * elementWork;
  return step('floorAffine', call(builder, 'floorAffineF32', values, channels === 0 ? 0 : rows, work));
}

export function layerNorm(builder: Builder, args: Args<'layerNorm'>): Step {
  const { input, output, rows, width, scale, shift = 0, epsilon } = args;
  const values = { input, output, width, scale, shift, epsilon };
  return step(
    'layerNorm',
    call(builder, 'layerNormF32', values, width === 0 ? 0 : rows, rows * width * 3 * elementWork),
  );
}
