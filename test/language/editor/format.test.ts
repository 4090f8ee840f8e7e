import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, formatSpec } from '../../../language/editor/format.ts';
import { formatTyped, formattingSigns } from '../../../language/editor/format-on-type.ts';
import { tokensOf } from '../../../language/grammar/tokens.ts';
import { root } from '../../shared.ts';
import { resourceFolder } from '../support/resources.ts';

const format = (text: string) => applyEdits(text, formatSpec(text));
const tokens = (text: string) => [...tokensOf(text)].map((token) => token.text.trimEnd());

const layouts: readonly (readonly [what: string, before: string, after: string])[] = [
  ['a statement a line', 'qspec 1 model "m"  expect size<=1MiB', 'qspec 1\nmodel "m"\nexpect size <= 1 MiB\n'],
  [
    'items of a block on one line are two spaces apart',
    'target x{flash<=1 MiB ram <= 320KiB}',
    'target x { flash <= 1 MiB  ram <= 320 KiB }\n',
  ],
  [
    'a block that its author broke is indented, one that fits stays on its line',
    'quantize{\nweights int8\n   layers op Conv where kernel==1x1{lock weights int4}}',
    'quantize {\n  weights int8\n  layers op Conv where kernel == 1x1 { lock weights int4 }\n}\n',
  ],
  [
    'a block that is too long for a line gets one for each item',
    `quantize { weights int8 layers "${'a'.repeat(60)}" keep float layers "${'b'.repeat(60)}" keep float }`,
    `quantize {\n  weights int8\n  layers "${'a'.repeat(60)}" keep float\n  layers "${'b'.repeat(60)}" keep float\n}\n`,
  ],
  [
    'one blank line stays, more do not, none after a brace',
    'qspec 1\n\n\n\nmodel "m"\nquantize {\n\n weights int8\n\n\n bias int32\n\n}',
    'qspec 1\n\nmodel "m"\nquantize {\n  weights int8\n\n  bias int32\n}\n',
  ],
  [
    'a line broken inside a statement stays broken and is indented',
    'quantize {\nlayers op Conv\nwhere macs > 1M\nkeep float }',
    'quantize {\n  layers op Conv\n    where macs > 1M\n    keep float\n}\n',
  ],
  ['a brace goes to the line of its head', 'quantize\n{\nweights int8\n}', 'quantize {\n  weights int8\n}\n'],
  [
    'comments keep their line and their column at its end',
    '// first\nqspec 1 // a\nquantize { // b\nweights int8    // c\n// d\n}',
    '// first\nqspec 1  // a\nquantize {  // b\n  weights int8    // c\n  // d\n}\n',
  ],
  [
    'calls, lists, fractions and counts are closed up',
    'format a = int8 observe percentile ( p=99.9 )  data c npz "c" { mean[ 0.4 ,0.5 ] scale 1 / 255 }',
    'format a = int8 observe percentile(p = 99.9)\ndata c npz "c" { mean [0.4, 0.5]  scale 1/255 }\n',
  ],
  [
    'arguments of formats and granularities are closed up',
    'format a = float( e4m3,bias=11 )per-group( 32 ) quantize { weights int4 per-block( 16x16 )power-of-two-scale }',
    'format a = float(e4m3, bias = 11) per-group(32)\nquantize { weights int4 per-block(16x16) power-of-two-scale }\n',
  ],
  [
    'parentheses of selectors stand apart from words',
    'quantize { layers not(first or(op Conv,Gemm where macs>1 M)) keep float }',
    'quantize { layers not (first or (op Conv, Gemm where macs > 1M)) keep float }\n',
  ],
  [
    'ranges of blocks are closed up',
    'quantize { layers blocks 2 .. 4 , 7 keep float layers block 1..2{weights int8} }',
    'quantize { layers blocks 2..4, 7 keep float  layers block 1..2 { weights int8 } }\n',
  ],
  [
    'lines end as the first one does',
    'qspec 1\r\nquantize {\nweights int8 }',
    'qspec 1\r\nquantize {\r\n  weights int8\r\n}\r\n',
  ],
  [
    'patterns, calls and shares of other blocks are closed up',
    'prune{pattern 2 : 4 by random ( seed=1 ) layers first keep dense}train{epochs 3 rate 1e-4\nlayers first{rate 1e-5}}',
    'prune { pattern 2:4  by random(seed = 1)  layers first keep dense }\ntrain {\n  epochs 3  rate 1e-4\n  layers first { rate 1e-5 }\n}\n',
  ],
  ['an empty block', 'quantize {\n\n}', 'quantize {\n}\n'],
  ['an empty file', ' \n\n ', ''],
];

describe('a spec is laid out', () => {
  it.each(layouts)('%s', (_, before, after) => {
    expect(format(before)).toBe(after);
    expect(formatSpec(after)).toEqual([]);
  });

  it('as the examples are', () => {
    const folders = ['examples/digits', 'bench/specs'].map((folder) => join(root, folder));
    for (const folder of folders) {
      for (const name of readdirSync(folder).filter((file) => file.endsWith('.qspec'))) {
        const text = readFileSync(join(folder, name), 'utf8');
        expect(format(text)).toBe(text);
      }
    }
  });
});

