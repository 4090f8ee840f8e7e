import type { DataSource } from '../../engine/plan.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { dataSourceOf } from '../resolve/data.ts';
import type { Check } from './check.ts';

/** A model is judged too well on the samples that it was calibrated on. */
export const calibrationShouldNotBeValidation: Check = {
  code: 'data/overlap',
  severity: 'warning',
  section: 'data',
  what: 'Validation reads the samples that calibration reads.',
  why: 'Accuracy on samples that the scales were chosen for says too little about others.',
  fix: 'Name other data, or one `split` with a part for each.',
  example: 'data calibration npz "a.npz" { take 100 }\ndata validation npz "a.npz"',
  *remarks({ definitions, absolute }) {
    const validation = definitions.dataByName.get('validation');
    const calibration = definitions.dataByName.get('calibration');
    if (!validation?.path || !calibration?.path) return;
    const [a, b] = [calibration, validation].map((statement) => dataSourceOf(statement, definitions, absolute));
    if (!a || !b || a.path !== b.path) return;
    // A split says which samples are whose; without `part` it takes the part called like the data set.
    const part = (source: typeof a) => source.split && `${source.split.path}\u0000${source.split.part ?? source.name}`;
    if (a.split && b.split && part(a) !== part(b)) return;
    if (leavesOut(a, b) || leavesOut(b, a)) return;
    yield {
      what: 'The result is judged on the data it is calibrated on.',
      why: 'Accuracy on samples that the scales were chosen for says too little about others.',
      fix: 'Name other data, or one `split` with a part for each.',
      range: rangeOf(validation.path),
    };
  },
};

/** `skip N` leaves out what `take N` draws from the same samples with the same seed. */
function leavesOut(rest: DataSource, drawn: DataSource): boolean {
  return (
    drawn.take !== undefined &&
    drawn.skip === undefined &&
    rest.skip === drawn.take &&
    rest.seed === drawn.seed &&
    JSON.stringify(rest.labels) === JSON.stringify(drawn.labels) &&
    JSON.stringify(rest.split) === JSON.stringify(drawn.split)
  );
}
