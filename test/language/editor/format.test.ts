import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, formatSpec } from '../../../language/editor/format.ts';
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
