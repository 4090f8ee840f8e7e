import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { arithmetics } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { repeated, unknown } from './remarks.ts';

export const arithmeticMustBeKnown: Check = {
  code: 'quantize/arithmetic',
  severity: 'error',
  section: 'formats',
  what: 'No such arithmetic, or two of them.',
  why: 'One holds for the whole network.',
  fix: 'Write `ort`, `tflite`, `gemmlowp` or `settle`.',
  example: 'quantize { weights int8 arithmetic tfl }',
  *remarks({ ast }) {
    const statements = nodesOf(ast, 'ArithmeticStatement');
    for (const { name } of statements) {
      if (name && !arithmetics.some((known) => known === name.text)) yield unknown('arithmetic', name, arithmetics);
    }
    yield* repeated(
      statements,
      () => 'arithmetic',
      (statement) => ({
        what: 'One arithmetic holds for the whole network.',
        fix: 'Keep the one you mean.',
        range: rangeOf(statement),
      }),
    );
  },
};
