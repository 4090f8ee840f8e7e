import { fail } from '../../findings.ts';
import { roundHalfEven } from '../../formats/rounding.ts';
import { poll } from '../../progress.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { integersOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { dimensionInput, inputType, requireRank, valueType } from '../shared/types.ts';

/** Samples x [N, C, spatial…] at points of a grid [N, outputs…, axes] with coordinates from −1 to 1 (last axis first). */
export const gridSample: Operator = {
  op: 'GridSample',
  domain: '',
  opsets: [16, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const grid = inputType(node, 1, context);
    requireRank(node, 'The input', x, 4, 5);
    if (x.dims === undefined || grid.dims === undefined) return [valueType(x.dtype, undefined)];
    return [valueType(x.dtype, [x.dims[0], x.dims[1], ...grid.dims.slice(1, -1)])];
  },
  evaluate(node, [x, grid]) {
    const spatial = x!.dims.slice(2);
    const axes = spatial.length;
    const method = stringAttribute(node, 'mode', 'linear').replace(/^bi/, '');
    const padding = stringAttribute(node, 'padding_mode', 'zeros');
    const aligned = intAttribute(node, 'align_corners', 0) !== 0;
    if (!['linear', 'nearest', 'cubic'].includes(method) || !['zeros', 'border', 'reflection'].includes(padding))
      fail('model/attribute', `${describe(node)} samples by “${method}” with “${padding}”.`);
    const [batch, channels] = x!.dims as [number, number];
    const points = elementCount(grid!.dims.slice(1, -1));
    const plane = elementCount(spatial);
    const values = numbersOf(x!);
    const where = numbersOf(grid!);
    const out = new Float64Array(batch * channels * points);
    for (let n = 0; n < batch; n++)
      for (let p = 0; p < points; p++) {
        poll();
        // The grid names the last axis first.
        const taps = spatial.map((size, axis) => {
          const at = where[(n * points + p) * axes + (axes - 1 - axis)]!;
          const position = aligned ? ((at + 1) / 2) * (size - 1) : ((at + 1) * size - 1) / 2;
          return axisTaps(position, size, method, padding, aligned);
        });
        for (let c = 0; c < channels; c++)
          out[(n * channels + c) * points + p] = gather(values, (n * channels + c) * plane, spatial, taps, 0);
      }
    return [tensorOf(x!.dtype, [batch, channels, ...grid!.dims.slice(1, -1)], out)];
  },
};

type Tap = readonly [at: number, weight: number];

function gather(
  values: ArrayLike<number>,
  base: number,
  dims: readonly number[],
  taps: readonly Tap[][],
  axis: number,
): number {
  if (axis === dims.length) return values[base]!;
  const stride = elementCount(dims.slice(axis + 1));
  let sum = 0;
  for (const [at, weight] of taps[axis]!)
    if (at >= 0 && weight !== 0) sum += weight * gather(values, base + at * stride, dims, taps, axis + 1);
  return sum;
}

/** Inputs and weights of one axis; index −1 stands for a zero outside. */
function axisTaps(position: number, size: number, method: string, padding: string, aligned: boolean): Tap[] {
  const place = (index: number) => {
    if (index >= 0 && index < size) return index;
    if (padding === 'zeros') return -1;
    if (padding === 'border') return Math.min(Math.max(index, 0), size - 1);
    return Math.min(Math.max(Math.round(reflect(index, size, aligned)), 0), size - 1);
  };
  if (Number.isNaN(position)) return [[-1, 0]];
  // Borders and mirrors move the point itself; the cubic kernel moves its inputs one by one.
  const moved =
    method === 'cubic' || padding === 'zeros'
      ? position
      : padding === 'border'
        ? Math.min(Math.max(position, 0), size - 1)
        : Math.min(Math.max(reflect(position, size, aligned), 0), size - 1);
  if (method === 'nearest') return [[place(roundHalfEven(moved)), 1]];
  const base = Math.floor(moved);
  const rest = moved - base;
  if (method === 'linear')
    return [
      [place(base), 1 - rest],
      [place(base + 1), rest],
    ];
  return [-1, 0, 1, 2].map((i): Tap => [place(base + i), keys(Math.abs(i - rest))]);
}

/** Folds a coordinate back into the axis: about the corner pixels, or about their outer edges. */
function reflect(position: number, size: number, aligned: boolean): number {
  const [low, high] = aligned ? [0, size - 1] : [-0.5, size - 0.5];
  const range = high - low;
  if (range === 0) return 0;
  const distance = Math.abs(position - low);
  const turns = Math.floor(distance / range);
  const rest = distance - turns * range;
  return turns % 2 === 0 ? low + rest : high - rest;
}

/** Keys' cubic kernel with a = −0.75. */
function keys(x: number): number {
  const a = -0.75;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0;
}

/** Grid of an affine map: theta [N, axes, axes + 1], output size [N, C, spatial…] -> [N, spatial…, axes]. */
export const affineGrid: Operator = {
  op: 'AffineGrid',
  domain: '',
  opsets: [20, newestOpset],
  infer(node, context) {
    const theta = inputType(node, 0, context);
    const size = dimensionInput(node, 1, context);
    return [valueType(theta.dtype, size && [size[0], ...size.slice(2), size.length - 2])];
  },
  evaluate(node, [theta, size]) {
    const aligned = intAttribute(node, 'align_corners', 0) !== 0;
    const [batch = 0, , ...spatial] = integersOf(size!);
    const axes = spatial.length;
    const matrix = numbersOf(theta!);
    const points = elementCount(spatial);
    const out = new Float64Array(batch * points * axes);
    const coordinate = (index: number, length: number) =>
      aligned ? (length === 1 ? 0 : (2 * index) / (length - 1) - 1) : (2 * index + 1) / length - 1;
    for (let p = 0; p < points; p++) {
      const point: number[] = [];
      let rest = p;
      for (const length of [...spatial].reverse()) {
        point.push(coordinate(rest % length, length));
        rest = Math.floor(rest / length);
      }
      for (let n = 0; n < batch; n++)
        for (let row = 0; row < axes; row++) {
          const from = (n * axes + row) * (axes + 1);
          const sum = point.reduce((total, value, i) => total + matrix[from + i]! * value, matrix[from + axes]!);
          out[(n * points + p) * axes + row] = sum;
        }
    }
    return [tensorOf(theta!.dtype, [batch, ...spatial, axes], out)];
  },
};
