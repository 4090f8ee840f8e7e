import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { elementCount } from '../../tensor.ts';
import { describe } from '../shared/attributes.ts';

/** How Resize samples. */
export interface Sampling {
  readonly method: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  readonly extrapolation: number;
}

export interface AxisPlan {
  readonly axis: number;
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  /** Begin and end as fractions of the axis, for tf_crop_and_resize. */
  readonly region: readonly [number, number];
}

/** For one output position: input positions and their weights; none where it is extrapolated. */
interface Taps {
  readonly at: readonly number[];
  readonly weights: readonly number[];
}

/** Resamples axis by axis in double precision; the filters are separable. */
export function interpolate(
  node: GraphNode,
  values: ArrayLike<number>,
  dims: readonly number[],
  plans: readonly AxisPlan[],
  sampling: Sampling,
): { values: ArrayLike<number>; dims: number[] } {
  let now = values;
  const shape = [...dims];
  const outside: { axis: number; positions: number[] }[] = [];
  for (const plan of plans) {
    if (plan.input === plan.output && plan.scale === 1 && sampling.coordinates !== 'tf_crop_and_resize') continue;
    if (plan.input === 0 && plan.output > 0) fail('model/shape', `${describe(node)} enlarges an empty axis.`);
    const taps = Array.from({ length: plan.output }, (_, i) => tapsOf(node, plan, sampling, i));
    const positions = taps.flatMap((tap, i) => (tap.at.length === 0 ? [i] : []));
    if (positions.length > 0) outside.push({ axis: plan.axis, positions });
    now = resampleAxis(now, shape, plan.axis, taps);
    shape[plan.axis] = plan.output;
  }
  for (const { axis, positions } of outside) now = overwrite(now, shape, axis, positions, sampling.extrapolation);
  return { values: now, dims: shape };
}

function resampleAxis(
  values: ArrayLike<number>,
  dims: readonly number[],
  axis: number,
  taps: readonly Taps[],
): Float64Array {
  const inner = elementCount(dims.slice(axis + 1));
  const outer = elementCount(dims.slice(0, axis));
  const size = dims[axis]!;
  const out = new Float64Array(outer * taps.length * inner);
  for (let o = 0; o < outer; o++)
    for (const [p, { at, weights }] of taps.entries()) {
      poll();
      const row = (o * taps.length + p) * inner;
      for (let k = 0; k < at.length; k++) {
        const weight = weights[k]!;
        const from = (o * size + at[k]!) * inner;
        for (let i = 0; i < inner; i++) out[row + i]! += weight * values[from + i]!;
      }
    }
  return out;
}

function overwrite(
  values: ArrayLike<number>,
  dims: readonly number[],
  axis: number,
  positions: readonly number[],
  value: number,
): Float64Array {
  const out = Float64Array.from(values);
  const inner = elementCount(dims.slice(axis + 1));
  const outer = elementCount(dims.slice(0, axis));
  for (let o = 0; o < outer; o++)
    for (const position of positions) {
      const row = (o * dims[axis]! + position) * inner;
      out.fill(value, row, row + inner);
    }
  return out;
}

function tapsOf(node: GraphNode, plan: AxisPlan, sampling: Sampling, position: number): Taps {
  const x = sourceCoordinate(node, plan, sampling, position);
  if (sampling.coordinates === 'tf_crop_and_resize' && (x < 0 || x > plan.input - 1)) return { at: [], weights: [] };
  const clamp = (at: number) => Math.min(Math.max(at, 0), plan.input - 1);
  if (sampling.method === 'nearest') return { at: [clamp(nearestPosition(node, sampling, x))], weights: [1] };
  const base = Math.floor(x);
  const { first, weights } = filter(sampling, x - base, plan.scale);
  const inside = (k: number) => base + first + k >= 0 && base + first + k < plan.input;
  const kept = sampling.excludeOutside ? weights.map((weight, k) => (inside(k) ? weight : 0)) : weights;
  const sum = kept.reduce((a, b) => a + b, 0);
  return {
    at: kept.map((_, k) => clamp(base + first + k)),
    weights: sampling.excludeOutside ? kept.map((weight) => weight / sum) : kept,
  };
}

/** Where an output position lies in the input, by `coordinate_transformation_mode`. */
export function sourceCoordinate(node: GraphNode, plan: AxisPlan, sampling: Sampling, position: number): number {
  const { input, scale, region } = plan;
  const length = scale * input;
  const halfPixel = (position + 0.5) / scale - 0.5;
  switch (sampling.coordinates) {
    case 'half_pixel':
      return halfPixel;
    case 'half_pixel_symmetric':
      return (input / 2) * (1 - plan.output / length) + halfPixel;
    case 'pytorch_half_pixel':
      return length === 1 ? -0.5 : halfPixel;
    case 'align_corners':
      return length === 1 ? 0 : (position * (input - 1)) / (length - 1);
    case 'asymmetric':
      return position / scale;
    case 'tf_half_pixel_for_nn':
      return (position + 0.5) / scale;
    case 'tf_crop_and_resize': {
      const [from, to] = region;
      const start = from * (input - 1);
      return length === 1
        ? start + ((to - from) * (input - 1)) / 2
        : start + (position * (to - from) * (input - 1)) / (length - 1);
    }
    default:
      fail('model/attribute', `${describe(node)} maps coordinates by “${sampling.coordinates}”.`);
  }
}

/** The input position that stands for a point, before it is clamped to the input. */
export function nearestPosition(node: GraphNode, sampling: Sampling, x: number): number {
  switch (sampling.nearest) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    default:
      fail('model/attribute', `${describe(node)} rounds by “${sampling.nearest}”.`);
  }
}

/** Weights of the inputs `base + first …` for a point `ratio` behind `base`; widened where `antialias` shrinks. */
function filter(sampling: Sampling, ratio: number, scale: number): { first: number; weights: number[] } {
  const narrow = sampling.antialias ? Math.min(scale, 1) : 1;
  const kernel = sampling.method === 'linear' ? triangle : cubic(sampling.cubic);
  const reach = sampling.method === 'linear' ? 1 : 2;
  const first = Math.floor(-reach / narrow) + 1;
  const weights = Array.from({ length: 2 - 2 * first }, (_, k) => kernel(Math.abs(narrow * (first + k - ratio))));
  if (!sampling.antialias) return { first, weights };
  const sum = weights.reduce((a, b) => a + b, 0);
  return { first, weights: weights.map((weight) => weight / sum) };
}

function triangle(distance: number): number {
  return Math.max(0, 1 - distance);
}

/** Keys' cubic convolution with parameter a. */
function cubic(a: number): (distance: number) => number {
  return (x) => {
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return a * (((x - 5) * x + 8) * x - 4);
    return 0;
  };
}
