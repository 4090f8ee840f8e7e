import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../language/context.ts';
import { fixOf } from '../../../language/editor/fixes.ts';
import { hoverAt } from '../../../language/editor/hover.ts';
import { plain } from '../../../language/editor/markdown.ts';
import { sectionAnchors, sectionOf } from '../../../language/editor/sections.ts';
import { keywordDocumentation } from '../../../language/editor/words.ts';
import { checkSpec, loadSpec } from '../../../language/index.ts';
import { root } from '../../shared.ts';
import { modelOf, recurrent, small } from '../support/model.ts';
import { specPath, takeMarkers } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

/** The hover on the word between » and «; it is about that word and no more. */
function hover(source: string, model = small): string | undefined {
  const { text, ranges } = takeMarkers(source);
  const spec = examine(loadSpec(text, specPath), { vocabulary, path: posix, model });
  const found = hoverAt(spec, ranges[0]!.start);
  if (found) expect(found.range).toEqual(ranges[0]);
  return found?.markdown;
}

describe('hover on a rule', () => {
  it('tells what it matches and what that costs before and after', () => {
    const text = hover(
      'target cortex-m7 quantize { weights int8 activations uint8 »layers« op Conv { weights int4 } }',
    );
    // 832 weights of 4 bits, 48 biases of 32, 48 scales; the times are the target's affair.
    expect(text).toMatch(
      /^\*\*3 layers\*\* · 880 parameters · 213 k MACs\n\n3\.44 KiB → 800 B \(−77 %\) · \S+ ms → \S+ ms \(−\d+ %\) on Cortex/,
    );
    expect(text).toContain('\\/stem\\/Conv, \\/block\\/0\\/dw\\/Conv, \\/block\\/0\\/pw\\/Conv');
  });

  it('without a target tells bytes and no time', () => {
    const text = hover('quantize { weights int8 »layer« "/fc/Gemm" { weights int4 } }');
    expect(text).toContain('1 layer');
    expect(text).toContain('B → ');
    expect(text).not.toContain(' ms');
  });

  it('tells of locks', () => {
    expect(hover('quantize { layers first { lock weights int8 } »layers« op Conv { weights int4 } }')).toContain(
      'Locks hold it off 1 of them',
    );
  });

  it('without a match says so', () => {
    expect(hover('quantize { »layers« op MatMul optional keep float }')).toContain('0 layers');
  });
});

describe('hover in the other blocks', () => {
  it('tells of rules what they match, of words what they mean, of layers what goes', () => {
    expect(hover('prune { »layers« op Conv { sparsity 50 % } }')).toContain('3 layers');
    expect(hover('prune { by »magnitude« }')).toContain('smallest go first');
    expect(hover('train { »rate« 1e-4 }')).toContain('Learning rate');
    expect(hover('train { optimizer »sgd« }')).toContain('Gradient descent');
    expect(hover('passes »fold-constants«')).toContain('fold');
    expect(hover('prune { pattern 2:4 layer »"/fc/Gemm"« { by random } }')).toContain(
      '| pruned&nbsp;&nbsp; | pattern 2\\:4 by random |',
    );
  });
});

describe('hover where rules ask for sensitivity', () => {
  it('says that it is not measured; a layer says what was measured of it', () => {
    expect(hover('quantize { »layers« op Conv where sensitivity < 30 dB { weights int8 } }')).toBe('**not measured**');
    const { text, ranges } = takeMarkers('quantize { layer »"/stem/Conv"« { weights int8 } }');
    const measurements = { sensitivity: { '/stem/Conv': 12.5 } };
    const spec = examine(loadSpec(text, specPath), { vocabulary, path: posix, model: small, measurements });
    expect(hoverAt(spec, ranges[0]!.start)?.markdown).toContain('| sensitivity&nbsp;&nbsp; | 12\\.5 dB |');
  });

  it('the property says of how many layers its test holds, once it is measured', () => {
    const source = 'quantize { layers op Conv where »sensitivity« < 30 dB { weights int8 } }';
    expect(hover(source)).toContain('It is not measured yet.');
    const { text, ranges } = takeMarkers(source);
    const measurements = { sensitivity: { '/stem/Conv': 12.5, '/fc/Gemm': 45 } };
    const spec = examine(loadSpec(text, specPath), { vocabulary, path: posix, model: small, measurements });
    const page = hoverAt(spec, ranges[0]!.start)?.markdown;
    expect(page).toContain('2 layers of 10 have it, from 12.5 dB to 45.0 dB.');
    expect(page).toContain('The test holds for 1 layer.');
  });
});

