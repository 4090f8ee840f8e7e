import { recipeNumbers } from '../../engine/training/recipe.ts';
import type { Amount } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { numberOf } from '../quantities/quantity.ts';
import { amountValue } from '../resolve/train.ts';
import type { Check, Remark } from './check.ts';

/** Numbers of a recipe within their limits; distillation with a share and a temperature that mean something. */
export const trainingValueMustFit: Check = {
  code: 'train/value',
  severity: 'error',
  section: 'blocks',
  what: 'A number outside the limits of its word.',
  why: 'Training could not be carried out with it.',
  fix: 'Write a number within the limits.',
  example: 'train { epochs 3 smoothing 150 % }',
  *remarks({ ast }) {
    for (const { key, value } of nodesOf(ast, 'TrainStatement')) {
      const word = recipeNumbers.find(({ name }) => name === key?.text);
      if (word && value) yield* judge(word.name, value, word);
    }
    for (const { share, temperature } of nodesOf(ast, 'TrainDistil')) {
      if (share) yield* judge('distil', share, { min: 0, max: 1, whole: false });
      const degrees = numberOf(temperature);
      if (temperature?.number !== undefined && !(degrees > 0)) {
        yield { what: 'A temperature is greater than 0.', range: rangeOf(temperature) };
      }
    }
  },
};

function* judge(
  name: string,
  value: Amount,
  { min, max, whole }: { readonly min: number; readonly max: number; readonly whole: boolean },
): Iterable<Remark> {
  if (value.number === undefined) return;
  const number = amountValue(value);
  const range = rangeOf(value);
  if (Number.isNaN(number)) yield { what: 'This is no number that can be computed with.', range };
  else if (whole && !Number.isSafeInteger(number)) yield { what: `\`${name}\` is a whole number.`, range };
  else if (number < min || number > max) {
    const limits = max === Number.MAX_SAFE_INTEGER ? `is at least ${min}` : `lies between ${min} and ${max}`;
    yield { what: `\`${name}\` ${limits}.`, range };
  }
}
