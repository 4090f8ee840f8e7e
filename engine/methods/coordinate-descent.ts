import { byChannel } from './by-channel.ts';
import { roundChannel } from './descent.ts';
import { equalizeArgument, type Moments, smoothArgument, type WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

/** Part of the mean variance that is added to every variance: keeps directions that calibration never saw in check. */
const damping = 1e-3;

/**
 * Chooses codes that keep the layer's *output* close, not each weight: minimises E[((ŵ − w)·(x − x̄))²] over the codes
 * of an output channel by coordinate descent, starting from round to nearest, and takes the mean error (ŵ − w)·x̄ into
 * the bias. Weights that are exactly zero stay zero. Without moments or a scale per channel it rounds to nearest. After QuantEase (Behdin et al. 2023), with a bias.
 */
export const coordinateDescent: WeightMethod = {
  name: 'coordinate-descent',
  title: 'Least output error',
  description:
    'Picks the codes of each output channel that keep the layer’s output closest on the calibration data, and corrects the bias for the rest.',
  cost: 'For K weights an output channel: calibration collects a K × K covariance, and each channel takes up to 24 sweeps of K² steps.',
  source: 'after QuantEase, Behdin et al. 2023',
  arguments: [equalizeArgument, smoothArgument],
  needs: 'moments',
  quantize(problem) {
    const { moments, axis } = problem;
    if (moments === undefined || axis === undefined) return roundToNearest.quantize(problem, {});
    const biasShift = new Float64Array(problem.dims[axis]!);
    const metricOf = (group: number) => ({ hessian: damped(moments, group), mean: moments.mean(group) });
    const chosen = byChannel({ ...problem, axis }, moments.groups, metricOf, (channel, { hessian, mean }) => {
      const own = roundChannel(channel, hessian, problem);
      biasShift[channel.index] = -own.change.reduce((sum, change, k) => sum + change * mean[k]!, 0);
      return own;
    });
    return { ...chosen, biasShift };
  },
};

function damped(moments: Moments, group: number): Float64Array {
  const matrix = moments.covariance(group).slice();
  const n = moments.length;
  let trace = 0;
  for (let k = 0; k < n; k++) trace += matrix[k * n + k]!;
  const added = trace > 0 ? (damping * trace) / n : 1;
  for (let k = 0; k < n; k++) matrix[k * n + k]! += added;
  return matrix;
}
