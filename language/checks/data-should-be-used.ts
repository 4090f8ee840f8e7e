import { evaluationNames, trainingName } from '../../engine/plan.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { optionsOf } from '../resolve/data.ts';
import { isBase, statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';

/** Data that neither calibrates nor trains nor judges, and that no other data set is like. */
export const dataShouldBeUsed: Check = {
  code: 'data/unused',
  severity: 'hint',
  section: 'data',
  what: 'A data set that is neither calibrated, trained nor judged on, and that no other is like.',
  why: 'Names have a meaning: `calibration` calibrates, `validation` judges; another name judges only where it alone has labels.',
  fix: 'Call it what it is for, or remove it.',
  example: 'data calibration npz "c.npz"\ndata spare npz "s.npz"',
  *remarks({ ast, spec, definitions }) {
    // The data of a base are for those that import it.
    if (isBase(definitions)) return;
    const used = new Set<string | undefined>(['calibration', ...evaluationNames]);
    for (const { base } of allNodesOf(spec, 'DataStatement')) used.add(base?.text);
    if (definitions.train) used.add(trainingName);
    for (const { name } of allNodesOf(spec, 'TrainData')) used.add(name?.text);
    const judges = (data: (typeof definitions.data)[number]) =>
      !used.has(data.name?.text) && optionsOf(data, definitions).LabelsOption !== undefined;
    const named = evaluationNames.some((name) => definitions.dataByName.has(name));
    const candidates = definitions.data.filter(judges);
    for (const statement of statementsOf(ast, 'DataStatement')) {
      if (!statement.name || used.has(statement.name.text)) continue;
      if (!named && candidates.length === 1 && candidates[0] === statement) continue;
      yield {
        what: `Nothing uses the data \`${statement.name.text}\`.`,
        fix: 'Call it `calibration` or `validation`, or remove it.',
        range: rangeOf(statement.name),
      };
    }
  },
};
