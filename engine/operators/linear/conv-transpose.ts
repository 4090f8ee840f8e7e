import { lowerConvTranspose } from '../../executor/lowerings/conv-transpose.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { type Dimension, elementCount, type Tensor, type ValueType } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, intsAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import {
  costCount,
  costDims,
  inputType,
  requireRank,
  requireSameType,
  unifyDimension,
  valueType,
} from '../shared/types.ts';
import { windowOf } from '../shared/windows.ts';

/** Transposed convolution over one to three spatial axes: x [N, C, …], w [C, M/group, k…], b [M] -> [N, M, …]. */
export const convTranspose: Operator = {
  op: 'ConvTranspose',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const w = inputType(node, 1, context);
    requireSameType(node, x, w);
    return [valueType(x.dtype, convTransposeGeometry(node, x, w)?.dims)];
  },
  evaluate(node, [x, w, b]) {
    const { dims, begin } = convTransposeGeometry(node, x!, w!)!;
    return [tensorOf(x!.dtype, dims as number[], scatter(node, x!, w!, b, dims as number[], begin as number[]))];
  },
  lower: lowerConvTranspose,
  /** Each input element meets every weight of its channel once. */
  cost(node, context) {
    const x = context.type(node.inputs[0] ?? '');
    const w = costDims(context.type(node.inputs[1] ?? '')?.dims);
    return { macs: costCount(x?.dims) * elementCount(w.slice(1)), operations: 0 };
  },
  quantization: { kind: 'compute', weight: 1, bias: 2, weightAxis: () => 1 },
};

/** Output shape, and how much of the full result is cut off at the beginning of each axis. */
export function convTransposeGeometry(node: GraphNode, x: ValueType, w: ValueType) {
  requireRank(node, 'The input', x, 3, 5);
  requireRank(node, 'The weight', w, 3, 5);
  const rank = x.dims?.length ?? w.dims?.length;
  if (rank === undefined) return undefined;
  if (w.dims !== undefined && w.dims.length !== rank)
    fail('model/rank', `Input and weight of ${describe(node)} differ in rank.`);
  const groups = intAttribute(node, 'group', 1);
  if (!(Number.isSafeInteger(groups) && groups >= 1))
    fail('model/attribute', `Attribute “group” of ${describe(node)} is ${groups}.`);
  const inputs = unifyDimension(node, 'The channels of input and weight', x.dims?.[1], w.dims?.[0]);
  if (typeof inputs === 'number' && inputs % groups !== 0)
    fail('model/shape', `The ${inputs} channels of ${describe(node)} do not divide into ${groups} groups.`);
  const perGroup = w.dims?.[1];
  const spatial = rank - 2;
  const window = windowOf(node, spatial, w.dims?.slice(2));
  const extra = intsAttribute(node, 'output_padding') ?? new Array<number>(spatial).fill(0);
  const wanted = intsAttribute(node, 'output_shape')?.slice(-spatial);
  if (extra.length !== spatial || (wanted !== undefined && wanted.length !== spatial))
    fail('model/attribute', `The output_padding or output_shape of ${describe(node)} does not fit ${spatial} axes.`);
  const begin: Dimension[] = [];
  const sizes = window.kernel.map((kernel, i): Dimension => {
    const size = x.dims?.[i + 2];
    const stride = window.strides[i]!;
    if (typeof size !== 'number') return undefined;
    const full = stride * (size - 1) + extra[i]! + (kernel - 1) * window.dilations[i]! + 1;
    const same = window.autoPad === 'SAME_UPPER' || window.autoPad === 'SAME_LOWER';
    const output = wanted?.[i] ?? (same ? size * stride : full - window.padsBegin[i]! - window.padsEnd[i]!);
    if (!(output >= 0)) fail('model/shape', `The pads of ${describe(node)} leave nothing of axis ${i + 2}.`);
    const total = Math.max(0, full - output);
    const small = Math.floor(total / 2);
    const solved = wanted !== undefined || same;
    begin.push(solved ? (window.autoPad === 'SAME_UPPER' ? small : total - small) : window.padsBegin[i]!);
    return output;
  });
  const outputs = typeof perGroup === 'number' ? perGroup * groups : undefined;
  return { dims: [x.dims?.[0], outputs, ...sizes], begin };
}

function scatter(
  node: GraphNode,
  x: Tensor,
  w: Tensor,
  b: Tensor | undefined,
  dims: readonly number[],
  begin: readonly number[],
): Float64Array {
  const spatial = dims.length - 2;
  const window = windowOf(node, spatial, w.dims.slice(2));
  const three = (values: readonly number[], fill: number) => [...new Array<number>(3 - spatial).fill(fill), ...values];
  const [inD, inH, inW] = three(x.dims.slice(2), 1) as [number, number, number];
  const [outD, outH, outW] = three(dims.slice(2), 1) as [number, number, number];
  const [kD, kH, kW] = three(window.kernel, 1) as [number, number, number];
  const strides = three(window.strides, 1) as [number, number, number];
  const dilations = three(window.dilations, 1) as [number, number, number];
  const cut = three(begin, 0) as [number, number, number];
  const groups = intAttribute(node, 'group', 1);
  const [batch, inputs] = x.dims as [number, number];
  const outputs = dims[1]!;
  const groupInputs = inputs / groups;
  const groupOutputs = outputs / groups;
  const values = numbersOf(x);
  const weights = numbersOf(w);
  const bias = b && numbersOf(b);
  const plane = outD * outH * outW;
  const out = new Float64Array(elementCount(dims));
  if (bias) for (let i = 0; i < out.length; i++) out[i] = bias[Math.floor(i / plane) % outputs]!;
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < inputs; c++) {
      const firstOutput = Math.floor(c / groupInputs) * groupOutputs;
      for (let d = 0; d < inD; d++)
        for (let h = 0; h < inH; h++)
          for (let col = 0; col < inW; col++) {
            poll();
            const value = values[(((n * inputs + c) * inD + d) * inH + h) * inW + col]!;
            for (let m = 0; m < groupOutputs; m++)
              for (let i = 0; i < kD; i++) {
                const z = d * strides[0] + i * dilations[0] - cut[0];
                if (z < 0 || z >= outD) continue;
                for (let j = 0; j < kH; j++) {
                  const y = h * strides[1] + j * dilations[1] - cut[1];
                  if (y < 0 || y >= outH) continue;
                  const row = (((n * outputs + firstOutput + m) * outD + z) * outH + y) * outW;
                  const from = (((c * groupOutputs + m) * kD + i) * kH + j) * kW;
                  for (let k = 0; k < kW; k++) {
                    const at = col * strides[2] + k * dilations[2] - cut[2];
                    if (at >= 0 && at < outW) out[row + at]! += value * weights[from + k]!;
                  }
                }
              }
          }
    }
  return out;
}