describe('hover on the number of a block', () => {
  it('tells how far it goes; of a range both ends', () => {
    expect(hover('quantize { layers block »1« keep float }')).toBe(
      '**Block 1 of 1** 4 layers, from \\/block\\/0\\/dw\\/Conv to \\/block\\/0\\/Relu',
    );
    expect(hover('quantize { layers block »2« optional keep float }')).toBeUndefined();
  });
});

describe('what a rule takes from others, and they from it', () => {
  const block = (rules: string) => `quantize {\n  weights int8\n  activations uint8\n${rules}\n}`;
  const from = (line: number, text: string) => `line ${line}: ${plain(text)}`;

  it.each<[what: string, rules: string, overrides: readonly string[], overridden: readonly string[]]>([
    [
      'a statement before it that says otherwise is overridden',
      '  »layers« op Conv { weights int4 }',
      [`weights format int8 → int4 in 3 layers, ${from(2, 'weights int8')}`],
      [],
    ],
    ['one that says the same is not', '  »layers« op Conv { weights int8 activations uint8 }', [], []],
    [
      'the nearest counts, layer by layer',
      '  layers first { weights int2 }\n  »layers« op Conv { weights int4 }',
      [
        `weights format int2 → int4 in 1 layer, ${from(4, 'layers first { weights int2 }')}`,
        `weights format int8 → int4 in 2 layers, ${from(2, 'weights int8')}`,
      ],
      [],
    ],
    [
      'what is set again later is told too, where a layer has the role',
      '  »layers« first or op Relu { weights int4 }\n  layers first or op Relu keep float',
      [`weights format int8 → int4 in 1 layer, ${from(2, 'weights int8')}`],
      [`weights format int4 → float in 1 layer, ${from(5, 'layers first or op Relu keep float')}`],
    ],
    [
      'a lock keeps its layers from either side',
      '  layers first { lock weights int2 }\n  »layers« op Conv { lock weights int4 }\n  layers op Conv { weights int8 }',
      [`weights format int8 → int4 in 2 layers, ${from(2, 'weights int8')}`],
      [],
    ],
    [
      'a reset leads back to what the block says',
      '  layers first { weights int2 }\n  layers first { reset weights }\n  »layers« first { activations int8 weights int4 }',
      [
        `activations format uint8 → int8 in 1 layer, ${from(3, 'activations uint8')}`,
        `weights format int8 → int4 in 1 layer, ${from(2, 'weights int8')}`,
      ],
      [],
    ],
  ])('%s', (_, rules, overrides, overridden) => {
    const text = hover(block(rules))!;
    const [before, after = ''] = text.split('Overridden later:');
    const listed = (part: string) => [...part.matchAll(/^- (.*)$/gm)].map((match) => match[1]);
    expect(listed(before!)).toEqual(overrides);
    expect(listed(after)).toEqual(overridden);
  });
});

describe('hover on a rule of pruning or training', () => {
  it.each([
    [
      'what it takes from the block, and what a later rule takes from it',
      'prune {\nsparsity 50 %\n»layers« first or last { sparsity 20 % }\nlayers last keep dense\n}',
      ['amount sparsity 50 % → sparsity 20 % in 2 layers, line 2: sparsity 50 %'],
      ['amount sparsity 20 % → dense in 1 layer, line 4: layers last keep dense'],
    ],
    [
      'nothing of what a lock holds off',
      'prune {\nsparsity 50 %\nlayers first { lock sparsity 20 % }\n»layers« first or last keep dense }',
      ['amount sparsity 50 % → dense in 1 layer, line 2: sparsity 50 %'],
      [],
    ],
    [
      'what a layer is trained with',
      'train {\nrate 0.01\n»layers« first { rate 0.1 }\nlayers first { rate 0.2 }\n}',
      ['rate 0.01 → 0.1 in 1 layer, line 2: rate 0.01'],
      ['rate 0.1 → 0.2 in 1 layer, line 4: layers first { rate 0.2 }'],
    ],
  ])('tells %s', (_, text, overrides, overridden) => {
    const [before, after = ''] = hover(text)!.split('Overridden later:');
    const listed = (part: string) => [...part.matchAll(/^- (.*)$/gm)].map((match) => match[1]!.replaceAll('\\', ''));
    expect(listed(before!)).toEqual(overrides);
    expect(listed(after)).toEqual(overridden);
  });
});

