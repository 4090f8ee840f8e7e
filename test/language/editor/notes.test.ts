import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../language/context.ts';
import { highlightsOf } from '../../../language/editor/highlight.ts';
import { hintsOf } from '../../../language/editor/hints.ts';
import { lensesOf } from '../../../language/editor/lenses.ts';
import { linksOf } from '../../../language/editor/links.ts';
import { type FileKnowledge, loadSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { specPath, takeMarkers } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const files: Readonly<Record<string, FileKnowledge>> = {
  '/project/m.onnx': { exists: true, isFolder: false },
  '/project/split.json': { exists: true, isFolder: false },
  '/project/val': { exists: true, isFolder: true },
};
const read = (text: string, model: typeof small | undefined = small) =>
  examine(loadSpec(text, specPath), { vocabulary, path: posix, model, fileAt: (path) => files[path] });

/** The text with each hint in brackets where it would be shown. */
function withHints(source: string): string {
  const lines = source.split('\n');
  for (const { position, text } of [...hintsOf(read(source))].reverse()) {
    const line = lines[position.line]!;
    lines[position.line] = `${line.slice(0, position.column)}[${text}]${line.slice(position.column)}`;
  }
  return lines.join('\n');
}

describe('inlay hints', () => {
  it('stand behind the head of each rule', () => {
    expect(
      withHints(`target cortex-m7
quantize {
  weights int8  activations uint8
  layers op Conv where macs > 1 matches 3 { weights int4 }
  layers op MatMul optional keep float
  layer "/fc/Gemm" keep float
}`),
    ).toMatchInlineSnapshot(`
      "target cortex-m7
      quantize {
        weights int8  activations uint8
        layers op Conv where macs > 1 matches 3[3 layers · 3.44 KiB → 800 B · −2.15 ms] { weights int4 }
        layers op MatMul optional[0 layers] keep float
        layer "/fc/Gemm"[1 layer] keep float
      }"
    `);
  });

  it('tell energy where the spec bounds it', () => {
    const rule = 'quantize { activations uint8 layers op Conv { weights int8 } }';
    expect(withHints(`target cortex-a72 { energy <= 2 mJ } ${rule}`)).toMatch(/ · −[\d.]+ µs · −[\d.]+ µJ\]/);
    expect(withHints(`target cortex-a72 ${rule} expect energy <= 2 mJ`)).toMatch(/ µJ\]/);
    expect(withHints(`target cortex-a72 ${rule}`)).not.toContain('J]');
    expect(withHints(`target cortex-m7 { energy <= 2 mJ } ${rule}`)).not.toContain('J]');
  });

  it('without a target give no time, without a model nothing', () => {
    expect(withHints('quantize { weights int8 layers first { weights int4 } }')).toMatchInlineSnapshot(
      `"quantize { weights int8 layers first[1 layer · 1.75 KiB → 344 B] { weights int4 } }"`,
    );
    expect(
      hintsOf(examine(loadSpec('quantize { layers all { weights int4 } }', specPath), { vocabulary, path: posix })),
    ).toEqual([]);
  });
});

describe('code lenses', () => {
  it('offer what can be done', () => {
    const lenses = lensesOf(read('qspec 1 model "m.onnx" quantize { weights int8 }'));
    expect(lenses.map(({ action, model }) => [action, model])).toEqual([
      ['graph', '/project/m.onnx'],
      ['run', undefined],
      ['sensitivity', '/project/m.onnx'],
      ['plan', undefined],
    ]);
    expect(lensesOf(read('qspec 1'))).toEqual([]);
  });
});

describe('links', () => {
  it('lead to texts that are there', () => {
    const { text, ranges } = takeMarkers(
      'model "m.onnx" data a images "val" { split »"split.json"« } data b npz "m.onnx" { split "none.json" } data c images "*.png"',
    );
    expect(linksOf(read(text))).toEqual([{ range: ranges[0], path: '/project/split.json' }]);
  });
});

describe('semantic tokens', () => {
  it('colour words by what they mean, and none that means nothing', () => {
    const source =
      'target cortex-m7 format w4 = int4 symmetric using adaround data c npz "c" data d npz "d" like c quantize { weights w4 activations uint17 observe mse layers op Conv where macs > 1 keep float }';
    const found = highlightsOf(read(source)).map(
      ({ range: { start, end }, type, definition }) =>
        `${source.slice(start.column, end.column)} ${type}${definition ? ' definition' : ''}`,
    );
    expect(found).toEqual([
      'cortex-m7 class',
      'w4 variable definition',
      'int4 type',
      'symmetric enumMember',
      'adaround function',
      'c namespace definition',
      'npz type',
      'd namespace definition',
      'npz type',
      'c namespace',
      'w4 variable',
      'mse function',
      'Conv class',
      'macs property',
    ]);
  });

  it('colour a format with arguments by its first word, where the arguments fit', () => {
    const source = 'quantize { weights float(e2m3) per-group(32) layers first { weights float(e9m9) per-group } }';
    const found = highlightsOf(read(source)).map(
      ({ range: { start, end }, type }) => `${source.slice(start.column, end.column)} ${type}`,
    );
    expect(found).toEqual(['float type', 'per-group enumMember']);
  });
});
