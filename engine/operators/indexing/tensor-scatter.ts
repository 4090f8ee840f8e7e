import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { emptyLike, movable, numbersOf } from '../shared/numbers.ts';
import { normalizeAxis, sameAsInput } from '../shared/types.ts';

/** Writes an update into a cache along its sequence axis, from each batch entry's own position on (`circular`: wrapping). */
export const tensorScatter: Operator = {
  op: 'TensorScatter',
  domain: '',
  opsets: [24, newestOpset],
  infer: sameAsInput,
  evaluate(node, [cache, update, indices]) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -2), cache!.dims.length);
    const circular = stringAttribute(node, 'mode', 'linear') === 'circular';
    const { tensor, data } = emptyLike(cache!, cache!.dims);
    const before = movable(cache!);
    for (let i = 0; i < data.length; i++) data[i] = before[i];
    const from = movable(update!);
    const starts = indices && numbersOf(indices);
    const inner = elementCount(cache!.dims.slice(axis + 1));
    const size = cache!.dims[axis]!;
    const length = update!.dims[axis]!;
    const perBatch = elementCount(update!.dims.slice(1, axis));
    const rows = elementCount(update!.dims.slice(0, axis));
    for (let row = 0; row < rows; row++) {
      const start = starts ? starts[Math.floor(row / perBatch)]! : 0;
      for (let t = 0; t < length; t++) {
        const at = circular ? (start + t) % size : start + t;
        if (at >= size) continue;
        for (let i = 0; i < inner; i++) data[(row * size + at) * inner + i] = from[(row * length + t) * inner + i];
      }
    }
    return [tensor];
  },
};
