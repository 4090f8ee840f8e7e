import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permute } from '../../../engine/data/axes.ts';
import { fitShape } from '../../../engine/data/fit.ts';
import { elementCount } from '../../../engine/tensor.ts';
import { counting } from './support/sources.ts';

const letters = 'hwctf';

describe('permute', () => {
  it('puts the element at every index where its letters say', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(shapes, fc.shuffledSubarray([...letters], { minLength: 5 }), (dims, order) => {
        const from = letters.slice(0, dims.length);
        const to = order.filter((letter) => from.includes(letter)).join('');
        const got = permute(Int32Array.from(counting(elementCount(dims))), dims, from, to, 'x');
        expect(got.dims).toEqual([...to].map((letter) => dims[from.indexOf(letter)]));
        for (let place = 0; place < got.data.length; place++) {
          // The index of the place by letter, then the place it came from.
          const index = new Map<string, number>();
          let rest = place;
          for (let axis = to.length - 1; axis >= 0; axis--) {
            index.set(to[axis]!, rest % got.dims[axis]!);
            rest = Math.floor(rest / got.dims[axis]!);
          }
          const source = [...from].reduce((at, letter, axis) => at * dims[axis]! + index.get(letter)!, 0);
          expect(got.data[place]).toBe(source);
        }
      }),
    );
  });
});

describe('fitShape', () => {
  it('keeps the number of elements and matches the input, or gives nothing', () => {
    const dim = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(
        fc.array(dim, { maxLength: 4 }),
        fc.array(fc.oneof(dim, fc.constant('N'), fc.constant(undefined)), { maxLength: 5 }),
        (sample, input) => {
          const shape = fitShape(sample, input);
          if (shape === undefined) return;
          expect(elementCount(shape)).toBe(elementCount(sample));
          expect(shape).toHaveLength(input.length);
          for (const [i, want] of input.entries()) if (typeof want === 'number') expect(shape[i]).toBe(want);
        },
      ),
    );
  });

  it('finds the place of a sample whose input has more dimensions of size 1', () => {
    const sizes = fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        sizes,
        fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
        fc.nat({ max: 3 }),
        (sample, places, named) => {
          const rest: (number | string)[] = sample.with(0, sample[0]!);
          rest[named % rest.length] = 'size';
          for (const place of places) rest.splice(place, 0, 1);
          const want = [
            1,
            ...rest.map((size) => (size === 'size' ? sample[named % sample.length]! : (size as number))),
          ];
          expect(fitShape(sample, ['N', ...rest])).toEqual(want);
        },
      ),
    );
  });

  it('never reorders: what is longer than 1 keeps its order, unless one side is a row', () => {
    const dim = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(fc.array(dim, { maxLength: 4 }), fc.array(dim, { maxLength: 4 }), (sample, rest) => {
        const shape = fitShape(sample, ['N', ...rest]);
        const long = (dims: readonly number[]) => dims.filter((size) => size > 1);
        if (shape === undefined || long(sample).length <= 1 || long(rest).length <= 1) return;
        expect(long(shape)).toEqual(long(sample));
      }),
    );
  });
});

it('a single number enters an input without dimensions, and nothing else does', () => {
  expect(fitShape([], [])).toEqual([]);
  expect(fitShape([1], [])).toBeUndefined();
});
