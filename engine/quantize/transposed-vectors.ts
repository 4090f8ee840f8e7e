import type { GraphNode } from '../graph/graph.ts';
import { convTransposeGeometry } from '../operators/linear/conv-transpose.ts';
import { windowOf } from '../operators/shared/windows.ts';
import { elementCount } from '../tensor.ts';
import { spreadPositions, type VectorSource, type VisitVectors } from './input-vectors.ts';

/**
 * What the weights of a transposed convolution without groups are multiplied with to give one element of its output: the input
 * channels at each tap [C, k…], in the order of an output channel's weights, and zeros at the taps that reach no input element there.
 * @param weightDims [C, M, k…]
 */
export function transposedVectors(node: GraphNode, weightDims: readonly number[]): VectorSource {
  const length = elementCount(weightDims) / weightDims[1]!;
  const visit: VisitVectors = ({ data, dims, layout }, sampling, visitVector) => {
    const spatial = dims.length - 2;
    const window = windowOf(node, spatial, weightDims.slice(2));
    const type = (own: readonly number[]) => ({ dtype: 'float32', dims: own }) as const;
    const geometry = convTransposeGeometry(node, type(dims), type(weightDims))!;
    const outputs = geometry.dims.slice(2) as number[];
    const begin = geometry.begin as number[];
    const sizes = dims.slice(2);
    const [channels, pixels, taps] = [dims[1]!, elementCount(sizes), elementCount(window.kernel)];
    const [channelStep, pixelStep] = layout === 'plain' ? [pixels, 1] : [1, channels];
    const vector = new Float64Array(length);
    const positions = spreadPositions(elementCount(outputs), sampling);
    for (const position of positions) {
      const at = coordinates(position, outputs);
      for (let tap = 0; tap < taps; tap++) {
        const own = coordinates(tap, window.kernel);
        let pixel = 0;
        for (let axis = 0; axis < spatial && pixel >= 0; axis++) {
          const from = at[axis]! + begin[axis]! - own[axis]! * window.dilations[axis]!;
          const element = from / window.strides[axis]!;
          const reaches = Number.isInteger(element) && element >= 0 && element < sizes[axis]!;
          pixel = reaches ? pixel * sizes[axis]! + element : -1;
        }
        for (let c = 0; c < channels; c++)
          vector[c * taps + tap] = pixel < 0 ? 0 : data[c * channelStep + pixel * pixelStep]!;
      }
      visitVector(position, 0, vector);
    }
    return positions.length;
  };
  return { length, groups: 1, takesBias: false, values: new Map([[node.inputs[0]!, visit]]) };
}

/** Where element `index` lies along each axis. */
function coordinates(index: number, sizes: readonly number[]): number[] {
  const at = new Array<number>(sizes.length);
  let rest = index;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    at[axis] = rest % sizes[axis]!;
    rest = Math.floor(rest / sizes[axis]!);
  }
  return at;
}
