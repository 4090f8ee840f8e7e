import { lowerQBinary } from '../../executor/lowerings/integer.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { floatAttribute, intAttribute } from '../shared/attributes.ts';
import { broadcastOffsets, broadcastShape } from '../shared/broadcast.ts';
import { broadcastDims, inputType, valueType } from '../shared/types.ts';
import { allocateCodes, arithmeticOf, clampCode, codesOf, offsets, outputCodes } from './requantization.ts';

/** Scales of both operands and the output, from the attributes `a_scale`, `b_scale`, `y_scale`. */
function scales(node: GraphNode) {
  const scale = (name: string) => Math.fround(floatAttribute(node, name, 1));
  return { a: scale('a_scale'), b: scale('b_scale'), output: scale('y_scale') };
}

/**
 * A binary operator on codes with numpy broadcasting. Attributes: `a_scale`, `b_scale`, `y_scale`; `a_zero_point`,
 * `b_zero_point`, `y_zero_point`; `low`, `high`, `output`, `arithmetic`.
 */
function binaryOperator(
  op: string,
  fn: 'add' | 'mul',
  make: (node: GraphNode) => (a: number, b: number) => number,
): Operator {
  return {
    op,
    domain: 'qspec',
    opsets: [1, 1],
    infer(node, context) {
      const dims = broadcastDims(node, [inputType(node, 0, context).dims, inputType(node, 1, context).dims]);
      return [valueType(outputCodes(node).dtype, dims)];
    },
    evaluate(node, [a, b]) {
      const left = offsets(codesOf(node, a, 'First input'), intAttribute(node, 'a_zero_point', 0));
      const right = offsets(codesOf(node, b, 'Second input'), intAttribute(node, 'b_zero_point', 0));
      const dims = broadcastShape([a!.dims, b!.dims]);
      const leftAt = broadcastOffsets(a!.dims, dims);
      const rightAt = broadcastOffsets(b!.dims, dims);
      const output = outputCodes(node);
      const apply = make(node);
      const out = allocateCodes(output.dtype, elementCount(dims));
      for (let i = 0; i < out.length; i++)
        out[i] = clampCode(apply(left[leftAt?.[i] ?? i]!, right[rightAt?.[i] ?? i]!), output);
      return [{ dtype: output.dtype, dims, data: out }];
    },
    lower: lowerQBinary(fn),
  };
}

/** Sum of two tensors of different scales: the arithmetic's own `add`. */
export const qadd = binaryOperator('QAdd', 'add', (node) => arithmeticOf(node).add(scales(node)));

/** Product: the integer product rescaled by a_scale·b_scale / y_scale. */
export const qmul = binaryOperator('QMul', 'mul', (node) => {
  const kind = arithmeticOf(node);
  const { a, b, output } = scales(node);
  const by = kind.rescale(a, b, output);
  return (x, y) => kind.apply(x * y, by);
});
