import { statementsOf } from '../resolve/definitions.ts';
import { wordFor } from '../spellings.ts';
import { find } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

export const dataKindMustBeKnown: Check = {
  code: 'data/kind',
  severity: 'error',
  section: 'data',
  what: 'No such kind of data.',
  why: 'The kind says how the files are read.',
  fix: 'Write `images`, `npz`, `npy` or `onnx-pb`.',
  example: 'data calibration tfrecord "calib.tfrecord"',
  *remarks({ ast, vocabulary }) {
    const names = vocabulary.dataKinds.map((kind) => kind.name);
    for (const { kind } of statementsOf(ast, 'DataStatement')) {
      if (kind && !find(vocabulary.dataKinds, kind.text) && !wordFor('kind of data', kind.text, names))
        yield unknown('kind of data', kind, names);
    }
  },
};
