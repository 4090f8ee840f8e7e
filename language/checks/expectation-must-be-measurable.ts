import { rangeOf } from '../grammar/ranges.ts';
import { findExpectationKind } from '../quantities/measured.ts';
import { optionsOf } from '../resolve/data.ts';
import type { Check } from './check.ts';

/** Accuracy needs labels, latency needs a target. */
export const expectationMustBeMeasurable: Check = {
  code: 'expect/unmeasurable',
  severity: 'error',
  mayBeLowered: true,
  section: 'results',
  what: 'Accuracy without labels, latency without a target.',
  why: 'There is nothing to measure it with.',
  fix: 'Add `labels …` to the validation data, or a `target`.',
  example: 'expect latency <= 80 ms',
  *remarks({ definitions }) {
    const labelled = definitions.data.some((data) => optionsOf(data, definitions).LabelsOption !== undefined);
    for (const statement of definitions.expectations) {
      const kind = findExpectationKind(statement.quantity?.text);
      if (kind?.labels && !labelled) {
        yield {
          what: `\`${kind.name}\` needs labels, and no data of this spec has any.`,
          fix: 'Add `labels …` to the validation data, or expect `agreement` or `sqnr`, which need none.',
          range: rangeOf(statement.quantity),
        };
      }
      if (kind?.target && definitions.targets.length === 0) {
        yield {
          what: `\`${kind.name}\` depends on the hardware, and this spec names no target.`,
          fix: 'Add `target NAME`; `qspec targets` lists them.',
          range: rangeOf(statement.quantity),
        };
      }
      if (kind?.name === 'agreement' || kind?.name === 'sqnr') {
        if (definitions.data.length > 0) continue;
        yield {
          what: `\`${kind.name}\` needs data to measure it on.`,
          fix: 'Add a `data` statement.',
          range: rangeOf(statement.quantity),
        };
      }
    }
  },
};
