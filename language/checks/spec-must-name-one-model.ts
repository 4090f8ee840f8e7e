import { rangeOf } from '../grammar/ranges.ts';
import { isBase, statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';

/** Said of a spec that others may import. */
const base = {
  severity: 'information',
  what: 'The spec names no model: others can import it, but it cannot be run.',
} as const;

export const specMustNameOneModel: Check = {
  code: 'spec/model',
  severity: 'error',
  section: 'spec',
  what: 'No model (information in a base, which others import), or more than one.',
  why: 'Layers, formats and sizes are those of one model.',
  fix: 'Add `model "FILE.onnx"`; write a spec for each model.',
  example: 'qspec 1\nexport onnx qdq "out/network.onnx"',
  *remarks({ ast, spec, definitions }) {
    const models = statementsOf(ast, 'ModelStatement');
    // A statement that could not be read may be the one that is missed.
    const faulty = spec.findings.some((finding) => finding.code === 'syntax/unexpected');
    if (!definitions.model && !faulty) {
      const header = statementsOf(ast, 'Header')[0];
      const end = rangeOf(header).end;
      yield {
        ...(isBase(definitions) ? base : { what: 'The spec names no model.' }),
        fix: 'Add `model "FILE.onnx"`; the path is relative to this file.',
        range: { start: header ? rangeOf(header).start : end, end },
      };
    }
    for (const model of models.slice(1)) {
      yield {
        what: 'A spec is about one model, and this is another.',
        fix: 'Write a spec for each.',
        range: rangeOf(model),
      };
    }
  },
};
