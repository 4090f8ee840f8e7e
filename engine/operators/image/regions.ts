import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import {
  describe,
  floatAttribute,
  intAttribute,
  intsAttribute,
  missing,
  stringAttribute,
} from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { integersOf, numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { dimensionInput, inputType, requireRank, valueType } from '../shared/types.ts';

/** Boxes that survive non-maximum suppression, as [batch, class, box], best first within batch entry and class. */
export const nonMaxSuppression: Operator = {
  op: 'NonMaxSuppression',
  domain: '',
  opsets: [10, newestOpset],
  infer: () => [valueType('int64', [undefined, 3])],
  evaluate(node, [boxes, scores, most, overlap, threshold]) {
    const limit = most ? scalarOf(most) : 0;
    const largest = overlap ? scalarOf(overlap) : 0;
    const least = threshold ? scalarOf(threshold) : -Infinity;
    const centred = intAttribute(node, 'center_point_box', 0) !== 0;
    const [batch, classes, count] = scores!.dims as [number, number, number];
    const corners = numbersOf(boxes!);
    const values = numbersOf(scores!);
    const found: number[] = [];
    for (let n = 0; n < batch; n++) {
      const area = Array.from({ length: count }, (_, i) => rectangle(corners, (n * count + i) * 4, centred));
      for (let c = 0; c < classes; c++) {
        const score = (i: number) => values[(n * classes + c) * count + i]!;
        const order = Array.from({ length: count }, (_, i) => i).filter((i) => score(i) > least);
        order.sort((a, b) => score(b) - score(a) || a - b);
        const kept: number[] = [];
        for (const i of order) {
          if (kept.length >= limit) break;
          if (kept.every((other) => intersectionOverUnion(area[i]!, area[other]!) <= largest)) kept.push(i);
        }
        for (const i of kept) found.push(n, c, i);
      }
    }
    return [tensorOf('int64', [found.length / 3, 3], found)];
  },
};

type Rectangle = readonly [top: number, left: number, bottom: number, right: number];

function rectangle(values: ArrayLike<number>, at: number, centred: boolean): Rectangle {
  const [a, b, c, d] = [values[at]!, values[at + 1]!, values[at + 2]!, values[at + 3]!];
  if (centred) return [b - d / 2, a - c / 2, b + d / 2, a + c / 2];
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

function intersectionOverUnion(a: Rectangle, b: Rectangle): number {
  const height = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const width = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const common = height * width;
  const union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common;
  return union > 0 ? common / union : 0;
}

/** Pools regions of x [N, C, H, W] to a fixed size from bilinear samples: regions [R, 4] as x1, y1, x2, y2. */
export const roiAlign: Operator = {
  op: 'RoiAlign',
  domain: '',
  opsets: [10, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 4);
    const height = intAttribute(node, 'output_height', 1);
    const width = intAttribute(node, 'output_width', 1);
    return [valueType(x.dtype, [inputType(node, 1, context).dims?.[0], x.dims?.[1], height, width])];
  },
  evaluate(node, [x, rois, batches], { opset }) {
    const outH = intAttribute(node, 'output_height', 1);
    const outW = intAttribute(node, 'output_width', 1);
    const ratio = intAttribute(node, 'sampling_ratio', 0);
    const scale = floatAttribute(node, 'spatial_scale', 1);
    const half = opset >= 16 && stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel';
    const highest = stringAttribute(node, 'mode', 'avg') === 'max';
    const [, channels, height, width] = x!.dims as [number, number, number, number];
    const count = rois!.dims[0]!;
    const regions = numbersOf(rois!);
    const owner = integersOf(batches!);
    const values = numbersOf(x!);
    const out = new Float64Array(count * channels * outH * outW);
    for (let r = 0; r < count; r++) {
      poll();
      const shift = half ? 0.5 : 0;
      const [x1, y1, x2, y2] = [0, 1, 2, 3].map((i) => regions[r * 4 + i]! * scale - shift) as [
        number,
        number,
        number,
        number,
      ];
      const extent = (size: number) => (half ? size : Math.max(size, 1));
      const [binH, binW] = [extent(y2 - y1) / outH, extent(x2 - x1) / outW];
      const rows = ratio > 0 ? ratio : Math.ceil(extent(y2 - y1) / outH);
      const columns = ratio > 0 ? ratio : Math.ceil(extent(x2 - x1) / outW);
      if (rows * columns > 1 << 16)
        fail('run/too-large', `A region of ${describe(node)} is far larger than its input.`);
      for (let c = 0; c < channels; c++) {
        const base = (owner[r]! * channels + c) * height * width;
        for (let h = 0; h < outH; h++)
          for (let w = 0; w < outW; w++) {
            let sum = 0;
            let best = -Infinity;
            for (let i = 0; i < rows; i++)
              for (let j = 0; j < columns; j++) {
                const y = y1 + h * binH + ((i + 0.5) * binH) / rows;
                const z = x1 + w * binW + ((j + 0.5) * binW) / columns;
                const corners = bilinear(values, base, height, width, y, z);
                sum += corners.reduce((a, b) => a + b, 0);
                best = Math.max(best, ...corners);
              }
            const at = ((r * channels + c) * outH + h) * outW + w;
            out[at] = highest ? best : sum / Math.max(1, rows * columns);
          }
      }
    }
    return [tensorOf(x!.dtype, [count, channels, outH, outW], out)];
  },
};

/**
 * Largest element of each of the fixed number of bins that a region of x [N, C, H, W] is cut into: regions [R, 5] as index
 * in the batch, x1, y1, x2, y2, both ends included (Girshick, ICCV 2015). A bin without elements is 0.
 */
export const maxRoiPool: Operator = {
  op: 'MaxRoiPool',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const rois = inputType(node, 1, context);
    requireRank(node, 'The input', x, 4);
    requireRank(node, 'The regions', rois, 2);
    return [valueType(x.dtype, [rois.dims?.[0], x.dims?.[1], ...pooledShape(node)])];
  },
  evaluate(node, [x, rois]) {
    const [outH, outW] = pooledShape(node);
    const scale = floatAttribute(node, 'spatial_scale', 1);
    const [batch, channels, height, width] = x!.dims as [number, number, number, number];
    const count = rois!.dims[0]!;
    const regions = numbersOf(rois!);
    const values = numbersOf(x!);
    const out = new Float64Array(count * channels * outH * outW);
    for (let r = 0; r < count; r++) {
      const owner = regions[r * 5]!;
      if (!(owner >= 0 && owner < batch)) fail('run/position', `${describe(node)} pools a region of sample ${owner}.`);
      const [left, top, right, bottom] = [1, 2, 3, 4].map((i) =>
        roundAway(regions[r * 5 + i]! * scale),
      ) as unknown as Region;
      const rows = bins(top, bottom, outH, height);
      const columns = bins(left, right, outW, width);
      for (let c = 0; c < channels; c++) {
        const plane = (owner * channels + c) * height * width;
        for (let h = 0; h < outH; h++)
          for (let w = 0; w < outW; w++) {
            let best = -Infinity;
            for (let i = rows[h]![0]; i < rows[h]![1]; i++)
              for (let j = columns[w]![0]; j < columns[w]![1]; j++)
                best = Math.max(best, values[plane + i * width + j]!);
            out[((r * channels + c) * outH + h) * outW + w] = best === -Infinity ? 0 : best;
          }
      }
    }
    return [tensorOf(x!.dtype, [count, channels, outH, outW], out)];
  },
};

