import type { ObserverArgument } from '../observers/observer.ts';
import type { Rescaling } from '../rescaling/rescaling.ts';
import { insertArgument, type WeightMethod } from './method.ts';
import { outputClipped } from './output-clip.ts';
import { nearestCodes, weightParameters } from './round-to-nearest.ts';

const steps: ObserverArgument = {
  name: 'steps',
  description: 'Exponents from 0 to 1 that are tried.',
  initial: 20,
  min: 1,
  max: 200,
};

const clip: ObserverArgument = {
  name: 'clip',
  description:
    'Whether the range of each channel or group is then cut where the layer’s answers change least: 1 yes, 0 no.',
  initial: 1,
  min: 0,
  max: 1,
};

/**
 * s_j = (mean|X_j|)^α, divided by the root of largest times smallest; of the exponents in [0, 1] the one with which the answers
 * of all layers that read the channels change least when their weights are rounded (AWQ, section 3.2). α = 0 changes nothing.
 */
export const activationAware: Rescaling = {
  needsError: true,
  factors({ mean, layers }, { steps: count = steps.initial }) {
    let best: { readonly factors: Float64Array; readonly error: number } | undefined;
    for (let step = 0; step <= count; step++) {
      const factors = balanced(mean, step / count);
      const error = layers.reduce((sum, layer) => sum + layer.error(factors), 0);
      if (best === undefined || error < best.error) best = { factors, error };
    }
    return best!.factors;
  },
};

/** Powers of the means, around 1; silent channels count as the quietest of the others. */
function balanced(mean: Float64Array, exponent: number): Float64Array {
  const quietest = mean.reduce(
    (least, value) => (value > 0 ? Math.min(least, value) : least),
    Number.POSITIVE_INFINITY,
  );
  if (!Number.isFinite(quietest)) return mean.map(() => 1);
  const powers = mean.map((value) => Math.max(value, quietest) ** exponent);
  const middle = Math.sqrt(Math.max(...powers) * Math.min(...powers));
  return powers.map((power) => power / middle);
}

/** Nearest codes, after the weights that meet loud input channels were scaled up. */
export const awq: WeightMethod = {
  name: 'awq',
  title: 'AWQ',
  description:
    'Scales weights up that meet loud input channels, as far as the layer’s answers gain by it, cuts ranges likewise and rounds to nearest.',
  cost: 'Calibration runs twice and collects K × K products of each layer’s K inputs; `steps` times a rounding and K² steps an output channel.',
  source: 'Lin et al. 2023 (arXiv 2306.00978)',
  arguments: [steps, clip, insertArgument],
  anyFormat: true,
  needs: 'moments',
  rescaling: activationAware,
  quantize(problem, { clip: cut = clip.initial }) {
    const parameters = weightParameters(problem);
    return nearestCodes(problem, cut >= 0.5 ? outputClipped(problem, parameters) : parameters);
  },
};
