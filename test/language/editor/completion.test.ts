import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../language/context.ts';
import { completionsAt } from '../../../language/editor/completion.ts';
import { hoverAt } from '../../../language/editor/hover.ts';
import { keywordDocumentation } from '../../../language/editor/words.ts';
import { loadSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { readResources, resourceFolder, specPath, takeMarkers } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const context = { vocabulary, path: posix, model: small };

/** Labels offered at `¦`. */
function offered(source: string): readonly string[] {
  const offset = source.indexOf('¦');
  const text = source.replace('¦', '');
  return completionsAt(examine(loadSpec(text, specPath), context), offset).suggestions.map(({ label }) => label);
}

/** The text after the suggestion of that label is taken. */
function accepted(source: string, label: string): string {
  const offset = source.indexOf('¦');
  const text = source.replace('¦', '');
  const { suggestions, start, end } = completionsAt(examine(loadSpec(text, specPath), context), offset);
  const suggestion = suggestions.find((candidate) => candidate.label === label);
  if (!suggestion) throw new Error(`${label} is not offered`);
  return text.slice(0, start) + (suggestion.text ?? suggestion.label) + text.slice(end);
}

const statements = [
  ...['qspec', 'import', 'model', 'target', 'data', 'format', 'passes', 'prune', 'quantize', 'train', 'search'],
  ...['export', 'expect'],
];
const passes = ['fold-constants', 'remove-identity', 'fold-batch-norm'];
const pruning = ['sparsity', 'channels', 'pattern', 'by'];

describe('what is offered', () => {
  it.each<[string, readonly string[]]>([
    ['¦', statements],
    ['qspec 1 ¦', statements],
    ['qspec 1\nmo¦', statements],
    ['target ¦', ['cortex-m7', 'cortex-a72']],
    ['target cortex¦', ['cortex-m7', 'cortex-a72']],
    ['target cortex-m7 { ¦', ['flash', 'ram', 'latency', 'energy', 'size']],
    ['target cortex-m7 { flash <= 1 MiB ¦ }', ['flash', 'ram', 'latency', 'energy', 'size']],
    ['data calibration ¦', ['images', 'npz', 'npy', 'onnx-pb']],
    ['data a npz "a" data b npz "b" like ¦', ['a']],
    ['data a npz "a" { filter ¦', ['nearest', 'bilinear', 'bicubic', 'lanczos', 'box']],
    ['data a npz "a" { input ¦', ['input']],
    ['data a npz "a" { labels ¦', ['folder', 'file']],
    ['quantize { weights int8 observe ¦', ['min-max', 'percentile', 'mse', 'fixed']],
    ['quantize { weights int8 using ¦', ['round-to-nearest', 'adaround']],
    ['quantize { layers op ¦', ['Conv', 'Relu', 'Add', 'GlobalAveragePool', 'Flatten', 'Gemm', 'Softmax']],
    ['quantize { layers op Conv ¦', ['and', 'or', 'where', 'matches', 'optional', 'keep']],
    ['quantize { layers op Conv where depthwise ¦', ['and', 'or', 'matches', 'optional', 'keep']],
    ['quantize { layers first keep ¦', ['float']],
    ['quantize { layers first { ¦ } }', ['weights', 'activations', 'inputs', 'outputs', 'bias', 'lock', 'reset']],
    ['quantize { layers first { reset ¦ } }', ['all', 'weights', 'activations', 'inputs', 'outputs', 'bias']],
    ['passes ¦', [...passes, 'all', 'none']],
    ['passes fold-constants, ¦', passes],
    ['passes all without ¦', passes],
    ['prune { ¦', [...pruning, 'lock', 'reset', 'layers', 'layer']],
    ['prune { layers first { ¦ } }', [...pruning, 'lock', 'reset']],
    ['prune { layers first keep ¦', ['dense']],
    ['prune { by ¦', ['magnitude', 'random']],
    ['prune { lock ¦', [...pruning, 'all']],
    ['prune { reset ¦', ['all']],
    ['prune { layers op ¦', ['Conv', 'Relu', 'Add', 'GlobalAveragePool', 'Flatten', 'Gemm', 'Softmax']],
    ['train { layers first { ¦ } }', ['rate', 'decay', 'lock', 'reset']],
    ['train { layers first keep ¦', ['frozen']],
    ['train { optimizer ¦', ['sgd']],
    ['train { schedule ¦', ['cosine']],
    ['data mine npz "a" train { data ¦', ['mine']],
    ['quantize { layers block ¦', ['1']],
    ['quantize { layers blocks 1, ¦', ['1']],
    ['quantize { layers writing ¦', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'output']],
    ['quantize { layers reading "stem¦', ['/stem/Conv.weight', '/stem/Conv.bias']],
    ['quantize { lock ¦', ['weights', 'activations', 'inputs', 'outputs', 'bias']],
    ['quantize { arithmetic ¦', ['ort', 'tflite', 'gemmlowp', 'settle']],
    ['search { ¦', ['weights', 'activations', 'minimize', 'maximize', 'subject']],
    ['constructor { toString __proto__ { ¦', statements],
    ['export ¦', ['onnx']],
    ['export onnx ¦', ['qdq', 'float']],
    ['export onnx qdq "a" { ¦', ['opset']],
    ['expect top1 ¦', ['drop']],
    ['// ¦', []],
    ['/* ¦ */', []],
    ['model "¦"', []],
  ])('%s', (source, expected) => {
    expect(offered(source)).toEqual(expected);
  });

  it.each<[string, readonly string[]]>([
    ['quantize { weights ¦', ['int8', 'uint8', 'int4', 'float', 'symmetric', 'per-channel', 'observe', 'using']],
    ['format w4 = int4 quantize { weights ¦', ['w4', 'int8']],
    ['format w4 = ¦', ['int4', 'affine', 'observe']],
    ['quantize { layers ¦', ['op', 'first', 'not', '/stem/Conv']],
    ['quantize { layers first or ¦', ['op', 'last', '/stem/Conv']],
    ['quantize { layers op Conv where ¦', ['kernel', 'macs', 'depthwise']],
    ['quantize { layers op Conv where kernel == 1x1 and ¦', ['kernel', 'macs']],
    ['quantize { layers (op Conv where depthwise) or ¦', ['op', 'first']],
    ['quantize { layers from first ¦', ['to']],
    ['quantize { layer ¦', ['/stem/Conv', 'softmax']],
    ['target cortex-m7 { flash <= 1 ¦', ['KiB', 'MiB', 'kB']],
    ['expect top1 drop <= 1 ¦', ['points', 'relative']],
    ['expect size <= 1 ¦', ['KiB', 'MiB']],
    ['search { weights one of int4, ¦', ['int8', 'int2']],
    ['search { minimize loss subject to ¦', ['size', 'energy']],
    ['data a npz "a" { take 10 ¦', ['skip', 'seed', 'resize']],
    // Faults elsewhere do not matter.
    ['modle "a" } quantize { weights weights layers op Conv { we¦', ['weights', 'activations']],
  ])('%s (among others)', (source, expected) => {
    expect(offered(source)).toEqual(expect.arrayContaining([...expected]));
  });

  it('after a number without unit is no unit', () => {
    expect(offered('data a npz "a" { take 10 ¦')).not.toContain('KiB');
    expect(offered('expect top1 drop <= 1 ¦')).not.toContain('KiB');
  });
});

