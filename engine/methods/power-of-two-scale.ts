import { quantizeTensor } from '../formats/affine.ts';
import type { WeightMethod } from './method.ts';
import { weightParameters } from './round-to-nearest.ts';

/** Nearest codes at the observer's scale, rounded up to a power of two: rescaling is a shift, and nothing more is clipped. */
export const powerOfTwoScale: WeightMethod = {
  name: 'power-of-two-scale',
  title: 'Scales that are powers of two',
  description: 'Rounds to nearest at scales raised to the next power of two, so that rescaling is a shift.',
  source: 'METHODS A5, B7, after Nayak et al. 2019',
  arguments: [],
  quantize(problem) {
    const parameters = weightParameters(problem);
    const scale = Float32Array.from(parameters, (own) => raised(own.scale));
    const zeroPoint = Int32Array.from(parameters, (own) => own.zeroPoint);
    const codes = quantizeTensor(problem.values, problem.dims, { ...problem, scale, zeroPoint });
    return { scale, zeroPoint, codes };
  },
};

/** The least power of two that is no less than a positive float32; read off its bits, so that no rounding is involved. */
function raised(scale: number): number {
  const bits = new Uint32Array(Float32Array.of(scale).buffer)[0]!;
  const exponent = (bits >>> 23) - 127;
  return 2 ** ((bits & 0x7fffff) === 0 ? exponent : exponent + 1);
}
