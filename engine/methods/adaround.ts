import { type AffineParameters, quantizeValue } from '../formats/affine.ts';
import { poll } from '../progress.ts';
import { type ChannelCodes, valuesOf } from './by-channel.ts';
import { bySamples, goalMetric } from './by-samples.ts';
import { dot, product } from './linear-algebra.ts';
import { type LayerSamples, smoothArgument, type WeightMethod, type WeightProblem } from './method.ts';

/** Stretch of the sigmoid, so that it reaches 0 and 1 (the paper's ζ and γ). */
const [stretchHigh, stretchLow] = [1.1, -0.1];
const rate = 0.05;
/** Weight of the term that drives roundings to 0 or 1, beside an error of 1 for rounding to nearest. */
const decisiveness = 0.02;
const ridge = 0.01;

/**
 * Learns for every weight whether it is rounded up or down: gradient descent (Adam) on the layer's output error behind the
 * compressed layers before it, with soft roundings that a regulariser drives to 0 or 1. After Nagel et al. 2020
 * (AdaRound). The error is that before the activation and is known from second moments, so every step sees all samples
 * and no random numbers are needed. Where nearest codes are better in the end, they stay.
 */
export const adaround: WeightMethod = {
  name: 'adaround',
  title: 'AdaRound',
  description: 'Learns for every weight whether to round up or down, by the error of the layer’s output.',
  cost: 'Keeps what lies between two layers for the calibration samples; `steps` descents over each layer’s weights.',
  source: 'after AdaRound, Nagel et al. 2020',
  arguments: [
    { name: 'steps', description: 'Steps of the descent.', initial: 600, min: 10, max: 20000 },
    smoothArgument,
  ],
  needs: 'samples',
  quantize(problem, { steps = 600 }) {
    const metricOf = (samples: LayerSamples, group: number) => goalMetric(samples, group, ridge);
    return bySamples(problem, metricOf, ({ weights, whole }, { wanted, hessian }, targets) => {
      const goal = Float64Array.from(wanted(weights, targets));
      return learnRounding(weights, goal, whole, hessian, problem, Math.round(steps));
    });
  },
};

/** @param goal the weights whose answers are to be matched: their distance in the metric of `hessian` is the error */
function learnRounding(
  weights: Float32Array,
  goal: Float64Array,
  parameters: AffineParameters,
  hessian: Float64Array,
  { range: [low, high] }: WeightProblem,
  steps: number,
): ChannelCodes {
  const n = weights.length;
  const { scale, zeroPoint } = parameters;
  const nearest = Int32Array.from(weights, (weight) => quantizeValue(weight, parameters, [low, high]));
  const errorOf = (codes: Int32Array) => {
    const change = valuesOf({ parameters, codes }).map((value, k) => value - goal[k]!);
    return dot(change, product(hessian, change));
  };
  const start = errorOf(nearest);
  if (!(start > 0)) return { parameters, codes: nearest };
  // The lower of two neighbouring codes, and how far up from it the weight lies: where the descent begins.
  const floor = Int32Array.from(weights, (weight) => {
    const code = Math.floor(weight / scale) + zeroPoint;
    return Math.max(low, Math.min(high - 1, code));
  });
  const logits = Float64Array.from(weights, (weight, k) => {
    const part = Math.min(0.99, Math.max(0.01, weight / scale + zeroPoint - floor[k]!));
    const share = (part - stretchLow) / (stretchHigh - stretchLow);
    return Math.log(share / (1 - share));
  });
  const [first, second] = [new Float64Array(n), new Float64Array(n)];
  const soft = new Float64Array(n);
  const slope = new Float64Array(n);
  const change = new Float64Array(n);
  for (let step = 0; step < steps; step++) {
    poll();
    for (let k = 0; k < n; k++) {
      const share = 1 / (1 + Math.exp(-logits[k]!));
      const stretched = share * (stretchHigh - stretchLow) + stretchLow;
      const inside = stretched > 0 && stretched < 1;
      soft[k] = Math.min(1, Math.max(0, stretched));
      slope[k] = inside ? share * (1 - share) * (stretchHigh - stretchLow) : 0;
      change[k] = (floor[k]! + soft[k]! - zeroPoint) * scale - goal[k]!;
    }
    const pull = product(hessian, change);
    // A fifth of the time without the regulariser, then from flat to steep.
    const time = step / steps;
    const power = time < 0.2 ? 0 : 2 + 18 * (1 - (time - 0.2) / 0.8);
    const [firstShare, secondShare] = [1 - 0.9 ** (step + 1), 1 - 0.999 ** (step + 1)];
    for (let k = 0; k < n; k++) {
      let gradient = 0;
      // Decided roundings, most of them towards the end, have no slope.
      if (slope[k] !== 0) {
        const middle = 2 * soft[k]! - 1;
        const drive = power === 0 ? 0 : -2 * power * Math.sign(middle) * Math.abs(middle) ** (power - 1);
        gradient = ((2 * pull[k]! * scale) / start + (decisiveness * drive) / n) * slope[k]! * n;
      }
      first[k] = 0.9 * first[k]! + 0.1 * gradient;
      second[k] = 0.999 * second[k]! + 0.001 * gradient * gradient;
      const mean = first[k]! / firstShare;
      const size = Math.sqrt(second[k]! / secondShare);
      logits[k]! -= (rate * mean) / (size + 1e-12);
    }
  }
  const learned = Int32Array.from(floor, (code, k) =>
    weights[k] === 0 ? zeroPoint : code + (soft[k]! >= 0.5 ? 1 : 0),
  );
  return { parameters, codes: errorOf(learned) < start ? learned : nearest };
}
