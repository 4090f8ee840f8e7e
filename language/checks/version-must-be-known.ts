import { rangeOfProperty } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

const newest = '1';

export const versionMustBeKnown: Check = {
  code: 'spec/version',
  severity: 'error',
  section: 'spec',
  what: 'A version of the language that this QSpec does not know.',
  why: 'A newer language may mean other things by the same words.',
  fix: 'Write `qspec 1`, or use a newer QSpec.',
  example: 'qspec 9\nmodel "network.onnx"',
  *remarks({ ast }) {
    for (const header of ast.statements) {
      if (header.$type !== 'Header' || header.version === undefined || header.version === newest) continue;
      yield {
        what: `This version of QSpec reads version ${newest} of the language, not ${header.version}.`,
        why: 'A newer language may mean other things by the same words.',
        fix: `Write \`qspec ${newest}\`, or use a newer QSpec.`,
        range: rangeOfProperty(header, 'version'),
        replacement: newest,
      };
    }
  },
};
