import { makeNode } from '../../graph/build.ts';
import type { Attribute, GraphNode } from '../../graph/graph.ts';
import type { DataType, Tensor } from '../../tensor.ts';
import { sigmoidOf } from '../elementwise/unary.ts';
import type { Operator } from '../operator.ts';
import { qadd, qmul } from '../qspec/binary.ts';
import { qlookup } from '../qspec/lookup.ts';
import { concat, joined } from '../shape/concat.ts';
import { where } from '../shape/where.ts';
import { floatAttribute, intAttribute, missing } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { broadcastDims, inputType, normalizeAxis, requireSameType, valueType } from '../shared/types.ts';
import {
  type CodeScale,
  codeScale,
  constantInputs,
  lookupTable,
  outputCodeAttributes,
  type ReadInput,
  scaleAttributes,
} from './code-scale.ts';

/**
 * Elementwise operators of ONNX Runtime on 8-bit codes. Each is one of the engine's own integer operators or a table once
 * scales and zero points are known; its arithmetic is that of `quantize/arithmetic/ort.ts`.
 */

const unknownScales = 'scales and zero points are only known while running';
const noContext = { opset: newestOpset, seed: 0, evaluateSubgraph: () => [] };

/** Inputs: A, its scale and zero point, B, its scale and zero point, scale and zero point of the result. */
function binary(op: string, integer: Operator): Operator {
  const attributesOf = (read: ReadInput, dtype: DataType): Record<string, Attribute> => ({
    ...scaleAttributes('a', codeScale(read, 1, dtype)!),
    ...scaleAttributes('b', codeScale(read, 4, dtype)!),
    ...outputCodeAttributes(codeScale(read, 6, dtype)!),
  });
  return {
    op,
    domain: 'com.microsoft',
    opsets: [1, 1],
    infer(node, context) {
      const [a, b] = [inputType(node, 0, context), inputType(node, 3, context)];
      requireSameType(node, a, b);
      return [valueType(a.dtype, broadcastDims(node, [a.dims, b.dims]))];
    },
    evaluate(node, inputs) {
      const [a, , , b] = inputs as [Tensor, Tensor, Tensor, Tensor];
      const attributes = attributesOf((index) => inputs[index], a.dtype);
      return integer.evaluate!(makeNode(node.name, integer.op, ['a', 'b'], ['y'], attributes), [a, b], noContext);
    },
    decompose(node, parts) {
      const [a, , , b] = node.inputs as [string, string, string, string];
      const read = constantInputs(node, [1, 2, 4, 5, 6, 7], parts.constant);
      if (!read) return unknownScales;
      const attributes = attributesOf(read, parts.type(a).dtype);
      parts.add(integer.op, [a, b], attributes, { domain: 'qspec', output: node.outputs[0]! });
      return undefined;
    },
  };
}

export const qlinearAdd = binary('QLinearAdd', qadd);
export const qlinearMul = binary('QLinearMul', qmul);

/** Inputs: X, its scale and zero point, scale and zero point of the result. */
function pointwise(op: string, make: (node: GraphNode) => (x: number) => number): Operator {
  const attributesOf = (node: GraphNode, read: ReadInput, dtype: DataType) =>
    lookupTable(codeScale(read, 1, dtype)!, codeScale(read, 3, dtype)!, make(node));
  return {
    op,
    domain: 'com.microsoft',
    opsets: [1, 1],
    infer: (node, context) => [inputType(node, 0, context)],
    evaluate(node, inputs) {
      const [x] = inputs as [Tensor];
      return [
        lookedUp(
          node,
          x,
          attributesOf(node, (index) => inputs[index], x.dtype),
        ),
      ];
    },
    decompose(node, parts) {
      const [x] = node.inputs as [string];
      const read = constantInputs(node, [1, 2, 3, 4], parts.constant);
      if (!read) return unknownScales;
      const attributes = attributesOf(node, read, parts.type(x).dtype);
      parts.add('QLookup', [x], attributes, { domain: 'qspec', output: node.outputs[0]! });
      return undefined;
    },
  };
}

