import { referencedFiles } from '../facts.ts';
import type { Text } from '../generated/ast.ts';
import { withImports } from '../grammar/imports.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import type { Check } from './check.ts';
import { line } from './remarks.ts';

/** An output that is also an input, the spec itself, or another output. */
export const exportMustNotOverwrite: Check = {
  code: 'export/overwrite',
  severity: 'error',
  section: 'results',
  what: 'An output that is also an input, the spec itself, or another output.',
  why: 'The input would be lost.',
  fix: 'Give the export another path.',
  example: 'export onnx qdq "network.onnx"',
  *remarks({ absolute, definitions, spec, path: paths }) {
    // Some file systems do not tell upper from lower case; a path that differs in nothing else is too close.
    const key = (path: Text) => absolute(path).toLowerCase();
    const taken = new Map<string, string>([[paths.resolve(spec.path).toLowerCase(), 'this spec']]);
    for (const { ast } of withImports(spec)) {
      for (const { path, what, text } of referencedFiles(ast)) {
        if (path !== '') taken.set(key(text), `the ${what} on ${line(rangeOf(text))}`);
      }
    }
    for (const { path } of definitions.exports) {
      if (textValue(path) === '') continue;
      const other = taken.get(key(path));
      if (other !== undefined) {
        yield { what: `This would overwrite ${other}.`, fix: 'Give the export another path.', range: rangeOf(path) };
      } else {
        taken.set(key(path), `the export on ${line(rangeOf(path))}`);
      }
    }
  },
};
