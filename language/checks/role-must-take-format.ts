import type { FormatWords } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { spelled } from '../grammar/spelling.ts';
import { nodesOf } from '../grammar/walk.ts';
import { readFields } from '../resolve/fields.ts';
import { defaults } from '../resolve/plan.ts';
import { formatOf } from '../vocabulary.ts';
import type { Check } from './check.ts';

const biasFormat = defaults.bias;

/** What weights can have and activations cannot: methods and a scale for each channel. What biases have is not chosen. */
export const roleMustTakeFormat: Check = {
  code: 'format/role',
  severity: 'error',
  section: 'formats',
  what: 'Scales of parts, a method, or a format that looks at all values, for activations; a bias in another format than `int32`, which has no effect (a warning).',
  why: 'Scales of parts cannot leave the sum over input channels, and activations have no codes until the network runs.',
  fix: 'Write `per-tensor`; move `using` to `weights`.',
  example: 'data calibration npz "c.npz"\nquantize { activations uint8 per-channel }',
  *remarks({ ast, definitions, vocabulary }) {
    for (const statement of nodesOf(ast, 'RoleStatement')) {
      const { role, format } = statement;
      if (role === 'bias') {
        const own = readFields(format, definitions.formats, vocabulary).format;
        if (own && own.value !== biasFormat) {
          yield {
            severity: 'warning',
            what: `Biases stay ${biasFormat} where a layer runs on integers, and float elsewhere: this has no effect.`,
            why: 'They are added to sums of products, whose scale is that of the input times that of the weights.',
            fix: 'Remove it.',
            range: own.range,
          };
        }
        continue;
      }
      if (role !== 'activations' && role !== 'inputs' && role !== 'outputs') continue;
      const fields = readFields(format, definitions.formats, vocabulary);
      const row = formatOf(vocabulary, fields.format?.value);
      if (fields.format && row && !row.activations) {
        yield {
          what: `${capital(role)} cannot be ${row.name}.`,
          why: 'Its parameters come of all the values, and activations are not known before the network runs.',
          fix: 'Use it for weights.',
          range: fields.format.range,
        };
      }
      if (fields.granularity && fields.granularity.value !== 'per-tensor') {
        yield {
          what: `${capital(role)} have one scale for the whole tensor.`,
          why: 'Scales of parts cannot leave the sum over input channels, so no runtime computes with them in integers.',
          fix: 'Write `per-tensor`.',
          range: fields.granularity.range,
          ...(spells(format, fields.granularity.value) ? { replacement: 'per-tensor' } : {}),
        };
      }
      const method = format?.methods[0];
      if (method) {
        yield {
          what: 'Methods choose the codes of weights; activations have none until the network runs.',
          fix: 'Move `using` to `weights`.',
          range: rangeOf(method),
        };
      }
    }
  },
};

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function spells(format: FormatWords | undefined, word: string): boolean {
  return format?.words.some((own) => spelled(own) === word) ?? false;
}
