import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { type Dimension, elementCount, type Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { constantInput, hasInput, inputType, normalizeAxis, valueType } from '../shared/types.ts';

/**
 * Discrete Fourier transform of x […, 1 or 2] (real, or real and imaginary parts in the last axis) along one axis, padded
 * with zeros or cut to `dft_length`. A one-sided inverse gives real numbers.
 */
export const dft: Operator = {
  op: 'DFT',
  domain: '',
  opsets: [17, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [x];
    const axisInput = constantInput(node, 2, context);
    if (context.opset >= 20 && hasInput(node, 2) && axisInput === undefined) return [valueType(x.dtype, undefined)];
    const axis = axisOf(node, x.dims.length, axisInput, context.opset);
    return [valueType(x.dtype, spectrumDims(node, x.dims, axis, lengthOf(node, context)))];
  },
  evaluate(node, [x, length, axisTensor], { opset }) {
    const axis = axisOf(node, x!.dims.length, axisTensor, opset);
    const inverse = intAttribute(node, 'inverse', 0) !== 0;
    const oneSided = intAttribute(node, 'onesided', 0) !== 0;
    const points = length === undefined ? naturalLength(node, x!.dims[axis]!) : scalarOf(length);
    const dims = spectrumDims(node, x!.dims, axis, points) as number[];
    const real = inverse && oneSided;
    return [transform(x!, axis, points, dims, inverse, real)];
  },
};

function axisOf(node: GraphNode, rank: number, tensor: Tensor | undefined, opset: number): number {
  const axis = opset < 20 ? intAttribute(node, 'axis', 1) : tensor === undefined ? -2 : scalarOf(tensor);
  const at = normalizeAxis(node, axis, rank);
  if (at === rank - 1) fail('model/axis', `${describe(node)} transforms the axis of real and imaginary parts.`);
  return at;
}

function lengthOf(node: GraphNode, context: InferContext): Dimension | 'natural' {
  if (!hasInput(node, 1)) return 'natural';
  const tensor = constantInput(node, 1, context);
  return tensor && scalarOf(tensor);
}

/** Length of the full signal behind an axis of the input: twice the half spectrum for a one-sided inverse. */
function naturalLength(node: GraphNode, size: number): number {
  const real = intAttribute(node, 'inverse', 0) !== 0 && intAttribute(node, 'onesided', 0) !== 0;
  return real ? 2 * (size - 1) : size;
}

function spectrumDims(
  node: GraphNode,
  dims: readonly Dimension[],
  axis: number,
  length: Dimension | 'natural',
): Dimension[] {
  const inverse = intAttribute(node, 'inverse', 0) !== 0;
  const oneSided = intAttribute(node, 'onesided', 0) !== 0;
  const size = dims[axis];
  const points = length === 'natural' ? (typeof size === 'number' ? naturalLength(node, size) : undefined) : length;
  const out = oneSided && !inverse && typeof points === 'number' ? Math.floor(points / 2) + 1 : points;
  return dims.map((dim, i) => (i === axis ? out : i === dims.length - 1 ? (inverse && oneSided ? 1 : 2) : dim));
}

function transform(
  x: Tensor,
  axis: number,
  points: number,
  dims: readonly number[],
  inverse: boolean,
  real: boolean,
): Tensor {
  const parts = x.dims.at(-1)!;
  const values = numbersOf(x);
  const inner = elementCount(x.dims.slice(axis + 1, -1));
  const outer = elementCount(x.dims.slice(0, axis));
  const size = Math.min(x.dims[axis]!, points);
  const result = dims[axis]!;
  const outParts = dims.at(-1)!;
  const out = new Float64Array(elementCount(dims));
  const sign = inverse ? 1 : -1;
  const cosine = Float64Array.from({ length: points }, (_, k) => Math.cos((2 * Math.PI * k) / points));
  const sine = Float64Array.from({ length: points }, (_, k) => sign * Math.sin((2 * Math.PI * k) / points));
  const signal = (o: number, i: number, t: number): readonly [number, number] => {
    // The missing half of a one-sided spectrum is its mirrored conjugate.
    const mirrored = real && t >= x.dims[axis]!;
    const source = mirrored ? points - t : t;
    if (source >= x.dims[axis]!) return [0, 0];
    const at = ((o * x.dims[axis]! + source) * inner + i) * parts;
    return [values[at]!, parts === 2 ? (mirrored ? -values[at + 1]! : values[at + 1]!) : 0];
  };
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      for (let k = 0; k < result; k++) {
        poll();
        let re = 0;
        let im = 0;
        for (let t = 0; t < (real ? points : size); t++) {
          const [a, b] = signal(o, i, t);
          const phase = (k * t) % points;
          re += a * cosine[phase]! - b * sine[phase]!;
          im += a * sine[phase]! + b * cosine[phase]!;
        }
        const to = ((o * result + k) * inner + i) * outParts;
        const factor = inverse ? 1 / points : 1;
        out[to] = re * factor;
        if (outParts === 2) out[to + 1] = im * factor;
      }
  return tensorOf(x.dtype, dims, out);
}

/** Short-time transform: signal [N, length, 1 or 2] -> [N, frames, bins, 2]. */
export const stft: Operator = {
  op: 'STFT',
  domain: '',
  opsets: [17, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const step = constantInput(node, 1, context);
    const window = optionalLength(node, context);
    const length = x.dims?.[1];
    if (step === undefined || typeof window !== 'number' || typeof length !== 'number')
      return [valueType(x.dtype, [x.dims?.[0], undefined, undefined, 2])];
    return [valueType(x.dtype, stftDims(node, x.dims![0], length, scalarOf(step), window))];
  },
  evaluate(node, [x, stepTensor, window, frame]) {
    const step = scalarOf(stepTensor!);
    const size = frame ? scalarOf(frame) : window!.dims[0]!;
    const dims = stftDims(node, x!.dims[0]!, x!.dims[1]!, step, size) as number[];
    const [batch, frames, bins] = dims as [number, number, number];
    const parts = x!.dims[2] ?? 1;
    const values = numbersOf(x!);
    const shape = window && numbersOf(window);
    const out = new Float64Array(elementCount(dims));
    for (let n = 0; n < batch; n++)
      for (let f = 0; f < frames; f++)
        for (let k = 0; k < bins; k++) {
          poll();
          let re = 0;
          let im = 0;
          for (let t = 0; t < size; t++) {
            const at = (n * x!.dims[1]! + f * step + t) * parts;
            const gain = shape ? shape[t]! : 1;
            const [a, b] = [gain * values[at]!, parts === 2 ? gain * values[at + 1]! : 0];
            const phase = (-2 * Math.PI * ((k * t) % size)) / size;
            re += a * Math.cos(phase) - b * Math.sin(phase);
            im += a * Math.sin(phase) + b * Math.cos(phase);
          }
          const to = ((n * frames + f) * bins + k) * 2;
          out[to] = re;
          out[to + 1] = im;
        }
    return [tensorOf(x!.dtype, dims, out)];
  },
};

function optionalLength(node: GraphNode, context: InferContext): Dimension {
  const frame = constantInput(node, 3, context);
  if (frame !== undefined) return scalarOf(frame);
  return hasInput(node, 2) && !hasInput(node, 3) ? inputType(node, 2, context).dims?.[0] : undefined;
}

function stftDims(node: GraphNode, batch: Dimension, length: number, step: number, size: number): Dimension[] {
  if (!(step >= 1 && size >= 1 && size <= length))
    fail('model/shape', `${describe(node)} cuts frames of ${size} every ${step} from ${length} samples.`);
  const bins = intAttribute(node, 'onesided', 1) !== 0 ? Math.floor(size / 2) + 1 : size;
  return [batch, Math.floor((length - size) / step) + 1, bins, 2];
}
