import { withAttributes } from '../graph/build.ts';
import type { GraphNode } from '../graph/graph.ts';
import { intAttribute } from '../operators/shared/attributes.ts';

/** A tensor in codes among the inputs of an operator: the places of codes, scale and zero point. */
interface CodedInput {
  readonly value: number;
  readonly scale: number;
  readonly zeroPoint: number;
  /** Axis of scales that differ between channels. */
  readonly axis?: number;
}

/** The float operator that an operator on codes computes, and where its parameters stand. */
export interface WrittenInFloat {
  readonly op: string;
  readonly attributes: GraphNode['attributes'];
  readonly data: readonly CodedInput[];
  /** Place of an int32 bias in steps of both scales. */
  readonly bias?: number;
  /** Places of scale and zero point of the result; without a scale it is float. */
  readonly scale: number;
  readonly zeroPoint: number;
}

const first: CodedInput = { value: 0, scale: 1, zeroPoint: 2 };
const second: CodedInput = { value: 3, scale: 4, zeroPoint: 5 };

/** Operators of one input, by ONNX Runtime's names. */
const unary: Readonly<Record<string, string>> = {
  QLinearSigmoid: 'Sigmoid',
  QLinearLeakyRelu: 'LeakyRelu',
  QLinearGlobalAveragePool: 'GlobalAveragePool',
  QLinearAveragePool: 'AveragePool',
  QLinearReduceMean: 'ReduceMean',
};

/** Undefined where the operator, or this use of it, has no float operator of the same form. */
export function writtenInFloat(node: GraphNode): WrittenInFloat | undefined {
  const result = { scale: 6, zeroPoint: 7 };
  const { op, attributes } = node;
  switch (op) {
    case 'QLinearConv':
      return { op: 'Conv', attributes, data: [first, { ...second, axis: 0 }], bias: 8, ...result };
    case 'QLinearMatMul':
      return { op: 'MatMul', attributes, data: [first, { ...second, axis: 1 }], ...result };
    case 'QGemm': {
      const axis = intAttribute(node, 'transB', 0) === 0 ? 1 : 0;
      return { op: 'Gemm', attributes, data: [first, { ...second, axis }], bias: 6, scale: 7, zeroPoint: 8 };
    }
    case 'QLinearAdd':
      return { op: 'Add', attributes, data: [first, second], ...result };
    case 'QLinearMul':
      return { op: 'Mul', attributes, data: [first, second], ...result };
    case 'QLinearConcat': {
      const parts = Array.from({ length: Math.floor((node.inputs.length - 2) / 3) }, (_, part) => ({
        value: 2 + 3 * part,
        scale: 3 + 3 * part,
        zeroPoint: 4 + 3 * part,
      }));
      return { op: 'Concat', attributes, data: parts, scale: 0, zeroPoint: 1 };
    }
    default: {
      const float = unary[op];
      if (float === undefined || intAttribute(node, 'channels_last', 0) !== 0) return undefined;
      const plain = withAttributes(node, {}, ['channels_last']).attributes;
      return { op: float, attributes: plain, data: [first], scale: 3, zeroPoint: 4 };
    }
  }
}
