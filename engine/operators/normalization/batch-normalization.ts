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
 * y = scale · (x − mean) / √(variance + epsilon) + bias, per channel (axis 1). In training mode (operator set 14)
 * mean and variance are the batch's and the running ones come out updated. Training outputs of older sets, which hold
 * running and saved statistics, are given the statistics that went in.
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
    const training = opset >= 14 && intAttribute(node, 'training_mode', 0) === 1;
    const channels = x!.dims[1] ?? 1;
    const batch = x!.dims[0] ?? 1;
    const plane = elementCount(x!.dims.slice(2));
    const values = numbersOf(x!);
    let mean = numbersOf(inputMean!);
    let variance = numbersOf(inputVariance!);
    const outputs = [];
    if (training) {
      const momentum = floatAttribute(node, 'momentum', 0.9);
      const own = statistics(values, batch, channels, plane);
      const blend = (before: ArrayLike<number>, now: Float64Array) =>
        now.map((value, c) => before[c]! * momentum + value * (1 - momentum));
      outputs.push(tensorOf(inputMean!.dtype, inputMean!.dims, blend(mean, own.mean)));
      outputs.push(tensorOf(inputVariance!.dtype, inputVariance!.dims, blend(variance, own.variance)));
      mean = own.mean;
      variance = own.variance;
    } else {
      outputs.push(inputMean!, inputVariance!, inputMean!, inputVariance!);
    }
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
