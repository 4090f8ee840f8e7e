import { nodesOf } from '../grammar/walk.ts';
import { recipes } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

export const recipeMustBeKnown: Check = function* ({ ast }) {
  for (const { recipe } of nodesOf(ast, 'QuantizeBlock')) {
    if (recipe && !recipes.some((known) => known === recipe.text)) yield unknown('recipe', recipe, recipes);
  }
};
