import type { ObserverArgument } from '../observers/observer.ts';
import type { Rescaling } from '../rescaling/rescaling.ts';
import { insertArgument, type WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

const alpha: ObserverArgument = {
  name: 'alpha',
  description: 'How much of the range of the activations moves into the weights: 0 none of it, 1 all of it.',
  initial: 0.5,
  min: 0,
  max: 1,
};

/** Weights below this count as this large, as with the authors: dead channels have weights that are smaller by any power of ten. */
const leastWeight = 1e-5;

/** s_j = max|X_j|^α / max|W_j|^(1−α) over all layers that read channel j (SmoothQuant, equation 4); 1 for channels that are silent. */
export const smoothing: Rescaling = {
  forActivations: true,
  factors({ channels, largest, layers }, { alpha: exponent = alpha.initial }) {
    return Float64Array.from({ length: channels }, (_, channel) => {
      const weight = Math.max(leastWeight, ...layers.map(({ weights }) => weights[channel]!));
      return largest[channel]! > 0 ? largest[channel]! ** exponent / weight ** (1 - exponent) : 1;
    });
  },
};

/** Nearest codes, after outliers of the layer's inputs were moved into its weights. */
export const smoothQuant: WeightMethod = {
  name: 'smooth-quant',
  title: 'SmoothQuant',
  description:
    'Moves outliers of the layer’s inputs into its weights, channel by channel, and rounds to nearest: activations with a scale per tensor lose less.',
  cost: 'Calibration runs twice: once for the range of each input channel; one pass over the weights.',
  source: 'Xiao et al. 2022 (arXiv 2211.10438)',
  arguments: [alpha, insertArgument],
  anyFormat: true,
  rescaling: smoothing,
  quantize: (problem) => roundToNearest.quantize(problem, {}),
};
