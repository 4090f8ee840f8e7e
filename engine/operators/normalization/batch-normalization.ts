import { lowerBatchNorm } from '../../executor/lowerings/reductions.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, floatAttribute, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { costCount, formatDims, inputType, unifyDimension, valueType } from '../shared/types.ts';

/**
 * y = scale · (x − mean) / √(variance + epsilon) + bias, per channel (axis 1), or, below operator set 9 with `spatial` 0,
 * per element of a sample. In training mode mean and variance are the batch's and the running ones come out updated.
 * Since set 14 an attribute asks for training; before, asking for the statistics did, and below 7 `is_test` forbade it.
 */
export const batchNormalization: Operator = {
  op: 'BatchNormalization',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims !== undefined && x.dims.length < 2 && x.dims.length !== 1)
      fail('model/rank', `The input of ${describe(node)} has shape ${formatDims(x.dims)}; it needs a channel axis.`);
    for (let i = 1; i <= 4; i++) {
      const statistic = inputType(node, i, context);
      if (isPerElement(node, context.opset)) continue;
      if (statistic.dims !== undefined && statistic.dims.length !== 1)
        fail(
          'model/rank',
          `Input ${i} of ${describe(node)} has shape ${formatDims(statistic.dims)}, not one number a channel.`,
        );
      if (x.dims !== undefined && x.dims.length > 1)
        unifyDimension(node, `Input ${i} and the channels`, x.dims[1], statistic.dims?.[0]);
    }
    const mean = inputType(node, 3, context);
    return node.outputs.map((_, i) => (i === 0 ? x : valueType(mean.dtype, mean.dims)));
  },
  evaluate(node, [x, scale, bias, inputMean, inputVariance], { opset }) {
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const perElement = isPerElement(node, opset);
    const channels = perElement ? elementCount(x!.dims.slice(1)) : (x!.dims[1] ?? 1);
    const batch = x!.dims[0] ?? 1;
    const plane = perElement ? 1 : elementCount(x!.dims.slice(2));
    if (inputMean!.data.length !== channels && x!.dims.length > 1)
      fail('model/shape', `The statistics of ${describe(node)} do not fit its input ${formatDims(x!.dims)}.`);
    const values = numbersOf(x!);
    let mean = numbersOf(inputMean!);
    let variance = numbersOf(inputVariance!);
    const outputs = [];
    if (isTraining(node, opset)) {
      const momentum = floatAttribute(node, 'momentum', 0.9);
      const own = statistics(values, batch, channels, plane);
      const blend = (before: ArrayLike<number>, now: Float64Array) =>
        now.map((value, c) => before[c]! * momentum + value * (1 - momentum));
      outputs.push(tensorOf(inputMean!.dtype, inputMean!.dims, blend(mean, own.mean)));
      outputs.push(tensorOf(inputVariance!.dtype, inputVariance!.dims, blend(variance, own.variance)));
      mean = own.mean;
      variance = own.variance;
      // The statistics of this batch, which sets below 14 saved for a backward pass.
      if (opset < 14)
        outputs.push(
          tensorOf(inputMean!.dtype, inputMean!.dims, mean),
          tensorOf(inputVariance!.dtype, inputVariance!.dims, variance),
        );
    } else if (opset < 14) outputs.push(inputMean!, inputVariance!, inputMean!, inputVariance!);
    const gain = numbersOf(scale!);
    const shift = numbersOf(bias!);
    const out = new Float64Array(values.length);
    for (let n = 0; n < batch; n++)
      for (let c = 0; c < channels; c++) {
        const factor = gain[c]! / Math.sqrt(variance[c]! + epsilon);
        const start = (n * channels + c) * plane;
        for (let i = start; i < start + plane; i++) out[i] = (values[i]! - mean[c]!) * factor + shift[c]!;
      }
    return [tensorOf(x!.dtype, x!.dims, out), ...outputs];
  },
  cost: normalizationCost,
  lower: lowerBatchNorm,
  quantization: { kind: 'elementwise' },
};

function isPerElement(node: GraphNode, opset: number): boolean {
  return opset < 9 && intAttribute(node, 'spatial', 1) === 0;
}

function isTraining(node: GraphNode, opset: number): boolean {
  if (opset >= 14) return intAttribute(node, 'training_mode', 0) === 1;
  if (opset < 7 && intAttribute(node, 'is_test', 0) !== 0) return false;
  return node.outputs.slice(1).some((name) => name !== '');
}

/** Mean and (biased) variance of each channel. */
function statistics(values: ArrayLike<number>, batch: number, channels: number, plane: number) {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  const count = batch * plane;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let n = 0; n < batch; n++) for (let i = 0; i < plane; i++) sum += values[(n * channels + c) * plane + i]!;
    mean[c] = sum / count;
    let squares = 0;
    for (let n = 0; n < batch; n++)
      for (let i = 0; i < plane; i++) squares += (values[(n * channels + c) * plane + i]! - mean[c]!) ** 2;
    variance[c] = squares / count;
  }
  return { mean, variance };
}

/** Two operations for every element. */
export function normalizationCost(node: GraphNode, context: Parameters<NonNullable<Operator['cost']>>[1]) {
  return { macs: 0, operations: 2 * costCount(context.type(node.outputs[0] ?? '')?.dims) };
}
