import { intAttribute, stringAttribute, tensorAttribute } from '../operators/shared/attributes.ts';
import { clampOf } from '../quantize/activations.ts';
import { elementCount } from '../tensor.ts';
import type { MakeStep, Step } from './step.ts';

/**
 * An activation between bounds, rounded to steps where there are any; its slope is 1 inside and 0 beyond. Arrays are those of the
 * step and serve every run: a batch has millions of elements.
 */
function gate(dims: readonly number[], [from, to]: readonly [number, number], step = 0): Step {
  const [out, back] = [new Float32Array(elementCount(dims)), new Float32Array(elementCount(dims))];
  let kept: Float32Array = out;
  return {
    dims,
    forward([values]) {
      kept = values!;
      for (let i = 0; i < out.length; i++) {
        const x = kept[i]!;
        out[i] = x <= from ? from : x >= to ? to : x;
      }
      if (step > 0) for (let i = 0; i < out.length; i++) out[i] = nearestWhole(Math.fround(out[i]! / step)) * step;
      return out;
    },
    backward(slope) {
      for (let i = 0; i < back.length; i++) {
        const x = kept[i]!;
        back[i] = x > from && x < to ? slope[i]! : 0;
      }
      return back;
    },
  };
}

/** Ties to even, for magnitudes below 2²²: what is added leaves no place for a fraction. */
function nearestWhole(x: number): number {
  return Math.fround(Math.fround(x + 12582912) - 12582912);
}

export const clampStep: MakeStep = ({ node, graph, inputs }) => {
  const clamp = clampOf(node, graph);
  return clamp === undefined ? 'its bounds are computed by the model' : gate(inputs[0]!, [clamp.min, clamp.max]);
};

/** Rounding to integer codes; its slope is taken as 1 between the outermost codes and 0 beyond (straight-through estimator). */
export const fakeQuantizeStep: MakeStep = ({ node, inputs }) => {
  const [scale, zeroPoint] = ['scale', 'zero_point'].map((name) => tensorAttribute(node, name)?.data as Float32Array);
  if (stringAttribute(node, 'format', '') !== '' || scale?.length !== 1)
    return 'it rounds to something else than integers of one scale';
  const bound = (name: string) => (intAttribute(node, name, 0) - zeroPoint![0]!) * scale[0]!;
  return gate(inputs[0]!, [bound('low'), bound('high')], scale[0]!);
};

export const addStep: MakeStep = ({ inputs: [a, b] }) => {
  if (a === undefined || b === undefined || a.join() !== b.join())
    return 'it adds something else than two activations of one shape';
  const out = new Float32Array(elementCount(a));
  return {
    dims: a,
    forward([left, right]) {
      for (let i = 0; i < out.length; i++) out[i] = left![i]! + right![i]!;
      return out;
    },
    backward: (slope) => slope,
  };
};

/** What gives each sample's elements another shape: unchanged, or [N, C, H, W] as [N, C·H·W]. */
export const reshapeStep: MakeStep = ({ node, graph, inputs }) => {
  const dims = inputs[0]!;
  const rank = graph.types.get(node.outputs[0]!)?.dims?.length;
  const [samples, channels] = [dims[0]!, dims[1] ?? 1];
  const places = dims.slice(2).reduce((count, dim) => count * dim, 1);
  if (rank === dims.length && (node.op === 'Identity' || rank === 2))
    return { dims, forward: ([values]) => values!, backward: (slope) => slope };
  if (rank !== 2 || dims.length !== 4) return 'it changes a shape in another way than to one row a sample';
  return {
    dims: [samples, channels * places],
    // [C, N, P] as [C, P, N] and back.
    forward: ([values]) => swapped(values!, channels, samples, places),
    backward: (slope) => swapped(slope, channels, places, samples),
  };
};

function swapped(values: Float32Array, outer: number, rows: number, columns: number): Float32Array {
  if (rows === 1 || columns === 1) return values;
  const out = new Float32Array(values.length);
  const plane = rows * columns;
  for (let i = 0; i < outer; i++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) out[i * plane + c * rows + r] = values[i * plane + r * columns + c]!;
  return out;
}