describe('hover on a layer', () => {
  const spec =
    'target cortex-m7 quantize {\nweights int8\nactivations uint8 observe mse\nlayer »"/stem/Conv"« { weights int4 using adaround } }';

  it('shows its row, and what was decided for it on which line', () => {
    expect(hover(spec)).toMatchInlineSnapshot(`
      "**\\/stem\\/Conv** Conv \\[1, 3, 32, 32\\] → \\[1, 16, 16, 16\\]

      448 parameters · 111 k MACs

      |  |  |
      | :-- | :-- |
      | kernel&nbsp;&nbsp; | 3x3 |
      | weights&nbsp;&nbsp; | 1.75 KiB → 344 B (−81 %) |
      | time&nbsp;&nbsp; | 840 µs → 274 µs (−67 %) on Cortex\\-M7 \\(STM32H743, 480 MHz\\) |
      | read by&nbsp;&nbsp; | \\/stem\\/Relu |

      | role&nbsp;&nbsp; | format&nbsp;&nbsp; | decided by |
      | :-- | :-- | :-- |
      | weight&nbsp;&nbsp; | int4 symmetric per\\-channel observe min\\-max using adaround&nbsp;&nbsp; | line 4: layer \\"\\/stem\\/Conv\\" \\{ weights int4 using adaround \\} \\} |
      | bias&nbsp;&nbsp; | int32 symmetric per\\-channel observe min\\-max&nbsp;&nbsp; | line 4: layer \\"\\/stem\\/Conv\\" \\{ weights int4 using adaround \\} \\} |
      | input\\[0\\], output\\[0\\]&nbsp;&nbsp; | uint8 affine per\\-tensor observe mse&nbsp;&nbsp; | line 3: activations uint8 observe mse |"
    `);
  });

  it('counts both weights of a recurrent layer and says what stays float', () => {
    const text = hover(
      'quantize { weights int8 per-tensor activations uint8 layer »"gru"« { weights int8 } }',
      recurrent,
    )!;
    // 96 rows of 10 and of 32 weights, 16,128 bytes; then a byte each and one scale for each of the two: 4,040.
    expect(text).toContain('15.8 KiB → 3.95 KiB');
    expect(text).toContain('Weight-only: inputs, outputs and state stay float.');
    expect(text).not.toMatch(/input\\\[0/);
  });

  it('says so where nothing can be decided', () => {
    expect(hover('quantize { weights int8 layer »"softmax"« keep float }')).toContain(
      'Stays float: QSpec has no integer',
    );
  });
});

describe('hover on a part of a selector', () => {
  it.each([
    ['layers »"/block/*"« keep float', /^\*\*4 layers\*\*\n\n\\\/block\\\/0\\\/dw/],
    ['layers »re"/block/.*Conv"« keep float', /^\*\*2 layers\*\*/],
    ['layers writing »"a*"« keep float', /^\*\*1 layer\*\*\n\n\\\/stem\\\/Conv$/],
    ['layers op »Conv« keep float', /^\*\*Conv\*\*\n\n3 layers · 880 parameters · 213 k MACs in this model$/],
    ['layers op »Softmax« keep float', /Stays float/],
    ['layers role »pointwise« keep float', /kernel of 1x1\\\.\n\n1 layer in this model\./],
    ['layers »first« keep float', /The first layer that computes.*\n\n\*\*1 layer\*\*\n\n\\\/stem\\\/Conv/],
    [
      'layers all where »macs« > 100k keep float',
      /10 layers of 10 have it, from 0 to 111 k\.\n\nThe test holds for 1 layer\./,
    ],
    ['layers all where »depthwise« keep float', /1 layer of 10 has it\.$/],
  ])('%s', (rule, expected) => {
    expect(hover(`quantize { weights int8 ${rule} }`)).toMatch(expected);
  });
});

describe('documentation comments', () => {
  const spec = `qspec 1

// Not this.
/// Four bits, for what is large
/// and *not* sensitive.
format w4 = int4 symmetric
/// Of the line.
data calibration npz "c.npz"
quantize {
  /// The stem suffers first.
  layers first { weights int8 }
  layers last { weights w4 } }`;

  it.each([
    [
      'format »w4«',
      '**w4** \\= int4 symmetric\n\nFour bits, for what is large\nand \\*not\\* sensitive\\.\n\n**int4**',
    ],
    [
      'weights »w4«',
      '**w4** \\= int4 symmetric\n\nFour bits, for what is large\nand \\*not\\* sensitive\\.\n\n**int4**',
    ],
    ['data »calibration«', '**calibration** npz c\\.npz\n\nOf the line\\.'],
  ])('show at a name and wherever it is used: %s', (marked, expected) => {
    expect(hover(spec.replace(marked.replaceAll(/[»«]/g, ''), marked))).toContain(expected);
  });

  it('show at the rule below them, and at no other', () => {
    expect(hover(spec.replace('layers first', '»layers« first'))).toContain('The stem suffers first\\.');
    expect(hover(spec.replace('layers last', '»layers« last'))).not.toContain('stem suffers');
  });
});

describe('hover on a number format', () => {
  /** The facts in it, by what they are about. */
  const facts = (source: string) =>
    Object.fromEntries(
      [...(hover(source) ?? '').matchAll(/^\| ([^|]+) \| (.*) \|$/gm)].map(([, about, said]) => [
        about!.replaceAll('&nbsp;', ''),
        said,
      ]),
    );

  it('tells what it holds and loses, what it takes, who takes it and what is kept in it here', () => {
    expect(facts('target cortex-a72 quantize { weights »int4« }')).toEqual({
      ':--': ':--',
      range: '−8 … 7 at scale 1; 16 levels',
      'rounding error': 'at most 7.1 % of the largest magnitude',
      memory: '0.5 B each, and 4 B a scale, 5 B with a zero point',
      ONNX: 'qdq from opset 21 on, float with rounded float32 weights',
      targets: 'cortex\\-m7; not **cortex\\-a72**',
      here: 'weights of 4 layers, 496 B and 232 B of scales: 0.7339 B a weight',
    });
  });

  it.each([
    ['quantize { activations »uint8« }', 'rounding error', 'at most 0.20 % of the range'],
    ['quantize { activations »int8« symmetric }', 'rounding error', 'at most 0.39 % of the largest magnitude'],
    ['quantize { activations »uint8« }', 'here', 'outputs of 9 layers'],
    [
      'format a = »uint8«',
      'rounding error',
      'at most 0.39 % of the largest magnitude (symmetric), 0.20 % of the range (affine)',
    ],
    ['quantize { weights »int16« }', 'rounding error', 'at most 15.26 ppm of the largest magnitude'],
    [
      'quantize { weights »int1« }',
      'memory',
      '0.125 B each (0.25 B in an ONNX file), and 4 B a scale, 5 B with a zero point',
    ],
    ['quantize { weights »int3« }', 'memory', '0.375 B each, and 4 B a scale, 5 B with a zero point'],
    [
      'quantize { weights »int3« }',
      'ONNX',
      'qdq from opset 13 on as int8 packed in 3 bits, float with rounded float32 weights',
    ],
    ['quantize { weights »e4m3fn« }', 'range', '−448 … 448 at scale 1; 253 levels'],
    [
      'quantize { weights »e2m1« }',
      'rounding error',
      'at most 16.7 % of the largest magnitude, where steps are widest; the finest are 4 times finer',
    ],
    ['quantize { weights »ternary« }', 'range', '−1 … 1 at scale 1; 3 levels'],
    ['quantize { weights »mxfp4« }', 'memory', '0.5 B each, and 1 B a scale for every 32'],
    [
      'quantize { activations »uint8« observe fixed(-1, 1) }',
      'from the range',
      '−1 … 1: step 0.007843, rounding error at most 0.003922',
    ],
  ])('%s: %s', (source, about, expected) => {
    expect(facts(source)[about]).toBe(expected);
  });

  it('tells of one with arguments, and of one whose levels come of the data', () => {
    expect(facts('quantize { weights »float«(e2m3) }')).toMatchObject({
      range: '−7.5 … 7.5 at scale 1; 63 levels',
    });
    expect(hover('quantize { weights »kmeans«(3) }')).toContain('which come of the data');
  });

  it('draws its grid: a tick for each code that can be told apart, a bar beyond', () => {
    const drawn = (source: string) => decodeURIComponent(/\(data:image\/svg\+xml,([^)]+)\)/.exec(hover(source)!)![1]!);
    const ticks = (svg: string) => [...svg.matchAll(/v-(?:12|24)/g)].length;
    expect(ticks(drawn('quantize { weights »int2« }'))).toBe(4);
    expect(ticks(drawn('quantize { activations »uint4« }'))).toBe(16);
    expect(ticks(drawn('quantize { weights »int8« }'))).toBe(256);
    expect(drawn('quantize { weights »int16« }')).toContain('<rect');
    // Levels of floats lie closer the nearer they are to zero; both zeros are one.
    expect(ticks(drawn('quantize { weights »e2m1« }'))).toBe(15);
    for (const { name } of vocabulary.formats.filter(({ bits }) => bits <= 16)) {
      expect(drawn(`quantize { weights »${name}« }`)).toMatch(/^<svg [^<]*>(?:<(?:path|rect) [^<>]*\/>)+<\/svg>$/);
    }
  });
});