export const qlinearLeakyRelu = pointwise('QLinearLeakyRelu', (node) => {
  const alpha = floatAttribute(node, 'alpha', 0.01);
  return (x) => (x < 0 ? alpha * x : x);
});
export const qlinearSigmoid = pointwise('QLinearSigmoid', () => sigmoidOf);

function lookedUp(node: GraphNode, x: Tensor, attributes: Record<string, Attribute>): Tensor {
  return qlookup.evaluate!(makeNode(node.name, 'QLookup', ['x'], ['y'], attributes), [x], noContext)[0]!;
}

/** From one scale to another. */
const identity = (x: number) => x;

function isSame(a: CodeScale, b: CodeScale): boolean {
  return a.scale === b.scale && a.zeroPoint === b.zeroPoint && a.dtype === b.dtype;
}

/** Inputs: scale and zero point of the result, then each part with its scale and zero point. */
export const qlinearConcat: Operator = {
  op: 'QLinearConcat',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: (node, context) => concat.infer({ ...node, inputs: partsOf(node) }, context),
  evaluate(node, inputs) {
    const read = (index: number) => inputs[index];
    const to = codeScale(read, 0, inputs[1]!.dtype)!;
    const tensors = partsOf(node).map((_, part) => {
      const x = inputs[2 + 3 * part]!;
      const from = codeScale(read, 3 + 3 * part, x.dtype)!;
      return isSame(from, to) ? x : lookedUp(node, x, lookupTable(from, to, identity));
    });
    return [joined(tensors, normalizeAxis(node, axisOf(node), tensors[0]!.dims.length))];
  },
  decompose(node, parts) {
    const names = partsOf(node);
    const scales = [0, 1, ...names.flatMap((_, part) => [3 + 3 * part, 4 + 3 * part])];
    const read = constantInputs(node, scales, parts.constant);
    if (!read) return unknownScales;
    const to = codeScale(read, 0, parts.type(node.outputs[0]!).dtype)!;
    const codes = names.map((x, part) => {
      const from = codeScale(read, 3 + 3 * part, parts.type(x).dtype)!;
      return isSame(from, to) ? x : parts.add('QLookup', [x], lookupTable(from, to, identity), { domain: 'qspec' });
    });
    parts.add('Concat', codes, node.attributes, { output: node.outputs[0]! });
    return undefined;
  },
};

function partsOf(node: GraphNode): string[] {
  return node.inputs.filter((_, index) => index >= 2 && (index - 2) % 3 === 0);
}

function axisOf(node: GraphNode): number {
  return intAttribute(node, 'axis') ?? missing(node, 'axis');
}

/** Inputs: condition, X, its scale and zero point, Y, its scale and zero point, scale and zero point of the result. */
export const qlinearWhere: Operator = {
  op: 'QLinearWhere',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: (node, context) => where.infer({ ...node, inputs: choiceOf(node) }, context),
  evaluate(node, inputs) {
    const [condition, x, , , y] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const read = (index: number) => inputs[index];
    const to = codeScale(read, 7, x.dtype)!;
    const left = lookedUp(node, x, lookupTable(codeScale(read, 2, x.dtype)!, to, identity));
    const right = lookedUp(node, y, lookupTable(codeScale(read, 5, y.dtype)!, to, identity));
    return where.evaluate!(node, [condition, left, right], noContext);
  },
  decompose(node, parts) {
    const [condition, x, y] = choiceOf(node) as [string, string, string];
    const read = constantInputs(node, [2, 3, 5, 6, 7, 8], parts.constant);
    if (!read) return unknownScales;
    const { dtype } = parts.type(x);
    const to = codeScale(read, 7, dtype)!;
    const [left, right] = [[x, 2] as const, [y, 5] as const].map(([name, index]) =>
      parts.add('QLookup', [name], lookupTable(codeScale(read, index, dtype)!, to, identity), { domain: 'qspec' }),
    ) as [string, string];
    parts.add('Where', [condition, left, right], {}, { output: node.outputs[0]! });
    return undefined;
  },
};

function choiceOf(node: GraphNode): string[] {
  return [node.inputs[0]!, node.inputs[1]!, node.inputs[4]!];
}
