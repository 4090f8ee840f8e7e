import { fail } from '../../findings.ts';
import { elementCount } from '../../tensor.ts';
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
    const rotated = intAttribute(node, 'rotary_embedding_dim', 0) || size;
    const half = rotated / 2;
    const interleaved = intAttribute(node, 'interleaved', 0) !== 0;
    const values = numbersOf(x!);
    const [cos, sin] = [numbersOf(cosines!), numbersOf(sines!)];
    const place = positions && integersOf(positions);
    const columns = cosines!.dims.at(-1)!;
    const out = Float64Array.from(values);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < length; t++) {
          const base = packed ? ((b * length + t) * heads + h) * size : ((b * heads + h) * length + t) * size;
          const row = (place ? place[b * length + t]! : b * length + t) * columns;
          for (let i = 0; i < half; i++) {
            const first = base + (interleaved ? 2 * i : i);
            const second = base + (interleaved ? 2 * i + 1 : i + half);
            const [c, s] = [cos[row + i]!, sin[row + i]!];
            out[first] = c * values[first]! - s * values[second]!;
            out[second] = s * values[first]! + c * values[second]!;
          }
        }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
};
