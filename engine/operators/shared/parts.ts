import { attribute } from '../../graph/build.ts';
import type { Attribute } from '../../graph/graph.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../tensor.ts';
import type { Parts } from '../decomposition.ts';

/** What decompositions are made of. */

/** A constant of one float32 number. */
export function addNumber(parts: Parts, value: number): string {
  return parts.tensor(float32Tensor([], Float32Array.of(value)));
}

export function addReshape(parts: Parts, x: string, dims: readonly number[], output?: string): string {
  return parts.add('Reshape', [x, parts.tensor(int64Tensor([dims.length], dims))], {}, output ? { output } : {});
}

export function addTranspose(parts: Parts, x: string, perm: readonly number[], output?: string): string {
  return parts.add('Transpose', [x], { perm: attribute.ints(perm) }, output ? { output } : {});
}

/** x · factor; x itself where that is all. */
export function addScaled(parts: Parts, x: string, factor: number): string {
  return factor === 1 ? x : parts.add('Mul', [x, addNumber(parts, factor)]);
}

/** Clip in the form of the model's operator set: bounds were attributes before 11. */
export function addClip(parts: Parts, x: string, low: number, high: number, output?: string): string {
  const to = output ? { output } : {};
  if (parts.opset < 11) return parts.add('Clip', [x], { min: attribute.float(low), max: attribute.float(high) }, to);
  return parts.add('Clip', [x, addNumber(parts, low), addNumber(parts, high)], {}, to);
}

/** Attributes of `qspec.FakeQuantize`. */
export function fakeQuantization(
  scale: Tensor,
  [low, high]: readonly [number, number],
  axis?: number,
): Record<string, Attribute> {
  return {
    scale: attribute.tensor(scale),
    zero_point: attribute.tensor({ dtype: 'int32', dims: [1], data: new Int32Array(1) }),
    low: attribute.int(low),
    high: attribute.int(high),
    ...(axis !== undefined && { axis: attribute.int(axis) }),
  };
}

/** Rounds to nearest, ties to even, within [low, high]: a fake quantiser of scale 1. */
export function addRoundNearest(parts: Parts, x: string, range: readonly [number, number]): string {
  const one = float32Tensor([1], Float32Array.of(1));
  return parts.add('FakeQuantize', [x], fakeQuantization(one, range), { domain: 'qspec' });
}

/** The permutation that moves the last of `rank` axes to place 1 (channels first), and the one back. */
export function channelsFirst(rank: number): number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}

export function channelsLast(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

/** Mean over an axis that stays with size 1; axes were an attribute before operator set 18. */
export function addMean(parts: Parts, x: string, axis: number): string {
  if (parts.opset < 18) return parts.add('ReduceMean', [x], { axes: attribute.ints([axis]) });
  return parts.add('ReduceMean', [x, parts.tensor(int64Tensor([1], [axis]))]);
}
