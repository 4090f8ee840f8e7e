import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elide, elideToWidth, fullText, longestName, safeText, splitName } from '../../webview/text.ts';

describe('text of a model', () => {
  test('marks that hide or turn text become visible', () => {
    expect(safeText('invoice\u202Egnp.exe')).toBe('invoice\u{fffd}gnp.exe');
    expect(safeText('a\u0000b\u200bc\ud800d')).toBe('a\u{fffd}b\u{fffd}c\u{fffd}d');
    expect(safeText('/features/0/Conv é 漢')).toBe('/features/0/Conv é 漢');
    expect(safeText('two\r\nlines')).toBe('two lines');
    expect(safeText('層/畳み込み שלום 😀 <b>')).toBe('層/畳み込み שלום 😀 <b>');
  });

  test('is cut in the middle', () => {
    expect(elide('/features/conv/Conv_1234', 11)).toBe('/feat…_1234');
    expect(elide('short', 5)).toBe('short');
    expect(elide('abc', 2)).toBe('a…');
    expect(elide('abc', 1)).toBe('…');
  });

  test('is never longer than asked and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 1, max: 30 }), (text, most) => {
        const cut = elide(text, most);
        expect(cut.length).toBeLessThanOrEqual(most);
        expect(cut).not.toMatch(/\p{Surrogate}/u);
        expect(safeText(cut)).toBe(cut);
      }),
    );
  });

  test('keeps its beginning and its end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 5, max: 300 }), (text, most) => {
        const cut = [...elide(text, most)];
        expect(cut[0]).toBe([...safeText(text)][0]);
        expect(cut.at(-1)).toBe([...safeText(text)].at(-1));
      }),
    );
  });

  test('comes in two parts that are the whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        expect(splitName(name).join('')).toBe(elide(name, longestName));
      }),
    );
    expect(splitName('Conv_1')).toEqual(['Conv_1', '']);
    expect(splitName('/model/a/long/path/of/modules/Conv_12')[1]).toBe('odules/Conv_12');
  });

  test('of any length is shortened at once', () => {
    expect(fullText('a'.repeat(5_000_000)).length).toBe(400);
    let measured = 0;
    const width = (text: string) => {
      measured += text.length;
      return text.length * 6;
    };
    expect(elideToWidth('b'.repeat(5_000_000), 100, width)).toBe('bbbbbbbb…bbbbbbb');
    expect(measured).toBeLessThan(3000);
  });

  test('is as long as its room allows', () => {
    const width = (text: string) => text.length * 6;
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), fc.integer({ min: 12, max: 600 }), (text, room) => {
        const cut = elideToWidth(text, room, width);
        expect(width(cut)).toBeLessThanOrEqual(room);
        if (cut !== safeText(text)) expect(width(cut) + 6).toBeGreaterThan(room - 6);
      }),
    );
  });
});
