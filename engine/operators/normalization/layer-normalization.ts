import { lowerLayerNorm } from '../../executor/lowerings/reductions.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import { type DataType, elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { floatAttribute, intAttribute } from '../shared/attributes.ts';
import { broadcastOffsets } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { hasOutput, inputType, normalizeAxis, valueType } from '../shared/types.ts';
import { normalizationCost } from './batch-normalization.ts';

/** Type of mean and inverse deviation. */
function stashType(node: GraphNode): DataType {
  return dataTypeOf(intAttribute(node, 'stash_type', 1)) ?? 'float32';
}

/** The affine part: scale and bias broadcast to the normalised axes. */
function affine(out: Float64Array, dims: readonly number[], scale: Tensor | undefined, bias: Tensor | undefined): void {
  for (const [tensor, apply] of [
    [scale, (a: number, b: number) => a * b],
    [bias, (a: number, b: number) => a + b],
  ] as const) {
    if (tensor === undefined) continue;
    const values = numbersOf(tensor);
    const offsets = broadcastOffsets(tensor.dims, dims);
    for (let i = 0; i < out.length; i++) out[i] = apply(out[i]!, values[offsets ? offsets[i]! : i]!);
  }
}

/** Zero mean and unit variance over the axes from `axis` on, then scale and bias. */
export const layerNormalization: Operator = {
  op: 'LayerNormalization',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    inputType(node, 1, context);
    const axis = x.dims && normalizeAxis(node, intAttribute(node, 'axis', -1), x.dims.length);
    const reduced = valueType(
      stashType(node),
      x.dims?.map((dim, i) => (i < axis! ? dim : 1)),
    );
    return [x, ...[1, 2].filter((i) => hasOutput(node, i)).map(() => reduced)];
  },
  evaluate(node, [x, scale, bias]) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), x!.dims.length);
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const rows = elementCount(x!.dims.slice(0, axis));
    const size = elementCount(x!.dims.slice(axis));
    const values = numbersOf(x!);
    const out = new Float64Array(values.length);
    const means = new Float64Array(rows);
    const inverse = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      const base = row * size;
      let sum = 0;
      for (let i = base; i < base + size; i++) sum += values[i]!;
      const mean = sum / size;
      let squares = 0;
      for (let i = base; i < base + size; i++) squares += (values[i]! - mean) ** 2;
      means[row] = mean;
      inverse[row] = 1 / Math.sqrt(squares / size + epsilon);
      for (let i = base; i < base + size; i++) out[i] = (values[i]! - mean) * inverse[row]!;
    }
    affine(out, x!.dims, scale, bias);
    const dims = x!.dims.map((dim, i) => (i < axis ? dim : 1));
    return [
      tensorOf(x!.dtype, x!.dims, out),
      tensorOf(stashType(node), dims, means),
      tensorOf(stashType(node), dims, inverse),
    ];
  },
  cost: normalizationCost,
  lower: lowerLayerNorm,
};

/** x / √(mean of squares + epsilon) over the axes from `axis` on, then scale. */
export const rmsNormalization: Operator = {
  op: 'RMSNormalization',
  domain: '',
  opsets: [23, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    return [valueType(inputType(node, 1, context).dtype, x.dims)];
  },
  evaluate(node, [x, scale]) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), x!.dims.length);
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const size = elementCount(x!.dims.slice(axis));
    const values = numbersOf(x!);
    const out = new Float64Array(values.length);
    for (let base = 0; base < values.length; base += size) {
      let squares = 0;
      for (let i = base; i < base + size; i++) squares += values[i]! ** 2;
      const factor = 1 / Math.sqrt(squares / size + epsilon);
      for (let i = base; i < base + size; i++) out[i] = values[i]! * factor;
    }
    affine(out, x!.dims, scale, undefined);
    return [tensorOf(scale!.dtype, x!.dims, out)];
  },
  cost: normalizationCost,
};
