import { rangeOfKeyword } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

export const searchIsNotRun: Check = function* ({ definitions: { search } }) {
  if (!search) return;
  yield {
    what: 'This version reads and checks `search` blocks, but does not run them yet.',
    why: '`qspec quantize` follows the `quantize` block alone.',
    range: rangeOfKeyword(search, 'search'),
  };
};
