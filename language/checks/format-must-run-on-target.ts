import type { TextRange } from '../../engine/findings.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { spelled } from '../grammar/spelling.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { readFields } from '../resolve/fields.ts';
import { changesOf } from '../resolve/rules.ts';
import { float, formatOf, type TargetWord } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';

/** A format that a target cannot run is told before anything runs. */
export const formatMustRunOnTarget: Check = {
  code: 'target/format',
  severity: 'error',
  mayBeLowered: true,
  section: 'targets',
  what: 'A format that a target cannot run. In a `search` it is a warning: the search leaves it out.',
  why: 'The target has no kernels for it, or its runtime refuses it.',
  fix: 'Use a format that the target runs.',
  example: 'target cortex-a72\nquantize { weights int4 }',
  *remarks({ spec, definitions, vocabulary }) {
    const named = new Set(definitions.targets.map((statement) => statement.name?.text));
    for (const target of vocabulary.targets.filter(({ name }) => named.has(name))) {
      const stated = [...allNodesOf(spec, 'RoleStatement'), ...allNodesOf(spec, 'BackendStatement')];
      for (const statement of stated) {
        for (const { roles, fields } of changesOf(statement, definitions.formats, vocabulary)) {
          // Biases are int32 everywhere; that they are is part of the arithmetic and in no target's list.
          if (fields.format && !roles.includes('bias')) yield* judge(target, fields.format.value, fields.format.range);
        }
      }
      for (const item of definitions.search?.items ?? []) {
        if (item.$type !== 'SearchChoice') continue;
        for (const word of item.formats) {
          const own = definitions.formats.get(word.text);
          const format = own ? readFields(own.format, definitions.formats, vocabulary).format?.value : spelled(word);
          if (formatOf(vocabulary, format)) yield* judge(target, format!, rangeOf(word), true);
        }
      }
    }
  },
};

/** A search leaves out what the target cannot run; it is only told so. */
function* judge(target: TargetWord, format: string, range: TextRange, inSearch = false): Iterable<Remark> {
  if (format === float || target.formats.includes(format)) return;
  yield {
    ...(inSearch ? { severity: 'warning' } : {}),
    what: `${target.name} cannot run ${format}${inSearch ? ', so the search leaves it out' : ''}.`,
    fix: `It runs ${target.formats.join(', ')}.`,
    range,
  };
}
