import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shorten, splitName, visible } from '../../../webview/report/text.ts';
import { initialState, readState } from '../../../webview/report/view-state.ts';

describe('names', () => {
  test('lose what would act on the page', () => {
    expect(visible('a\u202eb\u0000c\u200fd')).toBe('a\ufffdb\ufffdc\ufffdd');
    expect(visible('/features/0/Conv é 漢')).toBe('/features/0/Conv é 漢');
  });

  test('keep their beginning and their end when they are cut, and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 3, max: 300 }), (name, max) => {
        const cut = shorten(name, max);
        expect([...cut].length).toBeLessThanOrEqual(Math.max(max, 0));
        // A lone half would end as U+FFFD.
        expect(Buffer.from(cut).toString()).toBe(cut);
        if ([...name].length > max) expect([...cut].at(-1)).toBe([...name].at(-1));
      }),
    );
  });

  test('come in two parts that are the whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        expect(splitName(name).join('')).toBe(shorten(visible(name)));
      }),
    );
    expect(splitName('Conv_1')).toEqual(['Conv_1', '']);
    expect(splitName('/model/a/long/path/of/modules/Conv_12')[1]).toBe('odules/Conv_12');
  });
});

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
