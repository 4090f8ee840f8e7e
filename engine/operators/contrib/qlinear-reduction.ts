import { attribute, makeNode, withAttributes } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { float32Tensor, type Tensor } from '../../tensor.ts';
import { softmax } from '../normalization/softmax.ts';
import type { Operator } from '../operator.ts';
import { poolType } from '../pooling/pool.ts';
import { qaveragePool, qglobalAveragePool } from '../qspec/average-pool.ts';
import { reduceMean } from '../reduction/reduce.ts';
import { intAttribute, missing } from '../shared/attributes.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';
import { byAttribute, onChannelsLast } from './channels-last.ts';
import {
  codeScale,
  codesOfValues,
  constantInputs,
  outputCodeAttributes,
  type ReadInput,
  realValues,
  scaleAttributes,
} from './code-scale.ts';

/** Means and softmax of ONNX Runtime on 8-bit codes: X, its scale and zero point, scale and zero point of the result. */

const unknownScales = 'scales and zero points are only known while running';
const noContext = { opset: 17, seed: 0, evaluateSubgraph: () => [] };

/** A pool that is one of the engine's own integer operators once scales and zero points are known. */
function pool(op: string, integer: Operator, infer: Operator['infer']): Operator {
  const attributesOf = (node: GraphNode, read: ReadInput, dtype: Tensor['dtype']) => ({
    ...node.attributes,
    ...scaleAttributes('x', codeScale(read, 1, dtype)!),
    ...outputCodeAttributes(codeScale(read, 3, dtype)!),
  });
  const plain: Operator = {
    op,
    domain: 'com.microsoft',
    opsets: [1, 1],
    infer,
    evaluate(node, inputs) {
      const [x] = inputs as [Tensor];
      const attributes = attributesOf(node, (index) => inputs[index], x.dtype);
      return integer.evaluate!(makeNode(node.name, integer.op, ['x'], ['y'], attributes), [x], noContext);
    },
    decompose(node, parts) {
      const [x] = node.inputs as [string];
      const read = constantInputs(node, [1, 2, 3, 4], parts.constant);
      if (!read) return unknownScales;
      const attributes = attributesOf(node, read, parts.type(x).dtype);
      parts.add(integer.op, [x], attributes, { domain: 'qspec', output: node.outputs[0]! });
      return undefined;
    },
  };
  return onChannelsLast(plain, { applies: byAttribute });
}

export const qlinearAveragePool = pool('QLinearAveragePool', qaveragePool, (node, context) => [
  poolType(node, context),
]);

export const qlinearGlobalAveragePool = pool('QLinearGlobalAveragePool', qglobalAveragePool, (node, context) => {
  const x = inputType(node, 0, context);
  requireRank(node, 'The input', x, 3, 8);
  return [
    valueType(
      x.dtype,
      x.dims?.map((dim, axis) => (axis < 2 ? dim : 1)),
    ),
  ];
});

/** A float operator between dequantisation and quantisation. */
function betweenCodes(
  op: string,
  inner: Operator,
  own: (node: GraphNode) => { node: GraphNode; opset: number },
): Operator {
  return {
    op,
    domain: 'com.microsoft',
    opsets: [1, 1],
    infer(node, context) {
      const { node: plain, opset } = own(node);
      return [inner.infer(plain, { ...context, opset })[0]];
    },
    evaluate(node, inputs, context) {
      const [x] = inputs as [Tensor];
      const read = (index: number) => inputs[index];
      const { node: plain, opset } = own(node);
      const values = float32Tensor(x.dims, realValues(x, codeScale(read, 1, x.dtype)!));
      const [y] = inner.evaluate!(plain, [values], { ...context, opset }) as [Tensor];
      return [codesOfValues(y.data as Float32Array, y.dims, codeScale(read, 3, x.dtype)!)];
    },
    cost: (node, context) => inner.cost!(own(node).node, context),
    decompose(node, parts) {
      const [x, xScale, xZero, yScale, yZero] = node.inputs as [string, string, string?, string?, string?];
      const { node: plain, opset } = own(node);
      // The inner operator changed its form; a part has that of the model's operator set.
      if (opset < formChanged[inner.op]! !== parts.opset < formChanged[inner.op]!)
        return `${inner.op} is that of operator set ${opset}`;
      const code = (value: string, scale: string, zero: string | undefined) =>
        zero ? [value, scale, zero] : [value, scale];
      const real = parts.add('DequantizeLinear', code(x, xScale, xZero), {}, { domain: 'com.microsoft' });
      const y = parts.add(inner.op, [real], plain.attributes);
      const to = { domain: 'com.microsoft', output: node.outputs[0]! };
      const type = yZero ? undefined : parts.type(x).dtype === 'int8' ? 3 : 2;
      const attributes = type === undefined ? {} : { output_dtype: attribute.int(type) };
      parts.add('QuantizeLinear', code(y, yScale!, yZero), attributes, to);
      return undefined;
    },
  };
}

const formChanged: Readonly<Record<string, number>> = { Softmax: 13, ReduceMean: 18 };

/** The softmax of the operator set that the node names: since 13 along one axis, before over all from it on. */
export const qlinearSoftmax = betweenCodes('QLinearSoftmax', softmax, (node) => ({
  node: withAttributes(node, {}, ['opset']),
  opset: intAttribute(node, 'opset') ?? missing(node, 'opset'),
}));

export const qlinearReduceMean = betweenCodes('QLinearReduceMean', reduceMean, (node) => ({
  node: { ...node, inputs: node.inputs.slice(0, 1) },
  opset: 17,
}));
