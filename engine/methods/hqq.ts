import { type AffineParameters, dequantizeValue, quantizeValue, usableScale } from '../formats/affine.ts';
import { roundHalfEven } from '../formats/rounding.ts';
import { defaultScale, withScales } from '../formats/scales.ts';
import { poll } from '../progress.ts';
import { channelsOf } from './channels.ts';
import type { WeightMethod, WeightProblem } from './method.ts';
import { atLeast, nearestCodes, weightParameters } from './round-to-nearest.ts';

/** Weight of the splitting's penalty, errors being in steps of the scale, and its growth from iteration to iteration. */
const [firstPenalty, growth] = [10, 1.1];

/**
 * Scale and zero point with a least Lp norm of the weights' error. For p < 1 a few large errors count for little, so that
 * outliers are clipped where that lets the others come closer. Half-quadratic splitting, by turns: errors are shrunk towards zero
 * by the proximal operator of the norm (what is left are the outliers), and the parameters are those of least squares for the
 * weights without them.
 *
 * Our own: the paper holds the scale and moves a real zero point. Zero points are integers here, and alone they hardly ever
 * move: the mean that the paper's update takes is off by less than half a step. So both are fitted at once, and of symmetric
 * schemes the scale. Errors are in steps of the scale, so that the unit of the weights does not matter. As in the paper the
 * nearest minimum from the observer's parameters is taken: the least of all clips so much that small networks lose by it.
 */
export const hqq: WeightMethod = {
  name: 'hqq',
  title: 'Half-quadratic quantisation (HQQ)',
  description:
    'Moves the observer’s scale and zero point so that an Lp norm of the weights’ error, to which outliers matter little, gets less; needs no data.',
  cost: 'Up to `iterations` passes over the weights, a power a weight in each; no data.',
  source: 'after HQQ, Badri & Shaji 2023',
  arguments: [
    {
      name: 'p',
      description: 'Power of the errors: the smaller, the less outliers count.',
      initial: 0.7,
      min: 0.1,
      max: 1,
    },
    { name: 'iterations', description: 'Turns of shrinking and fitting at most.', initial: 20, min: 1, max: 200 },
  ],
  anyGranularity: true,
  quantize(problem, { p = 0.7, iterations = 20 }) {
    const nearest = weightParameters(problem);
    const channels = channelsOf(problem);
    const fitted = channels.map((weights, channel) =>
      fittedTo(weights, nearest[channel]!, { ...problem, p, iterations, least: problem.leastScale(channel) }),
    );
    const { scale = defaultScale, range } = problem;
    if (scale === defaultScale) return nearestCodes(problem, fitted);
    // The kind may round the gain away, and may bind the scales of a tensor to each other: the tensor has one set or the other.
    const held = withScales(fitted, scale, range);
    const errorOf = (sets: readonly AffineParameters[]) =>
      channels.reduce((sum, weights, channel) => sum + turn(weights, sets[channel]!, problem, p, 1).error, 0);
    return nearestCodes(problem, errorOf(held) < errorOf(nearest) ? held : nearest);
  },
};

interface Fitting extends Pick<WeightProblem, 'scheme' | 'range'> {
  readonly p: number;
  readonly iterations: number;
  /** The scale must not be below. */
  readonly least: number;
}

/** The best parameters met, those of rounding to nearest among them. As in the paper, the first turn that does not help is the last. */
function fittedTo(weights: Float32Array, nearest: AffineParameters, fitting: Fitting): AffineParameters {
  const { p, iterations, least } = fitting;
  const at = ({ scale, zeroPoint }: AffineParameters, penalty: number) => {
    poll();
    const parameters = { scale: atLeast(Math.max(scale, least)), zeroPoint };
    return { parameters, ...turn(weights, parameters, fitting, p, penalty) };
  };
  let best = at(nearest, firstPenalty);
  for (let i = 1; i <= iterations; i++) {
    const next = at(best.next, firstPenalty * growth ** i);
    if (!(next.error < best.error)) break;
    best = next;
  }
  return best.parameters;
}

/**
 * One pass at the nearest codes of the given parameters: Σ|w − ŵ|ᵖ, and the parameters that fit the weights without the errors
 * that shrinkage leaves, sign(e)·max(0, |e| − |e|ᵖ⁻¹/β).
 */
function turn(
  weights: Float32Array,
  parameters: AffineParameters,
  { scheme, range }: Pick<WeightProblem, 'scheme' | 'range'>,
  p: number,
  penalty: number,
): { readonly error: number; readonly next: AffineParameters } {
  const { scale, zeroPoint } = parameters;
  const threshold = penalty ** (-1 / (2 - p));
  const sums = { count: weights.length, steps: 0, targets: 0, squares: 0, products: 0 };
  let error = 0;
  for (const weight of weights) {
    const code = quantizeValue(weight, parameters, range);
    const steps = code - zeroPoint;
    const off = (weight - dequantizeValue(code, parameters)) / scale;
    const distance = Math.abs(off);
    let target = weight / scale;
    if (distance > 0) {
      const power = distance ** (p - 1);
      error += distance * power;
      if (distance > threshold) target = steps + (Math.sign(off) * power) / penalty;
    }
    sums.steps += steps;
    sums.targets += target;
    sums.squares += steps * steps;
    sums.products += steps * target;
  }
  const up = scheme === 'symmetric' ? 0 : zeroPointStep(sums, zeroPoint, range);
  const next = { scale: usableScale(scale * slope(sums, up)), zeroPoint: zeroPoint + up };
  return { error: error * scale ** p, next };
}

/** Sums over weights of their steps from the zero point, and of the targets for these in the same unit. */
interface Sums {
  readonly count: number;
  readonly steps: number;
  readonly targets: number;
  readonly squares: number;
  readonly products: number;
}

/** Whole steps by which the zero point goes up: regression of targets = a·(steps − up), up rounded. */
function zeroPointStep(sums: Sums, zeroPoint: number, [low, high]: WeightProblem['range']): number {
  const { count, steps, targets, squares, products } = sums;
  const spread = count * squares - steps * steps;
  const rise = count * products - steps * targets;
  if (!(spread > 0 && rise > 0)) return 0;
  const up = roundHalfEven((steps - (targets * spread) / rise) / count);
  return Math.min(high - zeroPoint, Math.max(low - zeroPoint, up));
}

/** ⟨t, q⟩ / ⟨q, q⟩, q being the steps from the zero point where it will be; 1 where that is no scale. */
function slope({ count, steps, targets, squares, products }: Sums, up: number): number {
  const cross = products - up * targets;
  const square = squares - 2 * up * steps + up * up * count;
  return cross > 0 && square > 0 ? cross / square : 1;
}
