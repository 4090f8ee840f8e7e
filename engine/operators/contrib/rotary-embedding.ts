import { fail } from '../../findings.ts';
import { rotate } from '../attention/rotary-embedding.ts';
import { checkedIndex } from '../indexing/gather.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { integersOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { requireRank, sameAsInput } from '../shared/types.ts';

/**
 * Rotates pairs of features: x [batch, length, heads·size] or [batch, heads, length, size]; position of each step [batch,
 * length] or that of the first one [1]; tables of cosines and sines [positions, rotated / 2].
 */
export const rotaryEmbedding: Operator = {
  op: 'RotaryEmbedding',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const types = sameAsInput(node, context);
    requireRank(node, 'The input', types[0]!, 3, 4);
    return types;
  },
  evaluate(node, [x, positions, cosines, sines]) {
    const packed = x!.dims.length === 3;
    const [batch, length] = [x!.dims[0]!, x!.dims[packed ? 1 : 2]!];
    const own = intAttribute(node, 'rotary_embedding_dim', 0);
    const width = x!.dims[2]!;
    const heads = packed
      ? own > 0
        ? intAttribute(node, 'num_heads', 0)
        : width / (2 * cosines!.dims[1]!)
      : x!.dims[1]!;
    const size = packed ? width / heads : x!.dims[3]!;
    const rotated = own || size;
    if (!Number.isInteger(heads) || !Number.isInteger(size) || rotated > size || cosines!.dims[1]! * 2 < rotated)
      fail('model/shape', `The heads of ${describe(node)} do not fit its tables of ${cosines!.dims[1]} angles.`);
    if (intAttribute(node, 'is_packed_batching', 0) !== 0)
      fail('model/operator-unsupported', `${describe(node)} reads batches without padding, which QSpec does not do.`);
    const places = integersOf(positions!);
    const place = (b: number, t: number) => (places.length === 1 ? places[0]! + t : places[b * length + t]!);
    const out = rotate(numbersOf(x!), {
      dims: [batch, heads, length],
      base: (b, h, t) => (packed ? ((b * length + t) * heads + h) * size : ((b * heads + h) * length + t) * size),
      rotated,
      interleaved: intAttribute(node, 'interleaved', 0) !== 0,
      cosines: cosines!,
      sines: sines!,
      row: (b, t) => checkedIndex(node, place(b, t), cosines!.dims[0]!),
    });
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
};
