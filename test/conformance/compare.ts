import { isFloat, numbersOf } from '../../engine/operators/shared/numbers.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { formatType, isTensor, typeOf, type Value } from '../../engine/value.ts';

/** First difference of two values as a sentence, undefined where they agree; sequences and optionals by their tensors. */
export function difference(got: Value, want: Value): string | undefined {
  if (isTensor(got) && isTensor(want)) return tensorDifference(got, want);
  if (isTensor(got) || isTensor(want) || got.kind !== want.kind)
    return `${formatType(typeOf(got))} instead of ${formatType(typeOf(want))}`;
  const [mine, theirs] = [contents(got), contents(want)];
  if (mine.length !== theirs.length) return `${mine.length} tensors instead of ${theirs.length}`;
  for (const [i, value] of mine.entries()) {
    const wrong = difference(value, theirs[i]!);
    if (wrong !== undefined) return `tensor ${i}: ${wrong}`;
  }
  return undefined;
}

function contents(value: Exclude<Value, Tensor>): readonly Value[] {
  if (value.kind === 'sequence') return value.items;
  return value.value === undefined ? [] : [value.value];
}

/**
 * First difference of two tensors as a sentence, undefined where they agree: integers, bool and text exactly, floats
 * within the suite's own bounds (relative 1e-3 beside absolute 1e-7 or a millionth of the largest; float16 and bfloat16 a few of their steps).
 */
function tensorDifference(got: Tensor, want: Tensor): string | undefined {
  if (got.dtype !== want.dtype) return `type ${got.dtype} instead of ${want.dtype}`;
  if (got.dims.join() !== want.dims.join()) return `shape [${got.dims}] instead of [${want.dims}]`;
  if (want.dtype === 'string' || (want.data as BigInt64Array) instanceof BigInt64Array) return exact(got, want);
  const [x, y] = [numbersOf(got), numbersOf(want)];
  const half = want.dtype === 'float16' || want.dtype === 'bfloat16';
  const relative = !isFloat(want.dtype) ? 0 : want.dtype === 'bfloat16' ? 2e-2 : half ? 2e-3 : 1e-3;
  // Zeros that are what is left of larger numbers are only as good as those: the expected data is float32 arithmetic.
  const largest = Array.from(y).reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    0,
  );
  const absolute = !isFloat(want.dtype) ? 0 : half ? 1e-3 : Math.max(1e-7, 1e-6 * largest);
  for (let i = 0; i < y.length; i++) {
    const [a, b] = [x[i]!, y[i]!];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    if (!(Math.abs(a - b) <= absolute + relative * Math.abs(b))) return `${a} instead of ${b} at ${i}`;
  }
  return undefined;
}

function exact(got: Tensor, want: Tensor): string | undefined {
  for (let i = 0; i < want.data.length; i++)
    if (got.data[i] !== want.data[i]) return `${got.data[i]} instead of ${want.data[i]} at ${i}`;
  return undefined;
}
