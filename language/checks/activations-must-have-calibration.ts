import { rangeOf } from '../grammar/ranges.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { isBase } from '../resolve/definitions.ts';
import { changesOf } from '../resolve/rules.ts';
import { float } from '../vocabulary.ts';
import type { Check } from './check.ts';

/** Scales of activations are read off data that runs through the network. */
export const activationsMustHaveCalibration: Check = {
  code: 'data/calibration',
  severity: 'error',
  section: 'data',
  what: 'Activations are quantised and there is no `data calibration`.',
  why: 'Their scales come from samples that run through the network.',
  fix: 'Add `data calibration KIND "PATH" { … }`.',
  example: 'quantize { activations uint8 }',
  *remarks({ spec, definitions, vocabulary }) {
    if (definitions.dataByName.has('calibration') || isBase(definitions)) return;
    const stated = [...allNodesOf(spec, 'RoleStatement'), ...allNodesOf(spec, 'BackendStatement')];
    for (const statement of stated) {
      const changes = changesOf(statement, definitions.formats, vocabulary);
      const format = changes.find(({ roles }) => roles.includes('inputs') || roles.includes('outputs'))?.fields.format;
      if (!format || format.value === float) continue;
      yield {
        what: 'Quantised activations need calibration data, and this spec has none.',
        why: 'Their scales come from samples that run through the network.',
        fix: 'Add `data calibration KIND "PATH" { … }`.',
        range: rangeOf(statement),
      };
      return;
    }
  },
};
