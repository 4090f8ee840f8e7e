import { fail } from '../../findings.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { reductionOffsets } from '../reduction/reduce.ts';
import { describe, floatAttribute, intAttribute, intsAttribute, missing } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { normalizeAxes, sameAsInput } from '../shared/types.ts';
import { normalizationCost } from './batch-normalization.ts';

/** Normalises consecutive runs of `size` elements to zero mean and unit variance. */
function standardized(values: ArrayLike<number>, size: number, epsilon: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let base = 0; base < values.length; base += size) {
    let sum = 0;
    for (let i = base; i < base + size; i++) sum += values[i]!;
    const mean = sum / size;
    let squares = 0;
    for (let i = base; i < base + size; i++) squares += (values[i]! - mean) ** 2;
    const factor = 1 / Math.sqrt(squares / size + epsilon);
    for (let i = base; i < base + size; i++) out[i] = (values[i]! - mean) * factor;
  }
  return out;
}

/** Each channel of each sample by itself: x [N, C, …]. */
export const instanceNormalization: Operator = {
  op: 'InstanceNormalization',
  domain: '',
  opsets: [1, newestOpset],
  infer: sameAsInput,
  evaluate(node, [x, scale, bias]) {
    const channels = x!.dims[1]!;
    const plane = elementCount(x!.dims.slice(2));
    const out = standardized(numbersOf(x!), plane, floatAttribute(node, 'epsilon', 1e-5));
    const [gain, shift] = [numbersOf(scale!), numbersOf(bias!)];
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor(i / plane) % channels;
      out[i] = out[i]! * gain[channel]! + shift[channel]!;
    }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  cost: normalizationCost,
};

/** Groups of channels together; scale and bias per channel (since operator set 21) or per group (18). */
export const groupNormalization: Operator = {
  op: 'GroupNormalization',
  domain: '',
  opsets: [18, newestOpset],
  infer: sameAsInput,
  evaluate(node, [x, scale, bias], { opset }) {
    const channels = x!.dims[1]!;
    const groups = intAttribute(node, 'num_groups') ?? missing(node, 'num_groups');
    if (!(groups >= 1 && channels % groups === 0))
      fail('model/shape', `The ${channels} channels of ${describe(node)} do not divide into ${groups} groups.`);
    const plane = elementCount(x!.dims.slice(2));
    const out = standardized(numbersOf(x!), (channels / groups) * plane, floatAttribute(node, 'epsilon', 1e-5));
    const [gain, shift] = [numbersOf(scale!), numbersOf(bias!)];
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor(i / plane) % channels;
      const at = opset < 21 ? Math.floor(channel / (channels / groups)) : channel;
      out[i] = out[i]! * gain[at]! + shift[at]!;
    }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  cost: normalizationCost,
};

/** (x − mean) / (deviation + 1e-9) over the given axes (batch and space by default). */
export const meanVarianceNormalization: Operator = {
  op: 'MeanVarianceNormalization',
  domain: '',
  opsets: [9, newestOpset],
  infer: sameAsInput,
  evaluate(node, [x]) {
    const axes = normalizeAxes(node, intsAttribute(node, 'axes') ?? [0, 2, 3], x!.dims.length);
    const { starts, inner } = reductionOffsets(x!.dims, axes);
    const values = numbersOf(x!);
    const out = new Float64Array(values.length);
    for (const from of starts) {
      let sum = 0;
      for (const offset of inner) sum += values[from + offset]!;
      const mean = sum / inner.length;
      let squares = 0;
      for (const offset of inner) squares += (values[from + offset]! - mean) ** 2;
      const factor = 1 / (Math.sqrt(squares / inner.length) + 1e-9);
      for (const offset of inner) out[from + offset] = (values[from + offset]! - mean) * factor;
    }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  cost: normalizationCost,
};

/** x / p-norm along an axis; rows of zeros stay zeros. */
export const lpNormalization: Operator = {
  op: 'LpNormalization',
  domain: '',
  opsets: [1, newestOpset],
  infer: sameAsInput,
  evaluate(node, [x]) {
    const p = intAttribute(node, 'p', 2);
    const axes = normalizeAxes(node, [intAttribute(node, 'axis', -1)], x!.dims.length);
    const { starts, inner } = reductionOffsets(x!.dims, axes);
    const values = numbersOf(x!);
    const out = new Float64Array(values.length);
    for (const from of starts) {
      let sum = 0;
      for (const offset of inner) sum += Math.abs(values[from + offset]!) ** p;
      const norm = sum ** (1 / p);
      for (const offset of inner) out[from + offset] = norm === 0 ? 0 : values[from + offset]! / norm;
    }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  cost: normalizationCost,
};

/** Local response normalisation across neighbouring channels. */
export const lrn: Operator = {
  op: 'LRN',
  domain: '',
  opsets: [1, newestOpset],
  infer: sameAsInput,
  evaluate(node, [x]) {
    const size = intAttribute(node, 'size') ?? missing(node, 'size');
    const alpha = floatAttribute(node, 'alpha', 1e-4);
    const beta = floatAttribute(node, 'beta', 0.75);
    const bias = floatAttribute(node, 'bias', 1);
    const channels = x!.dims[1]!;
    const plane = elementCount(x!.dims.slice(2));
    const values = numbersOf(x!);
    const out = new Float64Array(values.length);
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor(i / plane) % channels;
      const first = Math.max(0, channel - Math.floor((size - 1) / 2));
      const last = Math.min(channels - 1, channel + Math.ceil((size - 1) / 2));
      let squares = 0;
      for (let c = first; c <= last; c++) squares += values[i + (c - channel) * plane]! ** 2;
      out[i] = values[i]! / (bias + (alpha / size) * squares) ** beta;
    }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  cost: normalizationCost,
};