describe('hover on what is called', () => {
  it('tells what it does and takes, where it comes from, its arguments and how it is written', () => {
    expect(hover('quantize { activations uint8 observe »percentile« }')).toMatchInlineSnapshot(`
      "**percentile**

      Leaves out the most extreme values on either side; what lies beyond saturates\\.

      |  |  |
      | :-- | :-- |
      | cost&nbsp;&nbsp; | One pass over the values; a histogram of 8,192 bins \\(64 KiB\\) a tensor while calibration runs\\. |
      | source&nbsp;&nbsp; | Wu et al\\. 2020 \\(arXiv 2004\\.09602\\) |

      | argument&nbsp;&nbsp; | default&nbsp;&nbsp; | range&nbsp;&nbsp; |  |
      | :-- | :-- | :-- | :-- |
      | p&nbsp;&nbsp; | 99.99&nbsp;&nbsp; | 50&nbsp;…&nbsp;100&nbsp;&nbsp; | Percentile that is still covered on the upper side; the lower side mirrors it\\. |

      \`\`\`qspec
      activations uint8 observe percentile(p = 99.99)
      \`\`\`"
    `);
  });

  it('shows an example that checks clean', () => {
    for (const [call, words] of [
      ['observe', vocabulary.observers],
      ['using', vocabulary.methods],
    ] as const) {
      for (const { name } of words) {
        const line = /```qspec\n(.*)\n```/.exec(hover(`quantize { weights int8 ${call} »${name}« }`)!)![1]!;
        const text = `qspec 1 model "m.onnx" data calibration npz "c.npz" quantize { ${line} }`;
        expect(checkSpec(loadSpec(text, specPath), { vocabulary, path: posix })).toEqual([]);
      }
    }
  });
});

