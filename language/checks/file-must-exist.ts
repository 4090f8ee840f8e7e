import { referencedFiles } from '../facts.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

/** Models, data, splits and labels are there. */
export const fileMustExist: Check = function* ({ ast, absolute, fileAt }) {
  for (const { text, path, what } of referencedFiles(ast)) {
    if (path === '') {
      yield { what: `The path of the ${what} is empty.`, range: rangeOf(text) };
      continue;
    }
    const place = absolute(text);
    const known = fileAt?.(place);
    if (known === undefined || known.exists || known.outside) continue;
    yield {
      what: `The ${what} ${shown(path)} is not there.`,
      why: `Paths start from the spec's folder; this one is ${place}.`,
      fix: 'Correct the path.',
      range: rangeOf(text),
    };
  }
};