describe('while somebody types', () => {
  /** The text after the sign before `¦` was typed there. */
  const typed = (source: string) => {
    const offset = source.indexOf('¦');
    const text = source.replace('¦', '');
    return applyEdits(text, formatTyped(text, offset, text[offset - 1] === ' ' ? '\n' : text[offset - 1]!));
  };

  it.each<[what: string, before: string, after: string]>([
    [
      'a closing brace lays out its block',
      'qspec  1\nquantize {\n weights   int8\n}¦',
      'qspec  1\nquantize {\n  weights int8\n}',
    ],
    ['and no other', 'quantize {\n layers   all {weights int8}¦\n}', 'quantize {\n layers   all { weights int8 }\n}'],
    ['one that closes nothing changes nothing', 'weights   int8 }¦', 'weights   int8 }'],
    ['one in a comment neither', 'quantize { weights   int8 // }¦', 'quantize { weights   int8 // }'],
    ['an opening brace lays out its line', 'qspec  1\nquantize{¦', 'qspec  1\nquantize {'],
    ['up to the cursor', 'layers  op Conv{¦weights   int8', 'layers op Conv {weights   int8'],
    ['a new line lays out the one before', 'flash<=1MiB\n¦', 'flash <= 1 MiB\n'],
    ['and leaves all others alone', 'a   b\nquantize   {\n¦', 'a   b\nquantize {\n  '],
    ['it is indented for an item of the block', 'quantize {\n¦', 'quantize {\n  '],
    ['for one of the inner block', 'quantize { layers all {\n  ¦', 'quantize { layers all {\n    '],
    ['for a statement after a block', 'quantize {\n  weights int8\n}\n  ¦', 'quantize {\n  weights int8\n}\n'],
    ['for a rule that goes on', 'quantize {\n  layers op Conv\n  ¦', 'quantize {\n  layers op Conv\n    '],
    ['for the other side of a comparison', 'expect size <=\n¦', 'expect size <=\n  '],
    [
      'not after a rule that is whole',
      'quantize {\n  layers all keep float\n    ¦',
      'quantize {\n  layers all keep float\n  ',
    ],
    [
      'by what it holds, where a line was broken in two',
      'quantize {\n  weights int8\n¦activations uint8\n}',
      'quantize {\n  weights int8\n  activations uint8\n}',
    ],
    ['not at all in a comment', '/* a\n    ¦ b */', '/* a\n     b */'],
    [
      'lines stay lines',
      'quantize { weights int8\nbias   int32 }\n\n\n\n¦',
      'quantize { weights int8\nbias   int32 }\n\n\n\n',
    ],
    ['and end as they do', 'quantize {\r\nweights   int8\r\n¦', 'quantize {\r\n  weights int8\r\n  '],
  ])('%s', (_, before, after) => {
    expect(typed(before)).toBe(after);
  });
});

describe('any text whatever', () => {
  const design = readFileSync(join(resourceFolder, 'whole', 'design.qspec'), 'utf8');
  const words = [
    ...new Set(design.match(/[\w/.-]+|"[^"]*"|[^\s\w]/g)),
    '"',
    're"',
    '/*',
    '*/',
    '//',
    '{',
    '}',
    '\u00e9',
  ];
  const texts = fc
    .array(fc.tuple(fc.constantFrom(...words), fc.constantFrom('', ' ', '  ', '\n', '\r\n', '\n\n\n', '\t')), {
      maxLength: 60,
    })
    .map((parts) => parts.flat().join(''));

  it('keeps its tokens while it is typed, and what is laid out stays', () => {
    fc.assert(
      fc.property(texts, fc.nat(200), fc.constantFrom(...formattingSigns), (text, at, sign) => {
        const offset = Math.min(at, text.length);
        const whole = `${text.slice(0, offset)}${sign}${text.slice(offset)}`;
        const edits = formatTyped(whole, offset + 1, sign);
        const once = applyEdits(whole, edits);
        expect(tokens(once)).toEqual(tokens(whole));
        expect(edits.every(({ start, end }, i) => start <= end && start >= (edits[i - 1]?.end ?? 0))).toBe(true);
        // Before what stood after the cursor, or behind an edit that reaches over it.
        const moved = edits.filter(({ start, end }) => start < offset + 1 || end <= offset + 1);
        const from = Math.max(offset + 1, moved.at(-1)?.end ?? 0);
        const cursor = from + moved.reduce((sum, edit) => sum + edit.text.length - (edit.end - edit.start), 0);
        expect(applyEdits(once, formatTyped(once, cursor, sign))).toBe(once);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('keeps its tokens, and is laid out once and for all', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = format(text);
        expect(tokens(once)).toEqual(tokens(text));
        expect(format(once)).toBe(once);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
