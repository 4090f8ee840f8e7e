import { lowerUnary } from '../../executor/lowerings/elementwise.ts';
import { fail } from '../../findings.ts';
import { exactGelu, tanhGelu } from '../elementwise/activations.ts';
import { sigmoidOf } from '../elementwise/unary.ts';
import type { Operator } from '../operator.ts';
import { section } from '../shape/split.ts';
import { describe, floatAttribute } from '../shared/attributes.ts';
import { mapPair, mapTensor } from '../shared/elementwise.ts';
import { broadcastDims, formatDims, hasInput, inputType, valueType } from '../shared/types.ts';

/** ONNX Runtime's forms of the Gelu activation. */

const role = { kind: 'elementwise' } as const;

/** The exact form. */
export const gelu: Operator = {
  op: 'Gelu',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: (node, context) => [inputType(node, 0, context)],
  evaluate: (_node, [x]) => [mapTensor(x!, exactGelu)],
  lower: lowerUnary('gelu'),
  quantization: role,
};

/** x · sigmoid(alpha · x). */
export const quickGelu: Operator = {
  op: 'QuickGelu',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: (node, context) => [inputType(node, 0, context)],
  evaluate(node, [x]) {
    const alpha = floatAttribute(node, 'alpha', 1.702);
    return [mapTensor(x!, (value) => value * sigmoidOf(alpha * value))];
  },
  lower: lowerUnary('swish', (node) => ({ alpha: floatAttribute(node, 'alpha', 1.702) })),
  quantization: role,
};

const plainFastGelu = lowerUnary('geluTanh');

/** Gelu by tanh of x + bias; the bias [N], optional, lies along the last axis. */
export const fastGelu: Operator = {
  op: 'FastGelu',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (!hasInput(node, 1)) return [x];
    return [valueType(x.dtype, broadcastDims(node, [x.dims, inputType(node, 1, context).dims]))];
  },
  evaluate: (_node, [x, bias]) => [
    bias === undefined ? mapTensor(x!, tanhGelu) : mapPair(x!, bias, x!.dtype, (a, b) => tanhGelu(a + b)),
  ],
  lower: (node, lowering) => (node.inputs[1] ? 'its bias is added first' : plainFastGelu(node, lowering)),
  decompose(node, parts) {
    const [x, bias] = node.inputs as [string, string?];
    if (!bias) return 'it is a kernel of its own';
    const sum = parts.add('Add', [x, bias]);
    parts.add('FastGelu', [sum], {}, { domain: 'com.microsoft', output: node.outputs[0]! });
    return undefined;
  },
};

/** Exact Gelu of a + b; b [N] lies along the last axis. */
export const biasGelu: Operator = {
  op: 'BiasGelu',
  domain: 'com.microsoft',
  opsets: [1, 1],
  isFusion: true,
  infer(node, context) {
    const a = inputType(node, 0, context);
    return [valueType(a.dtype, broadcastDims(node, [a.dims, inputType(node, 1, context).dims]))];
  },
  evaluate: (_node, [a, b]) => [mapPair(a!, b!, a!.dtype, (x, y) => exactGelu(x + y))],
  decompose(node, parts) {
    const sum = parts.add('Add', node.inputs);
    parts.add('Gelu', [sum], {}, { domain: 'com.microsoft', output: node.outputs[0]! });
    return undefined;
  },
};

/** x + bias + skip: x and skip [N, S, C], bias [C]. */
export const biasAdd: Operator = {
  op: 'BiasAdd',
  domain: 'com.microsoft',
  opsets: [1, 1],
  isFusion: true,
  infer(node, context) {
    const types = [0, 1, 2].map((index) => inputType(node, index, context));
    return [
      valueType(
        types[0]!.dtype,
        broadcastDims(
          node,
          types.map(({ dims }) => dims),
        ),
      ),
    ];
  },
  evaluate(_node, [x, bias, skip]) {
    const sum = mapPair(x!, bias!, x!.dtype, (a, b) => a + b);
    return [mapPair(sum, skip!, x!.dtype, (a, b) => a + b)];
  },
  decompose(node, parts) {
    const [x, bias, skip] = node.inputs as [string, string, string];
    parts.add('Add', [parts.add('Add', [x, bias]), skip], {}, { output: node.outputs[0]! });
    return undefined;
  },
};

/** Of x + bias [N, S, 2·D] the first half times the exact Gelu of the second: [N, S, D]. */
export const biasSplitGelu: Operator = {
  op: 'BiasSplitGelu',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const bias = inputType(node, 1, context);
    const both = broadcastDims(node, [x.dims, bias.dims]);
    const width = both?.[both.length - 1];
    if (both === undefined) return [valueType(x.dtype, undefined)];
    const half = typeof width === 'number' ? width / 2 : undefined;
    if (half !== undefined && !Number.isInteger(half))
      fail('model/shape', `The input ${formatDims(both)} of ${describe(node)} has no two halves.`);
    return [valueType(x.dtype, [...both.slice(0, -1), half])];
  },
  evaluate(_node, [x, bias]) {
    const sum = mapPair(x!, bias!, x!.dtype, (a, b) => a + b);
    const axis = sum.dims.length - 1;
    const half = sum.dims[axis]! / 2;
    const [left, right] = [section(sum, axis, 0, half), section(sum, axis, half, half)];
    return [mapPair(left, right, x!.dtype, (a, b) => a * exactGelu(b))];
  },
};
