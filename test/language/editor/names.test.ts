import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../language/context.ts';
import { nameAt, renameRefusal } from '../../../language/editor/names.ts';
import { loadSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { specPath, takeMarkers } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const read = (text: string) => examine(loadSpec(text, specPath), { vocabulary, path: posix, model: small });

describe('a name that the spec defines', () => {
  it.each([
    [
      'format',
      'format »w4« = int4 format b = »w4« symmetric quantize { weights »w4« layers first { lock weights »w4« } }',
    ],
    ['format', 'format »w« = int4 search { weights one of int8, »w« }'],
    ['data', 'data »base« npz "a" data calibration npz "b" like »base« { take 1 }'],
  ])('%s: is found wherever it stands, from each of its places', (kind, source) => {
    const { text, ranges } = takeMarkers(source);
    for (const cursor of ranges.flatMap(({ start, end }) => [start, end])) {
      const uses = nameAt(read(text), cursor)!;
      expect(uses).toMatchObject({ kind, definition: ranges[0] });
      expect(uses.places).toEqual(ranges);
    }
  });

  it('is not any word that looks like it', () => {
    const { text, ranges } = takeMarkers('format w = int4 quantize { weights »int8« layers "w" keep »float« }');
    for (const { start } of ranges) expect(nameAt(read(text), start)).toBeUndefined();
  });

  it('is renamed only to what means nothing else', () => {
    const spec = read('format w = int4 format v = w data calibration npz "c" data x npz "d" quantize { weights v }');
    const w = { kind: 'format', name: 'w', definition: {} } as Parameters<typeof renameRefusal>[1];
    expect(renameRefusal(spec, w, 'weights-4')).toBeUndefined();
    expect(renameRefusal(spec, w, 'w')).toBeUndefined();
    expect(renameRefusal(spec, w, 'v')).toContain('already');
    expect(renameRefusal(spec, w, 'int8')).toContain('a word of the language');
    expect(renameRefusal(spec, w, 'per-tensor')).toContain('a word of the language');
    expect(renameRefusal(spec, w, '4w')).toContain('letters');
    expect(renameRefusal(spec, { ...w, kind: 'data', name: 'calibration' })).toContain('cannot be renamed');
  });
});
