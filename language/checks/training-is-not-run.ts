import { rangeOfKeyword } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

export const trainingIsNotRun: Check = {
  code: 'train/not-run',
  severity: 'information',
  section: 'blocks',
  what: 'This version does not train yet.',
  why: '`qspec quantize` takes the weights as they are in the model.',
  fix: 'Nothing: the block is checked and resolved.',
  example: 'train { epochs 3 }',
  *remarks({ definitions: { train } }) {
    if (!train?.own) return;
    yield {
      what: 'This version reads and checks `train` blocks, but does not train yet.',
      why: '`qspec quantize` takes the weights as they are in the model.',
      range: rangeOfKeyword(train.own, 'train'),
    };
  },
};