describe('a suggestion', () => {
  it('replaces the word that is being typed, a text with its quotes', () => {
    expect(accepted('quantize { wei¦', 'weights')).toBe('quantize { weights');
    expect(accepted('quantize { layer "/st¦" keep float }', '/stem/Conv')).toBe(
      'quantize { layer "/stem/Conv" keep float }',
    );
    expect(accepted('quantize { layer ¦ keep float }', '/stem/Conv')).toBe(
      'quantize { layer "/stem/Conv" keep float }',
    );
    expect(accepted('quantize { layers "dw¦', '/block/0/dw/Conv')).toBe('quantize { layers "/block/0/dw/Conv"');
  });

  it('has documentation if it is a keyword', () => {
    const all = statements.flatMap((statement) => offered(`${statement} x { ¦`));
    for (const label of [...statements, ...new Set(all)]) {
      if (/^[a-z]/.test(label) && !vocabulary.targets.some((target) => target.name === label)) {
        expect(keywordDocumentation[label] ?? 'budget').toMatch(/\.$|budget/);
      }
    }
  });
});

describe('anywhere in any text', () => {
  const design = takeMarkers(readFileSync(join(resourceFolder, 'whole', 'design.qspec'), 'utf8')).text;
  const resource = readResources('whole')[0]!;

  it('completion and hover answer without fault', () => {
    const spec = examine(loadSpec(design, specPath), resource.context);
    for (let offset = 0; offset <= design.length; offset++) completionsAt(spec, offset);
    let hovers = 0;
    for (const [line, content] of design.split('\n').entries()) {
      for (let column = 0; column <= content.length; column++) if (hoverAt(spec, { line, column })) hovers++;
    }
    expect(hovers).toBeGreaterThan(100);
  });

  it('also in noise', () => {
    const words = [...new Set(design.match(/[\w/.-]+|"[^"]*"|[^\s\w]/g)), '"', 're"', '/*', '//', '\n'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), fc.nat(200), (list, at) => {
        const text = list.join(' ');
        const spec = examine(loadSpec(text, specPath), resource.context);
        const { start, end } = completionsAt(spec, Math.min(at, text.length));
        expect(start).toBeLessThanOrEqual(Math.min(at, text.length));
        expect(end).toBeGreaterThanOrEqual(start);
        hoverAt(spec, { line: 0, column: at });
        hoverAt(spec, { line: 3, column: at });
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
