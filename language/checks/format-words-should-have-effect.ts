import type { FormatWords } from '../generated/ast.ts';
import { nodesOf } from '../grammar/walk.ts';
import { readFields } from '../resolve/fields.ts';
import { formatOf } from '../vocabulary.ts';
import type { Check } from './check.ts';

/** Schemes and ranges of codes are of integers; some formats say themselves what their scales are and who shares them. */
export const formatWordsShouldHaveEffect: Check = {
  code: 'format/no-effect',
  severity: 'warning',
  section: 'formats',
  what: 'Words that mean nothing to the format: a zero point, codes or an observer that it does not have.',
  why: 'They change nothing.',
  fix: 'Remove them.',
  example: 'quantize { weights e4m3fn affine }',
  *remarks({ ast, definitions, vocabulary }) {
    for (const words of nodesOf(ast, 'FormatWords') as Iterable<FormatWords>) {
      const fields = readFields(words, definitions.formats, vocabulary);
      const format = formatOf(vocabulary, fields.format?.value);
      if (format === undefined) continue;
      const grid = format.kind !== 'integer';
      if (grid && fields.scheme?.value === 'affine') {
        yield {
          what: `\`${format.name}\` has no zero point: \`affine\` has no effect.`,
          fix: 'Remove it.',
          range: fields.scheme.range,
        };
      }
      if (fields.codes && (grid || !format.signed)) {
        yield {
          what: `\`${fields.codes.value}\` is of signed integers, and has no effect on \`${format.name}\`.`,
          fix: 'Remove it.',
          range: fields.codes.range,
        };
      }
      if (fields.scale && format.scaleBits !== undefined) {
        yield {
          what: `\`${format.name}\` says itself what its scales are: \`${fields.scale.value}\` has no effect.`,
          fix: 'Remove it.',
          range: fields.scale.range,
        };
      }
      if (
        fields.granularity &&
        format.block !== undefined &&
        fields.granularity.value !== `per-group(${format.block})`
      ) {
        yield {
          what: `\`${format.name}\` shares a scale among ${format.block} weights: \`${fields.granularity.value}\` has no effect.`,
          fix: 'Remove it.',
          range: fields.granularity.range,
        };
      }
      if (fields.observer && format.fit !== undefined) {
        yield {
          what: `\`${format.name}\` chooses its own parameters: the observer has no effect.`,
          fix: 'Remove it.',
          range: fields.observer.range,
        };
      }
    }
  },
};
