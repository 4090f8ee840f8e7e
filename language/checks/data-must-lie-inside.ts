import { referencedFiles } from '../facts.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

/** Where files are confined to folders (the editor's workspace), a spec from elsewhere reads no others. */
export const dataMustLieInside: Check = {
  code: 'data/outside',
  severity: 'error',
  section: 'data',
  what: 'Data, split or label file outside the folders of the editor’s workspace, where nothing else is opened. (The command line opens what its user’s spec names.) Of a model, the editor says `model/outside`.',
  why: 'A spec from elsewhere could name any file of the machine.',
  fix: 'Move it into the workspace, or add its folder to it.',
  example: 'data calibration npz "../outside.npz"',
  needs: 'files',
  *remarks({ ast, absolute, fileAt }) {
    for (const { text, path, what } of referencedFiles(ast)) {
      // Of the model, whoever loads it tells.
      if (what === 'model' || path === '' || !fileAt?.(absolute(text))?.outside) continue;
      yield {
        what: `The ${what} ${shown(path)} lies outside the folders of this workspace and is not opened.`,
        why: `A spec from elsewhere could name any file of this machine; this one is ${shown(absolute(text))}.`,
        fix: 'Move it into the workspace, or add its folder to the workspace.',
        range: rangeOf(text),
      };
    }
  },
};
