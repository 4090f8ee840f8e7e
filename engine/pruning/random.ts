import { Random } from '../data/random.ts';
import { sha256 } from '../hash.ts';
import type { PruningCriterion } from './criterion.ts';

/** The baseline that a criterion has to beat. Layers draw independently of each other, whichever else are pruned. */
export const random: PruningCriterion = {
  name: 'random',
  title: 'Random',
  description: 'Weights go by chance: the baseline that any other criterion must beat.',
  source: 'METHODS B2',
  arguments: [{ name: 'seed', description: 'Seed of the draw.', initial: 0, min: 0, max: 2 ** 32 - 1 }],
  scores(values, layer, { seed = 0 }) {
    const numbers = new Random(seed, Number.parseInt(sha256(layer).slice(0, 8), 16));
    return values.map(() => numbers.next() / 2 ** 32);
  },
};
