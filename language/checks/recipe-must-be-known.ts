import { nodesOf } from '../grammar/walk.ts';
import { recipes } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

export const recipeMustBeKnown: Check = {
  code: 'quantize/recipe',
  severity: 'error',
  section: 'formats',
  what: 'No such recipe after `quantize`.',
  why: 'It says how what the spec leaves open is found.',
  fix: 'Write `quantize auto`, or leave the word out.',
  example: 'quantize best { weights int4 }',
  *remarks({ ast }) {
    for (const { recipe } of nodesOf(ast, 'QuantizeBlock')) {
      if (recipe && !recipes.some((known) => known === recipe.text)) yield unknown('recipe', recipe, recipes);
    }
  },
};
