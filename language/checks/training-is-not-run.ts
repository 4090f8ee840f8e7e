import { rangeOfKeyword } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

export const trainingIsNotRun: Check = function* ({ definitions: { train } }) {
  if (!train?.own) return;
  yield {
    what: 'This version reads and checks `train` blocks, but does not train yet.',
    why: '`qspec quantize` takes the weights as they are in the model.',
    range: rangeOfKeyword(train.own, 'train'),
  };
};
