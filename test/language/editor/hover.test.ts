import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../language/context.ts';
import { fixOf } from '../../../language/editor/fixes.ts';
import { hoverAt } from '../../../language/editor/hover.ts';
import { checkSpec, loadSpec } from '../../../language/index.ts';
import { modelOf, small } from '../support/model.ts';
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
      /^\*\*3 layers\*\* · 880 parameters · 213 k MACs · 3\.44 KiB → 800 B · \S+ ms → \S+ ms on Cortex/,
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
      'Pruned: pattern 2\\:4 by random',
    );
  });
});

describe('hover where rules ask for sensitivity', () => {
  it('says that it is not measured; a layer says what was measured of it', () => {
    expect(hover('quantize { »layers« op Conv where sensitivity < 30 dB { weights int8 } }')).toBe('**not measured**');
    const { text, ranges } = takeMarkers('quantize { layer »"/stem/Conv"« { weights int8 } }');
    const measurements = { sensitivity: { '/stem/Conv': 12.5 } };
    const spec = examine(loadSpec(text, specPath), { vocabulary, path: posix, model: small, measurements });
    expect(hoverAt(spec, ranges[0]!.start)?.markdown).toContain('sensitivity 12\\.5 dB');
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

describe('hover on a layer', () => {
  it('shows its row, and what was decided for it on which line', () => {
    expect(
      hover(
        'quantize {\nweights int8\nactivations uint8 observe mse\nlayer »"/stem/Conv"« { weights int4 using adaround } }',
      ),
    ).toMatchInlineSnapshot(`
      "**\\/stem\\/Conv** Conv \\[1, 3, 32, 32\\] → \\[1, 16, 16, 16\\]

      448 parameters · 111 k MACs · 1.75 KiB

      - weight: int4 symmetric per\\-channel observe min\\-max using adaround \\(line 4\\)
      - bias: int32 symmetric per\\-channel observe min\\-max \\(line 4\\)
      - input\\[0\\]: uint8 affine per\\-tensor observe mse \\(line 3\\)
      - output\\[0\\]: uint8 affine per\\-tensor observe mse \\(line 3\\)"
    `);
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
    ['format »w4«', '**w4** \\= int4 symmetric\n\nFour bits, for what is large\nand \\*not\\* sensitive\\.'],
    ['weights »w4«', '**w4** \\= int4 symmetric\n\nFour bits, for what is large\nand \\*not\\* sensitive\\.'],
    ['data »calibration«', '**calibration** npz c\\.npz\n\nOf the line\\.'],
  ])('show at a name and wherever it is used: %s', (marked, expected) => {
    expect(hover(spec.replace(marked.replaceAll(/[»«]/g, ''), marked))).toBe(expected);
  });

  it('show at the rule below them, and at no other', () => {
    expect(hover(spec.replace('layers first', '»layers« first'))).toContain('The stem suffers first\\.');
    expect(hover(spec.replace('layers last', '»layers« last'))).not.toContain('stem suffers');
  });
});

describe('hover on words', () => {
  it.each([
    ['quantize { weights »int4« }', 'integer of 4 bits'],
    ['quantize { weights »float« }', 'Not quantised'],
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
