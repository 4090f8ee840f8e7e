import { expect, it } from 'vitest';
import { ChannelMagnitudes } from '../../../engine/rescaling/channel-magnitudes.ts';

const plain = { dims: [1, 2, 2, 3], layout: 'plain' } as const;
const ramp = Float32Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? i : -i));

it('reads channels along any axis of a row-major value', () => {
  const [rows, columns] = [new ChannelMagnitudes(2, 1), new ChannelMagnitudes(3, 3)];
  for (const state of [rows, columns]) state.update({ data: ramp, ...plain });
  expect([...rows.largest]).toEqual([5, 11]);
  expect([...rows.mean]).toEqual([15 / 6, 51 / 6]);
  expect([...columns.largest]).toEqual([9, 10, 11]);
});

it('reads the same of a value that the executor holds with its channels last', () => {
  // Element (0, c, h, w) lies at (h·3 + w)·2 + c.
  const moved = Float32Array.from({ length: 12 }, (_, at) => ramp[(at % 2) * 6 + Math.floor(at / 2)]!);
  for (const [channels, axis] of [
    [2, 1],
    [2, 2],
    [3, 3],
  ] as const) {
    const [own, other] = [new ChannelMagnitudes(channels, axis), new ChannelMagnitudes(channels, axis)];
    own.update({ data: ramp, ...plain });
    other.update({ data: moved, dims: plain.dims, layout: 'channels-last' });
    expect([...other.largest]).toEqual([...own.largest]);
    expect([...other.mean]).toEqual([...own.mean]);
  }
});

it('averages over samples, and leaves out what is not finite', () => {
  const state = new ChannelMagnitudes(2, 1);
  state.update({ data: Float32Array.of(2, Number.NaN), dims: [1, 2], layout: 'plain' });
  state.update({ data: Float32Array.of(-4, 6), dims: [1, 2], layout: 'plain' });
  expect([...state.mean]).toEqual([3, 3]);
  expect([...state.largest]).toEqual([4, 6]);
});

it('goes on from what was saved', () => {
  const [whole, first, second] = [0, 1, 2].map(() => new ChannelMagnitudes(2, 1)) as [
    ChannelMagnitudes,
    ChannelMagnitudes,
    ChannelMagnitudes,
  ];
  const next = { data: ramp.map((value) => 3 - value), ...plain };
  whole.update({ data: ramp, ...plain });
  whole.update(next);
  first.update({ data: ramp, ...plain });
  second.restore(first.save());
  second.update(next);
  expect(second.save()).toEqual(whole.save());
});
