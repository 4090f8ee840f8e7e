import { lowerQAveragePool, lowerQGlobalAveragePool } from '../../executor/lowerings/integer.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { ArithmeticKind, Rescale } from '../../quantize/arithmetic/arithmetic.ts';
import type { Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, floatAttribute, intAttribute } from '../shared/attributes.ts';
import { inputType, valueType } from '../shared/types.ts';
import { resolvePads, windowOf, windowOutput, windowPositions } from '../shared/windows.ts';
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
  lower: lowerQGlobalAveragePool,
};

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
    const window = windowOf(node, dims.length - 2);
    return [{ dtype, dims: [dims[0], dims[1], ...windowOutput(node, window, dims.slice(2))] }];
  },
  evaluate(node, [x]) {
    return [pool(node, x!, outputCodes(node))];
  },
  lower: lowerQAveragePool,
};

function pool(node: GraphNode, x: Tensor, output: OutputCodes): Tensor {
  const sizes = x.dims.slice(2);
  if (sizes.length !== 1 && sizes.length !== 2)
    fail('model/rank', `${describe(node)} pools over ${sizes.length} axes; integer average pooling knows 1 and 2.`);
  const window = windowOf(node, sizes.length);
  const { begin, end } = resolvePads(window, sizes);
  const out = sizes.map((size, axis) => windowPositions(window, axis, size));
  const padded = intAttribute(node, 'count_include_pad', 0) === 1;
  // One axis is a height of 1 that needs no window.
  const spans = sizes.map((size, axis) =>
    Array.from({ length: out[axis]! }, (_, i) =>
      span(i * window.strides[axis]! - begin[axis]!, window.kernel[axis]!, size, end[axis]!),
    ),
  );
  const whole: Span = { from: 0, to: 1, padded: 1 };
  const [rows, columns] = sizes.length === 1 ? [[whole], spans[0]!] : [spans[0]!, spans[1]!];
  const [height, width] = sizes.length === 1 ? [1, sizes[0]!] : [sizes[0]!, sizes[1]!];

  const values = offsets(codesOf(node, x, 'Input'), intAttribute(node, 'x_zero_point', 0));
  const planes = x.dims[0]! * x.dims[1]!;
  const kind = arithmeticOf(node);
  const rescales = new Map<number, Rescale>();
  const codes = allocateCodes(output.dtype, planes * rows.length * columns.length);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (const row of rows) {
      for (const column of columns) {
        let sum = 0;
        for (let i = row.from; i < row.to; i++)
          for (let j = column.from; j < column.to; j++) sum += values[(plane * height + i) * width + j]!;
        const count = padded ? row.padded * column.padded : (row.to - row.from) * (column.to - column.from);
        const by = rescales.get(count) ?? meanRescale(node, kind, count);
        rescales.set(count, by);
        codes[at++] = clampCode(kind.apply(sum, by), output);
      }
    }
  }
  return { dtype: output.dtype, dims: [x.dims[0]!, x.dims[1]!, ...out], data: codes };
}

/** A window on one axis: its part inside the input, and its length inside the padded input. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly padded: number;
}

function span(start: number, kernel: number, size: number, padEnd: number): Span {
  const end = Math.min(start + kernel, size + padEnd);
  return { from: Math.max(start, 0), to: Math.min(end, size), padded: end - start };
}
