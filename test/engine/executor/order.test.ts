import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  channelsLastOrder,
  logicalStrides,
  type Order,
  plainOrder,
  reorder,
  reshapedOrder,
  sameOrder,
  transposedOrder,
} from '../../../engine/executor/order.ts';

const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

/** Dims with many ones, and a random physical order of them. */
const valueArbitrary = fc.array(fc.constantFrom(1, 1, 2, 3, 4, 6), { minLength: 1, maxLength: 5 }).chain((dims) =>
  fc.record({
    dims: fc.constant(dims),
    order: fc.shuffledSubarray(plainOrder(dims.length) as number[], { minLength: dims.length }),
  }),
);

/** The elements of a value with logical numbers 0, 1, 2, … laid out in `order`. */
function laidOut(dims: readonly number[], order: Order): number[] {
  const target = new Array<number>(product(dims));
  reorder(
    dims,
    plainOrder(dims.length),
    order,
    Array.from({ length: product(dims) }, (_, i) => i),
    target,
  );
  return target;
}

/** All ways to write a product as dims of at most five axes, ones included. */
function factorisations(total: number, depth = 4): number[][] {
  if (depth === 0) return [[total]];
  const result: number[][] = [[total]];
  for (let d = 1; d <= total; d++)
    if (total % d === 0) for (const rest of factorisations(total / d, depth - 1)) result.push([d, ...rest]);
  return result;
}

describe('physical axis orders', () => {
  it('channels-last moves axis 1 to the end, and only from rank 3', () => {
    expect(channelsLastOrder(4)).toEqual([0, 2, 3, 1]);
    expect(channelsLastOrder(3)).toEqual([0, 2, 1]);
    expect(channelsLastOrder(2)).toEqual([0, 1]);
  });

  it('sees that axes of size 1 do not tell orders apart', () => {
    expect(sameOrder([1, 8, 1, 1], plainOrder(4), channelsLastOrder(4))).toBe(true);
    expect(sameOrder([5, 1, 3, 4], plainOrder(4), channelsLastOrder(4))).toBe(true);
    expect(sameOrder([1, 2, 3, 1], plainOrder(4), channelsLastOrder(4))).toBe(false);
  });

  it('calls two orders the same exactly when the elements lie alike', () => {
    fc.assert(
      fc.property(valueArbitrary, fc.nat(), ({ dims, order }, turn) => {
        const other = order.map((_, i) => order[(i + turn) % order.length]!);
        expect(sameOrder(dims, order, other)).toBe(laidOut(dims, order).join() === laidOut(dims, other).join());
      }),
    );
  });

  it('reorders there and back', () => {
    fc.assert(
      fc.property(valueArbitrary, ({ dims, order }) => {
        const there = laidOut(dims, order);
        const back = new Array<number>(there.length);
        reorder(dims, order, plainOrder(dims.length), there, back);
        expect(back).toEqual(back.map((_, i) => i));
      }),
    );
  });

  it('strides address the element that reorder put there', () => {
    expect(logicalStrides([2, 3, 4, 5], [0, 2, 3, 1])).toEqual([60, 1, 15, 3]);
  });

  it('an NHWC graph that transposes to NCHW is channels-last without moving anything', () => {
    expect(transposedOrder(plainOrder(4), [0, 3, 1, 2])).toEqual([0, 2, 3, 1]);
  });

  it('a transposed value lies in its input’s memory', () => {
    fc.assert(
      fc.property(valueArbitrary, fc.nat(), ({ dims, order }, turn) => {
        const perm = dims.map((_, i) => (i + turn) % dims.length);
        const transposedDims = perm.map((axis) => dims[axis]!);
        // Logical element numbers of the transpose, read through the input's memory.
        const memory = laidOut(dims, order);
        const plain = new Array<number>(memory.length);
        reorder(transposedDims, transposedOrder(order, perm), plainOrder(dims.length), memory, plain);
        const expected = new Array<number>(memory.length);
        reorder(
          dims,
          plainOrder(dims.length),
          perm,
          memory.map((_, i) => i),
          expected,
        );
        expect(plain).toEqual(expected);
      }),
    );
  });

  it.each([
    ['flatten of a pooled value', [1, 64, 1, 1], channelsLastOrder(4), [1, 64], plainOrder(2)],
    ['heads of a detector, already transposed', [1, 30, 40, 6], plainOrder(4), [1, 2400, 3, 1], plainOrder(4)],
    [
      'splitting the channels of a channels-last value',
      [1, 9, 4, 4],
      channelsLastOrder(4),
      [1, 3, 3, 4, 4],
      [0, 3, 4, 1, 2],
    ],
    ['flattening a channels-last image', [1, 8, 4, 4], channelsLastOrder(4), [1, 128], undefined],
  ] as const)('reshape without a copy: %s', (_, from, order, to, expected) => {
    expect(reshapedOrder(from, order, to)).toEqual(expected);
  });

  it('never claims a reshape that would change the elements, and finds every one of a plain value', () => {
    fc.assert(
      fc.property(valueArbitrary, fc.nat(), ({ dims, order }, pick) => {
        const options = factorisations(product(dims), 3);
        const to = options[pick % options.length]!;
        const result = reshapedOrder(dims, order, to);
        if (sameOrder(dims, order, plainOrder(dims.length))) expect(result).toBeDefined();
        if (!result) return;
        expect([...result].sort((a, b) => a - b)).toEqual(plainOrder(to.length));
        const plain = new Array<number>(product(dims));
        reorder(to, result, plainOrder(to.length), laidOut(dims, order), plain);
        expect(plain).toEqual(plain.map((_, i) => i));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