describe('hover on a quantity', () => {
  it.each([
    ['target cortex-m7 { flash <= 1 »MiB« }', '1,048,576 B \\= 1,024 KiB \\= 1049 kB \\= 1.049 MB'],
    ['target cortex-m7 { flash <= »2« MiB }', '**2 MiB** mebibyte'],
    ['target cortex-m7 { latency <= 80 »ms« }', '0.08 s \\= 80,000 us \\= 80,000,000 ns'],
    ['target cortex-m7 { latency <= 80 »ms« }', '12.5 a second'],
    ['target cortex-m7 { energy <= 2 »mJ« }', '2 mW at one inference a second'],
    ['quantize { layers all where macs > 1.5»M« keep float }', '1,500,000'],
    ['expect sqnr >= 20 »dB«', '10 % of the signal’s amplitude, 1 % of its power'],
    ['expect top1 drop <= 1 »points«', 'from 90 % to 89 %'],
    ['expect size drop >= 0.6 »relative«', '60 % of the float'],
    ['expect top1 >= 85 »%«', '0.85 of one'],
  ])('%s', (source, expected) => {
    expect(hover(source)).toContain(expected);
  });
});

describe('hover on a machine and its budgets', () => {
  it('shows its figures, and what the spec costs there if it is the one named', () => {
    const spec = (name: string) => `target ${name} target cortex-a72 quantize { weights int8 activations uint8 }`;
    expect(hover(spec('»cortex-m7«'))).toMatch(/^\| estimated latency&nbsp;&nbsp; \| \S+ ms → \S+ ms \(−\d+ %\) \|$/m);
    expect(hover('target cortex-m7 target »cortex-a72« quantize { weights int8 }')).not.toContain('estimated');
  });

  it('tells energy where the machine has a model of it, of rules, layers and the whole', () => {
    const spec = (name: string, block = 'weights int8 activations uint8 layers first { weights int8 }') =>
      `target ${name} quantize { ${block} }`;
    const rule = 'weights int8 activations uint8 »layers« first { weights int8 }';
    const change = String.raw`\S+ µJ → \S+ µJ \(−\d+ %\)`;
    expect(hover(spec('»cortex-a72«'))).toMatch(
      new RegExp(`^\\| estimated energy&nbsp;&nbsp; \\| ${change} \\|$`, 'm'),
    );
    expect(hover(spec('cortex-a72', rule))).toMatch(new RegExp(`µs \\(−\\d+ %\\) · ${change} on Cortex`));
    expect(hover(spec('cortex-a72', rule.replace('»layers« first', 'layer »"/stem/Conv"«')))).toMatch(
      new RegExp(`^\\| energy&nbsp;&nbsp; \\| ${change} \\|$`, 'm'),
    );
    expect(hover(spec('cortex-m7', rule))).not.toContain('J →');
    expect(hover(spec('cortex-m7 { »energy« <= 2 mJ }'))).toContain('has no model of energy');
    expect(hover(spec('cortex-a72 { »energy« <= 2 mJ }'))).toMatch(/Estimated \S+ µJ → \S+ µJ on Cortex/);
  });

  it('tells how near to a budget the spec is', () => {
    expect(hover('target cortex-m7 { »flash« <= 1 MiB } quantize { weights int8 }')).toMatch(
      /Bytes of weights.*\n\nEstimated 68\.\d KiB → 65\.\d KiB of 2\.00 MiB on Cortex/,
    );
  });
});

