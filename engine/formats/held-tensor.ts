import { poll } from '../progress.ts';
import { remembered } from '../remembered.ts';
import type { TensorData } from '../tensor.ts';
import { type CodeRange, codeArray, dequantizeTensor, quantizeTensor } from './affine.ts';
import { axisBlocks, type Blocks, forEachBlockRun } from './blocks.ts';
import type { NumberFormat, Parameters } from './format.ts';
import { formatNamed } from './registry.ts';

/** Parameters of a tensor in any format and granularity: one set for each block, or index of `axis`, or one for all. */
export interface TensorCoding {
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  readonly range: CodeRange;
  readonly axis?: number;
  readonly blocks?: Blocks;
  /** `basisLength` numbers for each set. */
  readonly basis?: Float32Array;
}

const zeros = new Map<number, Int32Array>();

/** Sets of parameters as arrays, which are not to be written to: all that is symmetric and as long shares its zero points. */
export function packParameters(
  format: NumberFormat,
  sets: readonly Parameters[],
): Pick<TensorCoding, 'scale' | 'zeroPoint' | 'basis'> {
  const length = format.basisLength;
  const basis = new Float32Array(sets.length * length);
  for (const [i, set] of sets.entries()) if (set.basis) basis.set(set.basis, i * length);
  return {
    scale: Float32Array.from(sets, ({ scale }) => scale),
    zeroPoint: sets.every(({ zeroPoint }) => zeroPoint === 0)
      ? remembered(zeros, sets.length, () => new Int32Array(sets.length))
      : Int32Array.from(sets, ({ zeroPoint }) => zeroPoint),
    ...(length > 0 && { basis }),
  };
}

/** Set `i` of a tensor's parameters. */
export function parametersAt(format: NumberFormat, { scale, zeroPoint, basis }: TensorCoding, i: number): Parameters {
  const at = scale.length === 1 ? 0 : i;
  const length = format.basisLength;
  return {
    scale: scale[at]!,
    zeroPoint: zeroPoint[at]!,
    ...(basis !== undefined && { basis: basis.subarray(at * length, (at + 1) * length) }),
  };
}

/** Integers per tensor or channel have a faster way, whose arithmetic this is to the last bit. */
function isAffine(format: NumberFormat, { blocks }: Pick<TensorCoding, 'blocks'>): boolean {
  return format.kind === 'integer' && blocks === undefined;
}

/**
 * Codes of `values`, row-major over `dims`.
 * @param sets the parameters before they were packed, which may hold what only rounding needs.
 */
export function encodeTensor(
  format: NumberFormat,
  values: ArrayLike<number>,
  dims: readonly number[],
  coding: TensorCoding,
  sets?: readonly Parameters[],
): ReturnType<typeof codeArray> {
  if (isAffine(format, coding)) return quantizeTensor(values, dims, { ...coding, format });
  const codes = codeArray(format, values.length);
  forEachCoder(format, dims, coding, sets, ({ encode }, from, to) => {
    for (let i = from; i < to; i++) codes[i] = encode(values[i]!);
  });
  return codes;
}

/** float32 values of `codes`. */
export function decodeTensor(
  codes: TensorData,
  dims: readonly number[],
  coding: TensorCoding & { readonly format: string },
): Float32Array {
  const format = formatNamed(coding.format);
  const own = codes as Int8Array;
  if (isAffine(format, coding)) return dequantizeTensor(own, dims, coding);
  const values = new Float32Array(own.length);
  forEachCoder(format, dims, coding, undefined, ({ decode }, from, to) => {
    for (let i = from; i < to; i++) values[i] = decode(own[i]!);
  });
  return values;
}

function forEachCoder(
  format: NumberFormat,
  dims: readonly number[],
  coding: TensorCoding,
  sets: readonly Parameters[] | undefined,
  visit: (coder: ReturnType<NumberFormat['coder']>, from: number, to: number) => void,
): void {
  const coders = Array.from({ length: coding.scale.length }, (_, i) =>
    format.coder(sets?.[i] ?? parametersAt(format, coding, i), coding.range),
  );
  forEachBlockRun(coding.blocks ?? axisBlocks(dims, coding.axis), (block, from, to) => {
    if ((block & 0xff) === 0) poll();
    visit(coders[coders.length === 1 ? 0 : block]!, from, to);
  });
}
