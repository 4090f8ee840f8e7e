import { rangeOfKeyword } from '../grammar/ranges.ts';
import type { Check } from './check.ts';

export const searchIsNotRun: Check = {
  code: 'search/not-run',
  severity: 'information',
  section: 'results',
  what: 'This version does not run searches yet.',
  why: '`qspec quantize` follows the `quantize` block alone.',
  fix: 'Write what you want into `quantize`.',
  example: 'search { weights one of int4, int8 minimize loss }',
  *remarks({ definitions: { search } }) {
    if (!search) return;
    yield {
      what: 'This version reads and checks `search` blocks, but does not run them yet.',
      why: '`qspec quantize` follows the `quantize` block alone.',
      range: rangeOfKeyword(search, 'search'),
    };
  },
};
