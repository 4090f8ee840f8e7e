import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initialState, readState } from '../../../webview/report/view-state.ts';

describe('what the page remembers', () => {
  test('comes back', () => {
    const state = {
      ...initialState,
      sort: { key: 'macs', direction: 'descending' },
      filter: 'conv',
      selected: 'a',
      scroll: 12,
    };
    expect(readState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });
  test('is taken as far as it makes sense', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(Object.keys(readState(value))).toEqual(Object.keys(initialState));
      }),
    );
    expect(readState({ sort: { key: 'nonsense', direction: 'ascending' }, scroll: -4 })).toEqual(initialState);
  });
});
