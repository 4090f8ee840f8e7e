import type { ObserverArgument } from '../observers/observer.ts';
import type { TrainingPlan } from '../plan.ts';

/** A registry row: a number that a spec may state in its `train` block. */
export interface RecipeNumber {
  readonly name: Exclude<keyof TrainingPlan, 'optimizer' | 'schedule' | 'data' | 'distil' | 'nodes'>;
  readonly description: string;
  readonly min: number;
  readonly max: number;
  /** Whole numbers only. */
  readonly whole: boolean;
  /** Layers may have one of their own. */
  readonly perLayer: boolean;
}

/** A registry row: an optimiser or a schedule that a spec may name. */
export interface RecipeCall {
  readonly name: string;
  readonly description: string;
  readonly source: string;
  readonly arguments: readonly ObserverArgument[];
}

function number(
  name: RecipeNumber['name'],
  description: string,
  [min, max]: readonly [min: number, max: number],
  more: Partial<Pick<RecipeNumber, 'whole' | 'perLayer'>> = {},
): RecipeNumber {
  return { name, description, min, max, whole: false, perLayer: false, ...more };
}

const many = Number.MAX_SAFE_INTEGER;

/** Everything of a recipe that is a number; one line each. */
export const recipeNumbers: readonly RecipeNumber[] = [
  number('epochs', 'How often the data are gone through.', [1, many], { whole: true }),
  number('steps', 'Updates of the weights, instead of epochs.', [1, many], { whole: true }),
  number('batch', 'Samples of one update.', [1, many], { whole: true }),
  number('rate', 'Learning rate.', [0, 10], { perLayer: true }),
  number('decay', 'Weight decay.', [0, 1], { perLayer: true }),
  number('clip', 'Largest norm of the gradient.', [0, many]),
  number('average', 'Moving average of the weights: the share of the old one that stays at each step.', [0, 1]),
  number('smoothing', 'Label smoothing: the share of the target that all classes have in common.', [0, 1]),
  number('seed', 'Of shuffling and of whatever else is drawn.', [0, 2 ** 32 - 1], { whole: true }),
];

const between = (name: string, description: string, initial: number, max: number): ObserverArgument => ({
  name,
  description,
  initial,
  min: 0,
  max,
});

export const optimizers: readonly RecipeCall[] = [
  {
    name: 'sgd',
    description: 'Stochastic gradient descent with Nesterov momentum.',
    source: 'METHODS B7',
    arguments: [between('momentum', 'Share of the last step that is added to the next.', 0.9, 1)],
  },
  {
    name: 'adam',
    description: 'Steps by running means of the gradient and of its square.',
    source: 'METHODS B18',
    arguments: [
      between('beta1', 'Decay of the mean of the gradient.', 0.9, 1),
      between('beta2', 'Decay of the mean of its square.', 0.999, 1),
    ],
  },
];

const warmup = between('warmup', 'Share of the training in which the rate rises from 0.', 0, 1);

export const schedules: readonly RecipeCall[] = [
  { name: 'constant', description: 'The rate stays as it is.', source: '–', arguments: [warmup] },
  {
    name: 'cosine',
    description: 'The rate falls to 0 along half a cosine.',
    source: 'METHODS B7',
    arguments: [warmup],
  },
  { name: 'linear', description: 'The rate falls to 0 along a line.', source: 'METHODS B18', arguments: [warmup] },
];
