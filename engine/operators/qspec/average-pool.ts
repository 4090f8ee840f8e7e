import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { ArithmeticKind, Rescale } from '../../quantize/arithmetic/arithmetic.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, floatAttribute, intAttribute, intsAttribute } from '../shared/attributes.ts';
import { inputType, valueType } from '../shared/types.ts';
import {
  allocateCodes,
  arithmeticOf,
  clampCode,
  codesOf,
  type OutputCodes,
  offsets,
  outputCodes,
} from './requantization.ts';

/** Rescaling of a sum over `count` elements: x_scale / (y_scale·count). */
function meanRescale(node: GraphNode, kind: ArithmeticKind, count: number): Rescale {
  const scale = (name: string) => Math.fround(floatAttribute(node, name, 1));
  return kind.rescale(scale('x_scale'), 1, Math.fround(scale('y_scale') * count));
}

/**
 * Mean over all spatial axes. acc = Σ (x − x_zero_point); then rescaling by x_scale / (y_scale·count). Attributes:
 * `x_scale`, `y_scale`, `x_zero_point`, `y_zero_point`, `low`, `high`, `output`, `arithmetic`.
 */
export const qglobalAveragePool: Operator = {
  op: 'QGlobalAveragePool',
  domain: 'qspec',
  opsets: [1, 1],
  infer(node, context) {
    const dims = inputType(node, 0, context).dims?.map((dim, axis) => (axis < 2 ? dim : 1));
    return [valueType(outputCodes(node).dtype, dims)];
  },
  evaluate(node, [x]) {
    const values = offsets(codesOf(node, x, 'Input'), intAttribute(node, 'x_zero_point', 0));
    const planes = x!.dims[0]! * x!.dims[1]!;
    const count = planes === 0 ? 0 : values.length / planes;
    const output = outputCodes(node);
    const kind = arithmeticOf(node);
    const by = meanRescale(node, kind, count);
    const out = allocateCodes(output.dtype, planes);
    for (let plane = 0; plane < planes; plane++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += values[plane * count + i]!;
      out[plane] = clampCode(kind.apply(sum, by), output);
    }
    return [{ dtype: output.dtype, dims: x!.dims.map((dim, axis) => (axis < 2 ? dim : 1)), data: out }];
  },
};

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly countIncludePad: boolean;
}

function windowOf(node: GraphNode, spatial: number): Window {
  const kernel = intsAttribute(node, 'kernel_shape');
  if (kernel === undefined || spatial < 1 || spatial > 2)
    fail('model/rank', `${describe(node)} pools over ${spatial} axes; integer average pooling knows 1 and 2.`);
  const fill = (values: number[] | undefined, value: number, count: number) =>
    values ?? new Array<number>(count).fill(value);
  const strides = fill(intsAttribute(node, 'strides'), 1, spatial);
  const pads = fill(intsAttribute(node, 'pads'), 0, 2 * spatial);
  const countIncludePad = intAttribute(node, 'count_include_pad', 0) === 1;
  return spatial === 2
    ? { kernel, strides, pads, countIncludePad }
    : { kernel: [1, kernel[0]!], strides: [1, strides[0]!], pads: [0, pads[0]!, 0, pads[1]!], countIncludePad };
}

function pooledSize(node: GraphNode, input: number, axis: number, { kernel, strides, pads }: Window): number {
  const room = input + pads[axis]! + pads[axis + 2]! - kernel[axis]!;
  const ceil = intAttribute(node, 'ceil_mode', 0) === 1;
  const size = (ceil ? Math.ceil : Math.floor)(room / strides[axis]!) + 1;
  // A last window that would start in the padding behind the input is dropped.
  return ceil && (size - 1) * strides[axis]! >= input + pads[axis]! ? size - 1 : size;
}

/**
 * Average pooling over one or two spatial axes; like `QGlobalAveragePool`, the count being that of the window (of its
 * part inside the input unless `count_include_pad`).
 */
export const qaveragePool: Operator = {
  op: 'QAveragePool',
  domain: 'qspec',
  opsets: [1, 1],
  infer(node, context) {
    const { dims } = inputType(node, 0, context);
    const { dtype } = outputCodes(node);
    if (dims === undefined) return [{ dtype }];
    const spatial = dims.length - 2;
    const window = windowOf(node, spatial);
    const out = dims.map((dim, axis): Dimension => {
      if (axis < 2 || typeof dim !== 'number') return dim;
      return pooledSize(node, dim, spatial === 1 ? 1 : axis - 2, window);
    });
    return [{ dtype, dims: out }];
  },
  evaluate(node, [x]) {
    const spatial = x!.dims.length - 2;
    const window = windowOf(node, spatial);
    return [pool(node, x!, window, outputCodes(node))];
  },
};

function pool(node: GraphNode, x: Tensor, window: Window, output: OutputCodes): Tensor {
  const { kernel, strides, pads, countIncludePad } = window;
  const values = offsets(codesOf(node, x, 'Input'), intAttribute(node, 'x_zero_point', 0));
  const planes = x.dims[0]! * x.dims[1]!;
  const height = x.dims.length === 3 ? 1 : x.dims[2]!;
  const width = x.dims.at(-1)!;
  const rows = pooledSize(node, height, 0, window);
  const columns = pooledSize(node, width, 1, window);
  const kind = arithmeticOf(node);
  const rescales = new Map<number, Rescale>();
  const out = allocateCodes(output.dtype, planes * rows * columns);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < rows; y++) {
      const [top, bottom, tall] = span(y, strides[0]!, pads[0]!, pads[2]!, kernel[0]!, height);
      for (let z = 0; z < columns; z++) {
        const [left, right, wide] = span(z, strides[1]!, pads[1]!, pads[3]!, kernel[1]!, width);
        let sum = 0;
        for (let i = top; i < bottom; i++)
          for (let j = left; j < right; j++) sum += values[(plane * height + i) * width + j]!;
        const count = countIncludePad ? tall * wide : (bottom - top) * (right - left);
        let by = rescales.get(count);
        if (by === undefined) {
          by = meanRescale(node, kind, count);
          rescales.set(count, by);
        }
        out[at++] = clampCode(kind.apply(sum, by), output);
      }
    }
  }
  const dims = x.dims.length === 3 ? [x.dims[0]!, x.dims[1]!, columns] : [x.dims[0]!, x.dims[1]!, rows, columns];
  return { dtype: output.dtype, dims, data: out };
}

/** First and end index of a window inside the input, and its length inside the padded input. */
function span(
  index: number,
  stride: number,
  before: number,
  after: number,
  kernel: number,
  size: number,
): readonly [from: number, to: number, padded: number] {
  const start = index * stride - before;
  const end = Math.min(start + kernel, size + after);
  return [Math.max(start, 0), Math.min(end, size), end - start];
}