type Region = readonly [left: number, top: number, right: number, bottom: number];

function pooledShape(node: GraphNode): readonly [number, number] {
  const shape = intsAttribute(node, 'pooled_shape') ?? missing(node, 'pooled_shape');
  if (shape.length !== 2 || shape.some((size) => !(size > 0 && size <= 1 << 16)))
    fail('model/attribute', `Attribute “pooled_shape” of ${describe(node)} is not a height and a width.`);
  return shape as unknown as readonly [number, number];
}

function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

/** Where the bins of a region along one axis begin and end, inside of the image. Sizes are float32, as in runtimes. */
function bins(from: number, to: number, count: number, size: number): (readonly [number, number])[] {
  const step = Math.fround(Math.max(to - from + 1, 1) / count);
  const inside = (at: number) => Math.min(Math.max(at + from, 0), size);
  return Array.from({ length: count }, (_, i) => [
    inside(Math.floor(Math.fround(i * step))),
    inside(Math.ceil(Math.fround((i + 1) * step))),
  ]);
}

/** The four weighted corners around a point; none far outside. */
function bilinear(
  values: ArrayLike<number>,
  base: number,
  height: number,
  width: number,
  y: number,
  x: number,
): number[] {
  if (y < -1 || y > height || x < -1 || x > width) return [0, 0, 0, 0];
  const [top, left] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1)];
  const [y0, x0] = [Math.floor(top), Math.floor(left)];
  const [y1, x1] = [Math.min(y0 + 1, height - 1), Math.min(x0 + 1, width - 1)];
  const [fy, fx] = [top - y0, left - x0];
  const at = (i: number, j: number) => values[base + i * width + j]!;
  return [
    (1 - fy) * (1 - fx) * at(y0, x0),
    (1 - fy) * fx * at(y0, x1),
    fy * (1 - fx) * at(y1, x0),
    fy * fx * at(y1, x1),
  ];
}