describe('hover on an export', () => {
  const spec = (statement: string) => `quantize { weights int4 layers first { weights int8 } } ${statement}`;

  it('tells what it writes and what can be asked of it', () => {
    const text = hover(spec('export »onnx« qdq "m.onnx"'));
    expect(text).toMatch(/^\| qdq&nbsp;&nbsp; \| Float operators between/m);
    expect(text).toMatch(/^\| opset&nbsp;&nbsp; \| 13&nbsp;…&nbsp;26&nbsp;&nbsp; \|/m);
    expect(text).toMatch(/^\| container&nbsp;&nbsp; \| int8, packed, typed&nbsp;&nbsp; \|/m);
    expect(hover(spec('export onnx »float« "m.onnx"'))).not.toContain('container');
  });

  it('tells what the formats of the spec ask of it', () => {
    expect(hover(spec('export onnx »qdq« "m.onnx"'))).toContain('opset 21, the lowest that holds int4');
    expect(hover(spec('export onnx »qdq« "m.onnx" { container int8 }'))).toContain(
      'opset 13, the lowest that holds int4',
    );
    const packed = hover(spec('export onnx »qdq« "m.onnx" { container packed }'));
    expect(packed).toContain('opset 13, the lowest that holds int4');
    expect(hover(spec('export onnx »float« "m.onnx"'))).not.toContain('lowest');
  });
});

