import { numberOf } from '../../quantities/quantity.ts';
import { findUnit } from '../../quantities/units.ts';
import { sameIn } from '../pages/quantity.ts';
import { type ActionKind, stretchOf } from './action.ts';

/** The same quantity in the unit that makes it shortest. */
export const convertUnit: ActionKind = {
  name: 'unit',
  family: 'refactor.rewrite',
  summary: 'Writes a quantity in another unit in which it is exact and shorter.',
  keepsPlan: true,
  example: {
    before: 'target cortex-m7 { flash <= 1048576¦ B }',
    after: 'target cortex-m7 { flash <= 1 MiB }',
  },
  offer(place) {
    const quantity = place.around('Quantity');
    const own = stretchOf(quantity);
    const unit = findUnit(quantity?.unit?.text ?? '');
    if (!own || !unit) return undefined;
    const shortest = sameIn(numberOf(quantity), unit).toSorted((a, b) => a.length - b.length)[0];
    if (shortest === undefined || shortest.length >= own.text.length) return undefined;
    return { title: `Write as ${shortest}`, edits: [{ start: own.start, end: own.end, text: shortest }] };
  },
};