/** Adds overlapping columns [N, C·kernel, positions] back into an image: the transpose of unfolding. */
export const col2Im: Operator = {
  op: 'Col2Im',
  domain: '',
  opsets: [18, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const image = dimensionInput(node, 1, context);
    const block = dimensionInput(node, 2, context);
    const size = block?.every((dim) => typeof dim === 'number') ? elementCount(block as number[]) : undefined;
    const columns = x.dims?.[1];
    const channels = typeof columns === 'number' && size ? columns / size : undefined;
    return [valueType(x.dtype, image && [x.dims?.[0], channels, ...image])];
  },
  evaluate(node, [x, imageShape, blockShape]) {
    const image = integersOf(imageShape!);
    const block = integersOf(blockShape!);
    const rank = image.length;
    const list = (name: string, fill: number, length: number) =>
      intsAttribute(node, name) ?? new Array<number>(length).fill(fill);
    const strides = list('strides', 1, rank);
    const dilations = list('dilations', 1, rank);
    const pads = list('pads', 0, 2 * rank);
    const positions = image.map(
      (size, i) =>
        Math.floor((size + pads[i]! + pads[i + rank]! - dilations[i]! * (block[i]! - 1) - 1) / strides[i]!) + 1,
    );
    const [batch, columns, length] = x!.dims as [number, number, number];
    const taps = elementCount(block);
    const channels = columns / taps;
    if (elementCount(positions) !== length || !Number.isInteger(channels))
      missing(node, 'matching block and image shapes');
    const values = numbersOf(x!);
    const plane = elementCount(image);
    const out = new Float64Array(batch * channels * plane);
    const index = (flat: number, dims: readonly number[]) => {
      const at = new Array<number>(dims.length);
      for (let i = dims.length - 1, rest = flat; i >= 0; i--) {
        at[i] = rest % dims[i]!;
        rest = Math.floor(rest / dims[i]!);
      }
      return at;
    };
    for (let t = 0; t < taps; t++)
      for (let p = 0; p < length; p++) {
        const [tap, position] = [index(t, block), index(p, positions)];
        let offset = 0;
        for (let i = 0; i < rank && offset >= 0; i++) {
          const at = position[i]! * strides[i]! + tap[i]! * dilations[i]! - pads[i]!;
          offset = at >= 0 && at < image[i]! ? offset * image[i]! + at : -1;
        }
        if (offset < 0) continue;
        for (let row = 0; row < batch * channels; row++)
          out[row * plane + offset]! += values[(row * taps + t) * length + p]!;
      }
    return [tensorOf(x!.dtype, [batch, channels, ...image], out)];
  },
};