describe('hover on a keyword', () => {
  it('leads to its section of the documentation where that can be opened', () => {
    const { text, ranges } = takeMarkers('quantize { weights int8 layers op Conv »where« macs > 1 keep float }');
    const spec = examine(loadSpec(text, specPath), { vocabulary, path: posix });
    const manual = (section: string) => `https://example.com/language.md#${section}`;
    expect(hoverAt(spec, ranges[0]!.start, manual)?.markdown).toBe(
      '**where** Narrows the whole selector before it.\n\n[More of predicates](https://example.com/language.md#predicates)',
    );
    expect(hoverAt(spec, ranges[0]!.start)?.markdown).not.toContain('More of');
  });

  it('has a section, and each section is there', () => {
    const manual = readFileSync(join(root, 'docs', 'language.md'), 'utf8');
    expect(Object.keys(keywordDocumentation).filter((word) => sectionOf(word) === undefined)).toEqual([]);
    const headings = [...manual.matchAll(/^##+ `?([^`\n]+)`?$/gm)].map((match) => match[1]!.toLowerCase());
    expect(sectionAnchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });
});

describe('hover on words', () => {
  it.each([
    ['quantize { weights »int4« }', '4\\-bit signed integer'],
    ['quantize { weights »float« }', 'Not quantised'],
    ['quantize { weights »float«(e4m3, bias = 11) }', 'Float of 4 exponent and 3 mantissa bits, bias 11'],
    ['quantize { weights int4 »per-group«(32) }', 'every N weights of an output channel'],
    ['quantize { weights int4 »power-of-two-scale« }', 'rescaling is a shift'],
    ['format w4 = int4 symmetric quantize { weights »w4« }', 'int4 symmetric'],
    ['quantize { weights int8 »symmetric« }', 'Zero point 0'],
    ['quantize { weights int8 using »adaround« }', 'Learns which way to round'],
    ['target »cortex-m7«', 'A microcontroller'],
    ['data a »npz« "a"', 'npz'],
    ['quantize { layers role »depthwise« keep float }', 'one group per channel'],
    ['quantize { layers all where »macs« > 1 keep float }', 'accumulates of one inference'],
    ['target cortex-m7 { flash <= 1 »MiB« }', 'mebibyte'],
    ['target cortex-m7 { »flash« <= 1 MiB }', 'Bytes of weights'],
    ['expect »top1« >= 50 %', 'best class is right'],
    ['»quantize« { }', 'top to bottom'],
    ['quantize { arithmetic »ort« }', 'half to even'],
    ['quantize { backend »tvm« }', 'powers of two'],
    ['quantize { »backend« tvm }', 'quantised for'],
    ['model "m.onnx" quantized »keep«', 'stay as they are'],
    ['data a images "a" { filter »lanczos« }', 'sharpest'],
    ['data a images "a" { channels »bgr« }', 'OpenCV'],
    ['data a images "a" { layout »nhwc« to nchw }', 'Channels last'],
    ['data a images "a" { labels »folder« }', 'class of an image is its folder'],
    ['search { minimize »loss« }', 'does to the outputs'],
  ])('%s', (source, expected) => {
    expect(hover(source)).toContain(expected);
  });

  it('is silent where there is nothing to say', () => {
    expect(hover('model »"m.onnx"«')).toBeUndefined();
  });
});

describe('names from hostile models', () => {
  it('come out as text, never as Markdown', () => {
    const name = '[x](command:run) <img src=x> **b** `c` \u0000\n# d';
    const model = modelOf([{ name, op: 'Conv', reads: ['input'], shape: [1, 1], weight: [1, 1, 1, 1] }]);
    const text = hover(`quantize { weights int8 »layers« all { weights int4 } }`, model)!;
    expect(text).toContain('\\[x\\]\\(command\\:run\\) \\<img src=x\\> \\*\\*b\\*\\* \\`c\\` U+0000U+000A\\# d');
  });
});

describe('quick fixes', () => {
  it('mend what the finding points at', () => {
    const text = 'qspec 1 model "m.onnx" quantize { weights int8 layer "/stem/Cnv" keep float }';
    const [finding] = checkSpec(loadSpec(text, specPath), { vocabulary, path: posix, model: small });
    const fix = fixOf(finding!)!;
    expect(fix.title).toBe('Change to "/stem/Conv"');
    const { start, end } = fix.range;
    const mended = text.slice(0, start.column) + fix.text + text.slice(end.column);
    expect(checkSpec(loadSpec(mended, specPath), { vocabulary, path: posix, model: small })).toEqual([]);
  });

  it('insert where nothing is replaced', () => {
    const [finding] = checkSpec(loadSpec('model "m.onnx"', specPath), { vocabulary, path: posix });
    expect(fixOf(finding!)).toMatchObject({ title: 'Insert qspec 1', text: 'qspec 1\n' });
  });

  it('are not offered without a replacement', () => {
    expect(fixOf({ code: 'a/b', severity: 'error', what: 'x' })).toBeUndefined();
  });
});
