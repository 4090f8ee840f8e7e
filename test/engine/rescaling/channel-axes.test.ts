import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stridesOf } from '../../../engine/operators/shared/broadcast.ts';
import { beforeReshape, beforeTranspose } from '../../../engine/rescaling/channel-axes.ts';
import { elementCount } from '../../../engine/tensor.ts';

/** Channel of each element of a tensor, row-major. */
function channelsOf(dims: readonly number[], axes: readonly number[]): number[] {
  const strides = stridesOf(dims);
  return Array.from({ length: elementCount(dims) }, (_, at) =>
    axes.reduce((index, axis) => index * dims[axis]! + (Math.floor(at / strides[axis]!) % dims[axis]!), 0),
  );
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });

describe('channels before a reshape', () => {
  it('cut into heads and joined again lie where they were', () => {
    expect(beforeReshape([1, 6, 2, 4], [1, 6, 8], [2])).toEqual([2, 3]);
    expect(beforeReshape([1, 6, 8], [1, 6, 2, 4], [2, 3])).toEqual([2]);
  });

  it('need no dimension in front of them to be known', () => {
    expect(beforeReshape(['batch', undefined, 8], ['rows', 8], [1])).toEqual([2]);
    expect(beforeReshape([4, 8], ['rows', undefined], [1])).toBeUndefined();
  });

  it('are nowhere where they are cut across', () => {
    expect(beforeReshape([4, 6], [6, 4], [1])).toBeUndefined();
  });

  it('are those of the same elements, whatever the shapes', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), fc.nat(), (output, first, merged) => {
        const axes = [first % output.length];
        // The input: the same elements with two neighbouring axes in one.
        const at = merged % output.length;
        const input = [...output.slice(0, at), elementCount(output.slice(at, at + 2)), ...output.slice(at + 2)];
        const before = beforeReshape(input, output, axes);
        if (before !== undefined) expect(channelsOf(input, before)).toEqual(channelsOf(output, axes));
        const back = beforeReshape(output, input, [Math.min(axes[0]!, input.length - 1)]);
        if (back !== undefined)
          expect(channelsOf(output, back)).toEqual(channelsOf(input, [Math.min(axes[0]!, input.length - 1)]));
      }),
    );
  });
});

describe('channels before a transpose', () => {
  it('are those of the axes that it puts there', () => {
    expect(beforeTranspose([1, 3], [0, 2, 1, 3])).toEqual([2, 3]);
  });
});
