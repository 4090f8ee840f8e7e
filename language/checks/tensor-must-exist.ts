import { nearest } from '../../engine/nearest.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { quoteText, textValue } from '../grammar/text.ts';
import { nodesOf } from '../grammar/walk.ts';
import { isGlob, unescapeGlob } from '../selectors/glob.ts';
import { tensorNames } from '../selectors/network.ts';
import type { Check } from './check.ts';
import { isOptional } from './remarks.ts';

/** A tensor named exactly must be one that some layer reads, or writes, as the selector has it. */
export const tensorMustExist: Check = {
  code: 'selector/tensor',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'No layer reads, or writes, a tensor of that name; the nearest is named.',
  why: 'The rule would match nothing.',
  fix: 'Name an input of the model, a weight, or what a layer writes.',
  example: 'quantize { layers reading "pixels" optional { weights int8 } }',
  needs: 'model',
  *remarks({ ast, network }) {
    if (!network) return;
    for (const { direction, pattern } of nodesOf(ast, 'TensorSelector')) {
      const text = textValue(pattern);
      if (!pattern || isGlob(text)) continue;
      const name = unescapeGlob(text);
      const names = tensorNames(network, direction);
      if (names.has(name)) continue;
      const best = nearest(name, names);
      yield {
        severity: isOptional(pattern) ? 'information' : 'error',
        what: `No layer ${direction === 'reading' ? 'reads' : 'writes'} a tensor ${shown(name)}.`,
        ...(best === undefined
          ? { fix: 'Name a tensor of the model: an input, a weight, or what a layer writes.' }
          : { fix: `Did you mean ${shown(best)}?`, replacement: quoteText(best) }),
        range: rangeOf(pattern),
      };
    }
  },
};
