import { suggestion } from '../../engine/nearest.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { findProperty, properties } from '../selectors/properties.ts';
import type { Check } from './check.ts';

const names = properties.map((property) => property.name);

export const propertyMustBeKnown: Check = {
  code: 'selector/property',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'No such property of layers.',
  why: 'The test would never be true.',
  fix: 'Correct the word.',
  example: 'quantize { layers op Conv where mac > 1k optional { weights int8 } }',
  *remarks({ ast }) {
    for (const { property } of nodesOf(ast, 'Test')) {
      if (!property?.name || findProperty(property.name)) continue;
      yield {
        what: `Layers have no property \`${property.name}\`.`,
        ...suggestion(property.name, names),
        range: rangeOf(property),
      };
    }
  },
};
