import { recipeNumbers } from '../../engine/training/recipe.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { repeated, unknown } from './remarks.ts';

const all = recipeNumbers.map(({ name }) => name);
const ofLayers = recipeNumbers.filter(({ perLayer }) => perLayer).map(({ name }) => name);
const others = ['optimizer', 'schedule', 'data', 'distil'];

/** Words of a recipe, each once in the block; in rules those that layers may have of their own. */
export const trainingMustBeKnown: Check = {
  code: 'train/unknown',
  severity: 'error',
  section: 'blocks',
  what: 'No such word of training, one stated twice, or one in a rule that holds for the whole network.',
  why: 'It would change nothing, or leave open which of two counts.',
  fix: 'Correct it, keep one, or move it into the block itself.',
  example: 'train { epoch 3 }',
  *remarks({ ast }) {
    for (const { key, $container } of nodesOf(ast, 'TrainStatement')) {
      if (!key) continue;
      const inBlock = $container.$type === 'TrainBlock';
      if (inBlock ? (all as string[]).includes(key.text) : (ofLayers as string[]).includes(key.text)) continue;
      if (!inBlock && (all as string[]).includes(key.text)) {
        yield {
          what: `\`${key.text}\` holds for the whole network; layers have ${ofLayers.map((name) => `\`${name}\``).join(' and ')} of their own.`,
          fix: 'Put it into the block itself.',
          range: rangeOf(key),
        };
      } else yield unknown('word of training', key, inBlock ? [...all, ...others] : ofLayers);
    }
    for (const { items } of statementsOf(ast, 'TrainBlock')) {
      yield* repeated(
        items,
        (item) => {
          if (item.$type === 'TrainStatement') return item.key?.text;
          if (item.$type === 'TrainCall') return item.kind;
          return item.$type === 'TrainData' || item.$type === 'TrainDistil' ? item.$type : undefined;
        },
        (item) => ({ what: 'This is stated already.', fix: 'Keep the one you mean.', range: rangeOf(item) }),
      );
    }
  },
};
