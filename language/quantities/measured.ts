import type { Measure } from './units.ts';

export interface BudgetKind {
  readonly name: 'flash' | 'ram' | 'latency' | 'energy' | 'size';
  readonly measure: Measure;
  readonly description: string;
}

/** What a target's budget, or a search's constraint, can bound. */
export const budgetKinds: readonly BudgetKind[] = [
  {
    name: 'flash',
    measure: 'bytes',
    description: 'Bytes of weights and biases, and of the code that the target counts.',
  },
  { name: 'ram', measure: 'bytes', description: 'Largest number of bytes of activations alive at once.' },
  { name: 'latency', measure: 'time', description: 'Time of one inference on the target.' },
  { name: 'energy', measure: 'energy', description: 'Energy of one inference on the target.' },
  { name: 'size', measure: 'bytes', description: 'Bytes of the exported model.' },
];

export interface ExpectationKind {
  readonly name: string;
  readonly measure: Measure;
  /** Whether `drop` (the loss against the float model) makes sense. */
  readonly drops: boolean;
  /** Whether it needs labels. */
  readonly labels: boolean;
  /** Whether it needs a `target`. */
  readonly target: boolean;
  readonly description: string;
}

function expectation(
  name: string,
  measure: Measure,
  description: string,
  more: Partial<Omit<ExpectationKind, 'name' | 'measure' | 'description'>> = {},
): ExpectationKind {
  return { name, measure, description, drops: false, labels: false, target: false, ...more };
}

/** What an `expect` line can judge. */
export const expectationKinds: readonly ExpectationKind[] = [
  expectation('top1', 'ratio', 'Share of samples whose best class is right.', { drops: true, labels: true }),
  expectation('top5', 'ratio', 'Share of samples whose class is among the best five.', { drops: true, labels: true }),
  expectation(
    'agreement',
    'ratio',
    'Share of what compressed and float model decide alike: classes of samples or pixels, detections, sides of a threshold.',
  ),
  expectation('sqnr', 'decibel', 'Signal to quantisation noise of the outputs.'),
  expectation('size', 'bytes', 'Bytes of the exported model.', { drops: true }),
  expectation('latency', 'time', 'Time of one inference on the target.', { target: true }),
  expectation('energy', 'energy', 'Energy of one inference on the target.', { target: true }),
  expectation('flash', 'bytes', 'Bytes of weights and biases on the target.', { target: true }),
  expectation('ram', 'bytes', 'Peak bytes of activations on the target.', { target: true }),
];

export function findBudgetKind(name: string | undefined): BudgetKind | undefined {
  return budgetKinds.find((kind) => kind.name === name);
}

export function findExpectationKind(name: string | undefined): ExpectationKind | undefined {
  return expectationKinds.find((kind) => kind.name === name);
}
