import type { DataStatement } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { type Definitions, statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';

export const inheritanceMustNotCycle: Check = {
  code: 'data/cycle',
  severity: 'error',
  section: 'data',
  what: 'A data set that is like itself.',
  why: 'Its options would have no beginning.',
  fix: 'Let one of them state its options.',
  example: 'data calibration npz "c.npz" like validation\ndata validation npz "v.npz" like calibration',
  *remarks({ ast, definitions }) {
    const cycles = cyclesOf(definitions);
    for (const statement of statementsOf(ast, 'DataStatement')) {
      const cycle = cycles.get(statement);
      if (!cycle) continue;
      const from = cycle.indexOf(statement);
      const names = [...cycle.slice(from), ...cycle.slice(0, from + 1)].map((member) => member.name.text);
      const path = names.length > 12 ? [...names.slice(0, 6), '…', ...names.slice(-5)] : names;
      yield {
        what: `Data \`${statement.name.text}\` is like itself: ${path.join(' → ')}.`,
        fix: 'Let one of them state its options.',
        range: rangeOf(statement.base),
      };
    }
  },
};

/** The cycle that each data set lies on, if any. Each has one base at most, so one walk over all finds them. */
function cyclesOf({ data, dataByName }: Definitions): ReadonlyMap<DataStatement, readonly DataStatement[]> {
  const cycles = new Map<DataStatement, readonly DataStatement[]>();
  const done = new Set<DataStatement>();
  for (const start of data) {
    const path: DataStatement[] = [];
    const places = new Map<DataStatement, number>();
    let at: DataStatement | undefined = start;
    while (at && !done.has(at) && !places.has(at)) {
      places.set(at, path.length);
      path.push(at);
      at = dataByName.get(at.base?.text ?? '');
    }
    const place = at && places.get(at);
    if (place !== undefined) {
      const cycle = path.slice(place);
      for (const member of cycle) cycles.set(member, cycle);
    }
    for (const member of path) done.add(member);
  }
  return cycles;
}
