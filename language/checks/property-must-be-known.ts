import { suggestion } from '../../engine/nearest.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { findProperty, properties } from '../selectors/properties.ts';
import type { Check } from './check.ts';

const names = properties.map((property) => property.name);

export const propertyMustBeKnown: Check = function* ({ ast }) {
  for (const { property } of nodesOf(ast, 'Test')) {
    if (!property?.name || findProperty(property.name)) continue;
    yield {
      what: `Layers have no property \`${property.name}\`.`,
      ...suggestion(property.name, names),
      range: rangeOf(property),
    };
  }
};
