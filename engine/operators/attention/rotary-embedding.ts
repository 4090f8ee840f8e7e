import { fail } from '../../findings.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { integersOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { sameAsInput } from '../shared/types.ts';

/**
 * Rotates pairs of features by angles that belong to the position: x [batch, heads, length, size] or [batch, length,
 * heads·size]; cosines and sines per position, or per batch entry and step where no positions are given.
 */
export const rotaryEmbedding: Operator = {
  op: 'RotaryEmbedding',
  domain: '',
  opsets: [23, newestOpset],
  infer: sameAsInput,
  evaluate(node, [x, cosines, sines, positions]) {
    const packed = x!.dims.length === 3;
    const heads = packed ? intAttribute(node, 'num_heads', 0) : x!.dims[1]!;
    if (heads < 1) fail('model/attribute', `${describe(node)} does not say how many heads its input has.`);
    const [batch, length] = packed ? [x!.dims[0]!, x!.dims[1]!] : [x!.dims[0]!, x!.dims[2]!];
    const size = elementCount(x!.dims) / (batch * length * heads);
    const place = positions && integersOf(positions);
    const out = rotate(numbersOf(x!), {
      base: (b, h, t) => (packed ? ((b * length + t) * heads + h) * size : ((b * heads + h) * length + t) * size),
      dims: [batch, heads, length],
      rotated: intAttribute(node, 'rotary_embedding_dim', 0) || size,
      interleaved: intAttribute(node, 'interleaved', 0) !== 0,
      cosines: cosines!,
      sines: sines!,
      row: (b, t) => (place ? place[b * length + t]! : b * length + t),
    });
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
};

export interface Rotation {
  /** Batch entries, heads, steps. */
  readonly dims: readonly [number, number, number];
  /** Offset of the first feature of a head at a step. */
  base(b: number, h: number, t: number): number;
  /** Features of a head that are rotated, from the first on. */
  readonly rotated: number;
  /** Pairs are neighbours instead of lying half of the features apart. */
  readonly interleaved: boolean;
  /** Tables [rows, rotated / 2]. */
  readonly cosines: Tensor;
  readonly sines: Tensor;
  /** Row of the tables for a step. */
  row(b: number, t: number): number;
}

/** The values with their pairs of features rotated. */
export function rotate(values: ArrayLike<number>, rotation: Rotation): Float64Array {
  const { dims, base, rotated, interleaved, cosines, sines, row } = rotation;
  const [batch, heads, length] = dims;
  const [cos, sin] = [numbersOf(cosines), numbersOf(sines)];
  const columns = cosines.dims.at(-1)!;
  const half = rotated / 2;
  const out = Float64Array.from(values);
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < length; t++) {
      const angle = row(b, t) * columns;
      for (let h = 0; h < heads; h++) {
        const start = base(b, h, t);
        for (let i = 0; i < half; i++) {
          const first = start + (interleaved ? 2 * i : i);
          const second = start + (interleaved ? 2 * i + 1 : i + half);
          const [c, s] = [cos[angle + i]!, sin[angle + i]!];
          out[first] = c * values[first]! - s * values[second]!;
          out[second] = s * values[first]! + c * values[second]!;
        }
      }
    }
  return out;
}
