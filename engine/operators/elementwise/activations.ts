import { alphaBeta, lowerBinary, lowerGelu, lowerUnary } from '../../executor/lowerings/elementwise.ts';
import { fail } from '../../findings.ts';
import type { Operator } from '../operator.ts';
import { describe, floatAttribute, stringAttribute } from '../shared/attributes.ts';
import { binaryOperator, mapPair, newestOpset, parametricOperator } from '../shared/elementwise.ts';
import { reshaped } from '../shared/movement.ts';
import { erfOf } from '../shared/special.ts';
import { inputType } from '../shared/types.ts';
import { sigmoidOf } from './unary.ts';

/** Activations with parameters. */
export const leakyRelu = parametricOperator(
  'LeakyRelu',
  (node) => {
    const alpha = floatAttribute(node, 'alpha', 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  },
  { lower: lowerUnary('leakyRelu', alphaBeta(0.01)), quantization: { kind: 'elementwise' } },
);

export const elu = parametricOperator(
  'Elu',
  (node) => {
    const alpha = floatAttribute(node, 'alpha', 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  },
  { lower: lowerUnary('elu', alphaBeta(1)) },
);

export const celu = parametricOperator(
  'Celu',
  (node) => {
    const alpha = floatAttribute(node, 'alpha', 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  },
  { from: 12 },
);

export const selu = parametricOperator('Selu', (node, opset) => {
  // Before operator set 6 the defaults were rounded.
  const alpha = floatAttribute(node, 'alpha', opset < 6 ? 1.6732 : 1.6732631921768188);
  const gamma = floatAttribute(node, 'gamma', opset < 6 ? 1.0507 : 1.0507010221481323);
  return (x) => gamma * (x <= 0 ? alpha * Math.exp(x) - alpha : x);
});

export const hardSigmoid = parametricOperator(
  'HardSigmoid',
  (node) => {
    const alpha = floatAttribute(node, 'alpha', 0.2);
    const beta = floatAttribute(node, 'beta', 0.5);
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  },
  { lower: lowerUnary('hardSigmoid', alphaBeta(0.2, 0.5)), quantization: { kind: 'elementwise' } },
);

export const thresholdedRelu = parametricOperator(
  'ThresholdedRelu',
  (node) => {
    const alpha = floatAttribute(node, 'alpha', 1);
    return (x) => (x > alpha ? x : 0);
  },
  { lower: lowerUnary('thresholdedRelu', alphaBeta(1)), from: 10 },
);

export const shrink = parametricOperator(
  'Shrink',
  (node) => {
    const lambda = floatAttribute(node, 'lambd', 0.5);
    const bias = floatAttribute(node, 'bias', 0);
    return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : 0);
  },
  { from: 9 },
);

export const swish = parametricOperator(
  'Swish',
  (node) => {
    const alpha = floatAttribute(node, 'alpha', 1);
    return (x) => x * sigmoidOf(alpha * x);
  },
  { lower: lowerUnary('swish', alphaBeta(1)), from: 24 },
);

export const exactGelu = (x: number) => 0.5 * x * (1 + erfOf(x / Math.SQRT2));

export const tanhGelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export const gelu = parametricOperator(
  'Gelu',
  (node) => {
    const approximate = stringAttribute(node, 'approximate', 'none');
    if (approximate === 'none') return exactGelu;
    if (approximate !== 'tanh') fail('model/attribute', `${describe(node)} approximates by “${approximate}”.`);
    return tanhGelu;
  },
  { lower: lowerGelu, from: 20, quantization: { kind: 'elementwise' } },
);

/** x where positive, slope·x elsewhere; the slope broadcasts to x. */
const slopes = binaryOperator('PRelu', (x, slope) => (x < 0 ? slope * x : x), {
  lower: lowerBinary('prelu'),
  quantization: { kind: 'elementwise' },
});
export const prelu: Operator = {
  ...slopes,
  opsets: [1, newestOpset],
  infer: (node, context) => {
    inputType(node, 1, context);
    return [inputType(node, 0, context)];
  },
  evaluate(_node, [x, slope], { opset }) {
    // Before operator set 7 a vector of slopes belonged to the channels.
    const channels = opset < 7 && slope!.dims.length === 1 && slope!.dims[0] !== 1;
    const aligned = channels ? reshaped(slope!, [slope!.dims[0]!, ...x!.dims.slice(2).map(() => 1)]) : slope!;
    return [
      mapPair(
        x!,
        aligned,
        x!.dtype,
        (a, b) => (a < 0 ? b * a : a),
        (a, b) => (a < 0n ? b * a : a),
      ),
    ];
  },
};
