import type { Address, Call, LayoutArgs, Step, Workspace } from '../api.ts';
import { type Builder, call, place, step } from './builder.ts';
import { checkStrides, coalesce, denseStrides, mostDims, padLeft, product } from './strides.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** Rows of a transpose that one item covers. */
const transposeRows = 32;

/** Copies between two strided places (strides in elements). */
function stridedCall(
  builder: Builder,
  input: Address,
  output: Address,
  dims: readonly number[],
  inputStrides: readonly number[],
  outputStrides: readonly number[],
  elementBytes: 1 | 4,
): Call {
  const walk = coalesce({ dims, strides: [inputStrides, outputStrides] });
  const [from, to] = walk.strides as [readonly number[], readonly number[]];
  const rank = walk.dims.length;
  builder.kernels.requireScratch(64);
  const bytes = (strides: readonly number[]): number[] => strides.map((stride) => stride * elementBytes);
  const work = 8 * product(dims);
  const dense = from.indexOf(1);
  if (rank >= 2 && to[rank - 1] === 1 && from[rank - 1] !== 1 && dense >= 0) {
    // The dimension that is dense in the input becomes the rows of a transpose.
    const others = (values: readonly number[]): number[] => values.filter((_, d) => d !== dense && d !== rank - 1);
    const outer = padLeft(others(walk.dims), mostDims - 1, 1);
    const rows = walk.dims[dense]!;
    const values = {
      input,
      output,
      dims: outer,
      inputStrides: bytes(padLeft(others(from), mostDims - 1, 0)),
      outputStrides: bytes(padLeft(others(to), mostDims - 1, 0)),
      rows,
      columns: walk.dims[rank - 1]!,
      rowStride: to[dense]! * elementBytes,
      columnStride: from[rank - 1]! * elementBytes,
      elementBytes,
    };
    return call(builder, 'transpose', values, product(outer) * Math.ceil(rows / transposeRows), work);
  }
  const all = padLeft(walk.dims, mostDims, 1);
  const values = {
    input,
    output,
    dims: all,
    inputStrides: bytes(padLeft(from, mostDims, 1)),
    outputStrides: bytes(padLeft(to, mostDims, 1)),
    elementBytes,
  };
  return call(builder, 'copyStrided', values, all[mostDims - 1] === 0 ? 0 : product(all.slice(0, -1)), work);
}

export function permuteCall(
  builder: Builder,
  input: Address,
  output: Address,
  dims: readonly number[],
  perm: readonly number[],
  elementBytes: 1 | 4,
): Call {
  const sorted = [...perm].sort((a, b) => a - b);
  if (perm.length !== dims.length || sorted.some((axis, d) => axis !== d))
    throw new RangeError(`[${perm}] is no permutation of ${dims.length} dims.`);
  const strides = denseStrides(dims);
  const outputDims = perm.map((axis) => dims[axis]!);
  const from = perm.map((axis) => strides[axis]!);
  return stridedCall(builder, input, output, outputDims, from, denseStrides(outputDims), elementBytes);
}

export function permute(builder: Builder, args: Args<'permute'>): Step {
  const { input, output, dims, perm, elementBytes } = args;
  return step('permute', permuteCall(builder, input, output, dims, perm, elementBytes));
}

export function toChannelsLast(builder: Builder, args: LayoutArgs): Step {
  const { input, output, batch, channels, pixels, elementBytes } = args;
  return step(
    'toChannelsLast',
    permuteCall(builder, input, output, [batch, channels, pixels], [0, 2, 1], elementBytes),
  );
}

export function toChannelsFirst(builder: Builder, args: LayoutArgs): Step {
  const { input, output, batch, channels, pixels, elementBytes } = args;
  return step(
    'toChannelsFirst',
    permuteCall(builder, input, output, [batch, pixels, channels], [0, 2, 1], elementBytes),
  );
}

export function copy(builder: Builder, args: Args<'copy'>): Step {
  const { input, output, dims, inputStrides, outputStrides, elementBytes } = args;
  checkStrides('copy', dims, inputStrides, outputStrides);
  return step('copy', stridedCall(builder, input, output, dims, inputStrides, outputStrides, elementBytes));
}

const fillBytes = 4096;

export function fill(builder: Builder, args: Args<'fill'>): Step {
  const { output, count, value, elementBytes } = args;
  const bytes = count * elementBytes;
  const bits = elementBytes === 4 ? new Int32Array(new Float32Array([value]).buffer)[0]! : (value & 255) * 0x01010101;
  const values = { output, bytes, pattern: bits | 0 };
  return step('fill', call(builder, 'fill', values, Math.ceil(bytes / fillBytes), 2 * count));
}

export function gather(builder: Builder, args: Args<'gather'>): Step {
  const { input, indices, output, count, rowBytes, outer = 1, rows = 0 } = args;
  const values = { input, indices, output, count, rowBytes, outerBytes: rows * rowBytes };
  return step(
    'gather',
    call(builder, 'gatherRows', values, rowBytes === 0 ? 0 : outer * count, 2 * outer * count * rowBytes),
  );
}

export function resize(builder: Builder, args: Args<'resize'>): Step {
  const { kind, batch, inputHeight, inputWidth, channels, outputHeight, outputWidth, input, output } = args;
  if (args.rows.length !== outputHeight || args.columns.length !== outputWidth)
    throw new RangeError('resize needs one position for each output row and column.');
  const items = outputWidth * channels === 0 ? 0 : batch * outputHeight;
  const elements = batch * outputHeight * outputWidth * channels;
  const common = { input, output, inputHeight, inputWidth, outputHeight, outputWidth };
  if (kind === 'nearest') {
    const rows = place(builder, nearestIndices(args.rows, inputHeight));
    const columns = place(builder, nearestIndices(args.columns, inputWidth));
    const values = { ...common, pixelBytes: 4 * channels, rows, columns };
    return step('resize', call(builder, 'resizeNearest', values, items, 8 * elements));
  }
  // Two rows of the output, each with room for a whole vector behind its end.
  builder.kernels.requireScratch(2 * (4 * outputWidth * channels + 32));
  const rows = place(builder, linearWeights(args.rows, inputHeight));
  const columns = place(builder, linearWeights(args.columns, inputWidth));
  const values = { ...common, channels, rows, columns };
  return step('resize', call(builder, 'resizeLinearF32', values, items, 16 * elements));
}

function nearestIndices(positions: Float64Array, size: number): Int32Array {
  return Int32Array.from(positions, (position) => Math.min(Math.max(Math.trunc(position), 0), size - 1));
}

/** {lower index, upper index, weight of the upper} of each position. */
function linearWeights(positions: Float64Array, size: number): Int32Array {
  const table = new Int32Array(3 * positions.length);
  const weights = new Float32Array(table.buffer);
  for (const [i, position] of positions.entries()) {
    const inside = Math.min(Math.max(position, 0), size - 1);
    const lower = Math.floor(inside);
    table[3 * i] = lower;
    table[3 * i + 1] = Math.min(lower + 1, size - 1);
    weights[3 * i + 2] = inside - lower;
  }
  return table;
}
