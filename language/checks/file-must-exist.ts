import { referencedFiles } from '../facts.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

/** Models, data, splits and labels are there. */
export const fileMustExist: Check = {
  code: 'file/missing',
  severity: 'error',
  section: 'spec',
  what: 'Model, data, split or label file is not there.',
  why: 'Paths start from the folder of the spec.',
  fix: 'Correct the path.',
  example: 'data calibration npz "missing.npz"',
  needs: 'files',
  *remarks({ ast, absolute, fileAt }) {
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
  },
};
