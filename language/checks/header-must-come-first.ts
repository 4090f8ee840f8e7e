import { rangeOf } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

/** The first statement says which version of the language the file is written in, so that later versions can read it as it was meant. */
export const headerMustComeFirst: Check = {
  code: 'spec/header',
  severity: 'error',
  section: 'spec',
  what: '`qspec 1` is missing, not first, or there twice.',
  why: 'It says which version of the language the file is written in, so that later ones can read it as it was meant.',
  fix: 'Begin the file with `qspec 1`.',
  example: 'model "network.onnx"',
  *remarks({ ast }) {
    const headers = ast.statements.filter((statement) => statement.$type === 'Header');
    const start = { line: 0, column: 0 };
    if (headers.length === 0) {
      yield {
        what: 'The spec does not say which version of the language it is written in.',
        fix: 'Begin the file with `qspec 1`.',
        range: { start, end: start },
        replacement: 'qspec 1\n',
      };
    } else if (ast.statements[0] !== headers[0]) {
      yield { what: '`qspec` and its version must be the first statement.', range: rangeOf(headers[0]) };
    }
    for (const header of headers.slice(1)) {
      yield { what: 'The version of the language is stated twice.', fix: 'Remove this line.', range: rangeOf(header) };
    }
  },
};
