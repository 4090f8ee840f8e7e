import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observers } from '../../../engine/observers/registry.ts';
import { examine } from '../../../language/context.ts';
import { completionsAt } from '../../../language/editor/completion.ts';
import { applyEdits, formatSpec } from '../../../language/editor/format.ts';
import { hoverAt } from '../../../language/editor/hover.ts';
import { pathSuggestions } from '../../../language/editor/path-wishes.ts';
import type { Suggestion } from '../../../language/editor/suggestion.ts';
import { suggestionPage } from '../../../language/editor/suggestion-page.ts';
import { loadSpec, type SpecContext } from '../../../language/index.ts';
import { engineVocabulary } from '../../../language/vocabulary-engine.ts';
import { modelOf, small } from '../support/model.ts';
import { readResources, resourceFolder, specPath, takeMarkers } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const context = { vocabulary, path: posix, model: small };

/** What is offered at `¦`. */
function suggestionsAt(source: string, surroundings: SpecContext = context): readonly Suggestion[] {
  const offset = source.indexOf('¦');
  const text = source.replace('¦', '');
  return completionsAt(examine(loadSpec(text, specPath), surroundings), offset).suggestions;
}

function offered(source: string): readonly string[] {
  return suggestionsAt(source).map(({ label }) => label);
}

/** The text after the suggestion of that label is taken. */
function accepted(source: string, label: string, surroundings: SpecContext = context): string {
  const offset = source.indexOf('¦');
  const text = source.replace('¦', '');
  const { suggestions, start, end } = completionsAt(examine(loadSpec(text, specPath), surroundings), offset);
  const suggestion = suggestions.find((candidate) => candidate.label === label);
  if (!suggestion) throw new Error(`${label} is not offered`);
  return text.slice(0, start) + (suggestion.text ?? suggestion.label) + text.slice(end);
}

const statements = [
  ...['qspec', 'import', 'model', 'target', 'data', 'format', 'passes', 'prune', 'quantize', 'train', 'search'],
  ...['export', 'expect'],
];
const passes = ['fold-constants', 'remove-identity', 'fold-batch-norm'];
const pruning = ['sparsity', 'channels', 'pattern', 'rank', 'by'];

const exactly: readonly (readonly [string, readonly string[]])[] = [
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
  ['quantize { weights int8 observe ¦', observers.map(({ name }) => name)],
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
  ['prune { layers op Conv matches ¦', ['3']],
  ['quantize { layers op Conv where sensitivity < 30 dB matches ¦', []],
  ['quantize { layers block ¦', ['1']],
  ['quantize { layers blocks 1, ¦', ['1']],
  ['quantize { layers writing ¦', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'output']],
  ['quantize { layers reading "stem¦', ['/stem/Conv.weight', '/stem/Conv.bias']],
  ['quantize { lock ¦', ['weights', 'activations', 'inputs', 'outputs', 'bias']],
  ['quantize { arithmetic ¦', ['ort', 'tflite', 'gemmlowp', 'settle']],
  ['quantize { backend ¦', ['onnxruntime', 'onnxruntime-avx2', 'tensorrt', 'acl', 'tvm', 'snpe', 'fbgemm', 'academic']],
  ['model "m.onnx" quantized ¦', ['keep', 'requantize', 'refuse']],
  ['model "m.onnx" ¦', [...statements, 'quantized']],
  ['search { ¦', ['weights', 'activations', 'minimize', 'maximize', 'subject']],
  ['constructor { toString __proto__ { ¦', statements],
  ['export ¦', ['onnx']],
  ['export onnx ¦', ['qdq', 'float']],
  ['export onnx qdq "a" { ¦', ['opset', 'container']],
  ['export onnx qdq "a" { container ¦', ['int8', 'packed', 'typed']],
  ['expect top1 ¦', ['drop', '>=', '>', '<=', '<', '==']],
  ['expect sqnr ¦', ['>=', '>', '<=', '<', '==']],
  ['expect top1 drop ¦', ['>=', '>', '<=', '<', '==']],
  ['target cortex-m7 { flash ¦', ['<=', '<', '>=', '>']],
  ['search { subject to size ¦', ['<=', '<', '>=', '>']],
  ['// ¦', []],
  ['/* ¦ */', []],
  ['model "¦"', []],
];

const amongOthers: readonly (readonly [string, readonly string[]])[] = [
  ['quantize { weights ¦', ['int8', 'uint8', 'int4', 'float', 'symmetric', 'per-channel', 'observe', 'using']],
  ['format w4 = int4 quantize { weights ¦', ['w4', 'int8']],
  ['format w4 = ¦', ['int4', 'affine', 'observe']],
  ['quantize { weights int8 ¦', ['symmetric', 'affine', 'per-channel', 'observe', 'using', 'layers']],
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
];

const sources = [...exactly, ...amongOthers].map(([source]) => source);

describe('what is offered', () => {
  it.each(exactly)('%s', (source, expected) => {
    expect(offered(source)).toEqual(expected);
  });

  it.each(amongOthers)('%s (among others)', (source, expected) => {
    expect(offered(source)).toEqual(expect.arrayContaining([...expected]));
  });

  it('leaves out what the statement says already', () => {
    const said = ['int4', 'float', 'symmetric', 'per-tensor', 'observe'];
    const after = offered('quantize { weights int8 affine per-channel observe mse ¦');
    expect(after.filter((label) => said.includes(label))).toEqual([]);
    expect(after).toContain('using');
  });

  it('begins with the formats that are used most', () => {
    expect(offered('quantize { weights ¦').slice(0, 4)).toEqual(['int8', 'uint8', 'int4', 'uint4']);
    expect(offered('quantize { activations ¦').slice(0, 2)).toEqual(['uint8', 'int8']);
    expect(offered('format w = int2 target cortex-a72 quantize { weights ¦').slice(0, 4)).toEqual([
      'w',
      'int8',
      'uint8',
      'int4',
    ]);
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

  it.each([
    ['quantize { weights int8 per-¦', 'per-channel', 'quantize { weights int8 per-channel'],
    ['quantize { weights int8 per¦-tensor }', 'per-channel', 'quantize { weights int8 per-channel }'],
    ['quantize { layers op com.mi¦', 'com.microsoft.Gelu', 'quantize { layers op com.microsoft.Gelu'],
    ['target cortex-m7 { flash <= 1¦', 'MiB', undefined],
    ['target cortex-m7 { flash <= 1M¦', 'MiB', 'target cortex-m7 { flash <= 1MiB'],
  ])('takes the whole of what is typed for it: %s', (source, label, expected) => {
    if (expected === undefined) expect(offered(source)).not.toContain(label);
    else expect(accepted(source, label, { ...context, model: undefined })).toBe(expected);
  });

  it('has documentation, whatever it is', () => {
    const bare = sources.flatMap((source) => suggestionsAt(source));
    expect(bare.length).toBeGreaterThan(400);
    expect(bare.filter(({ documentation }) => !/[^\s]/.test(documentation)).map(({ label }) => label)).toEqual([]);
  });

  it('has a page of its own wherever the hover has one', () => {
    const spec = examine(
      loadSpec('format w4 = int4 data calibration npz "c.npz" quantize { weights w4 }', specPath),
      context,
    );
    const page = (kind: Suggestion['kind'], label: string) => suggestionPage({ kind, label }, spec);
    expect(page('format', 'int4')).toContain('−8 … 7');
    expect(page('function', 'percentile')).toContain('99.99');
    expect(page('layer', '/stem/Conv')).toContain('448 parameters');
    expect(page('name', 'w4')).toContain('\\= int4');
    expect(page('name', 'calibration')).toContain('npz c\\.npz');
    expect(page('operator', 'Conv')).toContain('3 layers');
    expect(page('property', 'macs')).toContain('10 layers of 10');
    expect(page('property', 'flash')).toContain('Bytes of weights');
    expect(page('target', 'cortex-m7')).toContain('A microcontroller');
    expect(page('unit', '2 MiB')).toContain('2,097,152 B');
    expect(page('unit', 'KiB')).toContain('1,024 B');
    expect(page('keyword', 'where')).toContain('Narrows');
    expect(page('layer', 'nowhere')).toBeUndefined();
  });
});

describe('values that the model has', () => {
  const values = (source: string, surroundings: SpecContext = context) =>
    suggestionsAt(source, surroundings).map(({ label, detail }) => `${label}: ${detail}`);

  it.each<[string, readonly string[]]>([
    ['where kernel == ¦', ['3x3: 2 layers', '1x1: 1 layer']],
    ['where kernel != ¦', ['1x1: 2 layers', '3x3: 1 layer']],
    [
      'where op == ¦',
      [
        '"Conv": 3 layers',
        '"Relu": 2 layers',
        '"Add": 1 layer',
        '"GlobalAveragePool": 1 layer',
        '"Flatten": 1 layer',
        '"Gemm": 1 layer',
        '"Softmax": 1 layer',
      ],
    ],
    ['where macs > ¦', ['0: 4 layers', '160: 3 layers', '36864: 2 layers', '65536: 1 layer', '110592: 0 layers']],
    [
      'where weight-bytes >= ¦',
      ['0 B: 10 layers', '576 B: 4 layers', '640 B: 3 layers', '1 KiB: 2 layers', '1728 B: 1 layer'],
    ],
    ['where attribute.transB == ¦', ['1: 1 layer']],
    [
      'where weight-shape == ¦',
      ['[16, 3, 3, 3]: 1 layer', '[16, 1, 3, 3]: 1 layer', '[16, 16, 1, 1]: 1 layer', '[10, 16]: 1 layer'],
    ],
  ])('quantize { layers all %s', (where, expected) => {
    expect(values(`quantize { layers all ${where}`)).toEqual(expected);
  });

  it('are few telling ones of many, as thresholds go', () => {
    const layers = Array.from({ length: 100 }, (_, i) => ({
      name: `l${i}`,
      op: 'Conv',
      reads: ['input'],
      shape: [1],
      macs: 1000 * (i + 1),
    }));
    const many = { ...context, model: modelOf(layers) };
    expect(values('quantize { layers all where macs > ¦', many)).toEqual([
      '11k: 89 layers',
      '26k: 74 layers',
      '51k: 49 layers',
      '76k: 24 layers',
      '91k: 9 layers',
    ]);
    expect(values('quantize { layers all where macs == ¦', many)).toHaveLength(20);
  });

  it('are not there of sides that nobody knows', () => {
    const model = modelOf([{ name: 'a', op: 'Conv', reads: ['input'], shape: ['N', 3] }]);
    expect(values('quantize { layers all where output-shape == ¦', { ...context, model })).toEqual([]);
  });

  it('come with comparisons that fit the property', () => {
    const signs = (property: string) =>
      offered(`quantize { layers all where ${property} ¦`).filter((label) => /\W/.test(label));
    expect(signs('macs')).toEqual(['>', '>=', '<', '<=', '==', '!=']);
    expect(signs('kernel')).toEqual(['==', '!=']);
    expect(signs('depthwise')).toEqual([]);
    expect(signs('macs > 3')).toEqual([]);
    expect(offered('quantize { layers all where ¦')).toContain('attribute.transB');
  });

  it('are counted for `matches`', () => {
    expect(offered('quantize { layers op Conv matches ¦')).toEqual(['3']);
    expect(offered('quantize { layers op Relu { } layers op Conv matches == ¦ keep float }')).toEqual(['3']);
  });
});

describe('quantities', () => {
  const details = (source: string) =>
    suggestionsAt(source).map(({ label, detail }) => (detail ? `${label} (${detail})` : label));

  it('begin with what the machine has and the spec needs', () => {
    const own: SpecContext = { ...context, vocabulary: engineVocabulary() };
    const labels = (source: string) =>
      suggestionsAt(source, own).map(({ label, detail }) => (detail ? `${label} (${detail})` : label));
    const block = 'quantize { weights int8 activations int8 }';
    expect(labels(`${block} target cortex-m7 { flash <= ¦`)).toEqual([
      '2 MiB (cortex-m7)',
      '66 KiB (estimate)',
      '100 KiB',
      '1 MiB',
    ]);
    expect(labels(`target cortex-m7 ${block} expect latency <= ¦`)).toEqual([
      expect.stringMatching(/^\d+(\.\d)? (ms|us) \(estimate\)$/),
      '10 ms',
      '100 ms',
    ]);
    expect(labels(`${block} target cortex-a72 { energy <= ¦`)).toEqual([
      expect.stringMatching(/^\d+(\.\d)? (mJ|uJ) \(estimate\)$/),
      '1 mJ',
    ]);
    expect(labels(`${block} target cortex-m7 { energy <= ¦`)).toEqual(['1 mJ']);
    expect(labels(`target cortex-m7 ${block} expect latency drop <= ¦`)).toEqual(['0.05 relative']);
  });

  it.each([
    ['expect top1 drop <= ¦', ['1 points', '0.05 relative']],
    ['expect sqnr >= ¦', ['20 dB', '30 dB']],
    ['search { subject to energy <= ¦', ['1 mJ']],
  ])('%s', (source, expected) => {
    expect(details(source)).toEqual(expected);
  });
});

describe('snippets', () => {
  /** The text of a snippet as it stands when nothing is typed over it. */
  const filled = (snippet: string) =>
    snippet
      .replaceAll(/\$\{\d+\|([^,|]*)[^}]*\|\}/g, '$1')
      .replaceAll(/\$\{\d+:((?:\\.|[^}\\])*)\}/g, '$1')
      .replaceAll('$0', '')
      .replaceAll(/\\([\\$},|])/g, '$1');
  const places: readonly (readonly [block: string, before: string, after: string])[] = [
    ['of a file', '', ''],
    ['of a target', 'target cortex-m7 {\n  ', '\n}'],
    ['of data', 'data x npz "x.npz" {\n  ', '\n}'],
    ['of quantize', 'quantize {\n  ', '\n}'],
    ['of a rule', 'quantize {\n  layers op Conv {\n    ', '\n  }\n}'],
    ['of a search', 'search {\n  ', '\n}'],
    ['of an export', 'export onnx qdq "x.onnx" {\n  ', '\n}'],
  ];

  it.each(places)('%s are whole, without a fault of form, and laid out', (_, before, after) => {
    const all = suggestionsAt(`${before}¦${after}`);
    const snippets = all.filter(({ snippet }) => snippet !== undefined);
    expect(snippets.map(({ label }) => label)).toEqual(all.map(({ label }) => label));
    for (const { snippet, label } of snippets) {
      const text = `${before}${filled(snippet!).replaceAll('\n', `\n${/ *$/.exec(before)![0]}`)}${after}`;
      expect(filled(snippet!), label).toMatch(new RegExp(`^${label}\\b`));
      expect(loadSpec(text, specPath).findings, text).toEqual([]);
      expect(applyEdits(text, formatSpec(text)).trimEnd(), label).toBe(text);
    }
  });

  it('are offered where nothing of the statement stands behind the cursor', () => {
    const hasSnippet = (source: string) => suggestionsAt(source).some(({ snippet }) => snippet !== undefined);
    expect(hasSnippet('quan¦')).toBe(true);
    expect(hasSnippet('quan¦  // later\nexpect')).toBe(true);
    expect(hasSnippet('quantize { wei¦ }')).toBe(true);
    expect(hasSnippet('quan¦ { weights int8 }')).toBe(false);
    expect(hasSnippet('quantize { wei¦ int8 }')).toBe(false);
  });

  it('know the model, the target and the names of the spec', () => {
    const snippet = (source: string, label: string) =>
      suggestionsAt(source).find((own) => own.label === label)?.snippet;
    expect(snippet('model "nets/m.onnx" ¦', 'export')).toContain('out/m.int8.onnx');
    expect(snippet('quantize { ¦', 'layers')).toContain('op Conv');
    expect(snippet('format w4 = int4 target cortex-a72 quantize { ¦', 'weights')).toBe(`weights \${1|int8,w4,uint8|}`);
    expect(snippet('data calibration npz "c" ¦', 'data')).toContain(`\${1|validation,calibration|}`);
  });
});

describe('a long list', () => {
  it('says that there is more', () => {
    const many = Array.from({ length: 300 }, (_, i) => ({
      name: `layer${i}`,
      op: 'Conv',
      reads: ['input'],
      shape: [1],
    }));
    const text = 'quantize { layer "layer';
    const spec = (count: number) =>
      examine(loadSpec(text, specPath), { ...context, model: modelOf(many.slice(0, count)) });
    expect(completionsAt(spec(300), text.length)).toMatchObject({ incomplete: true });
    expect(completionsAt(spec(100), text.length)).toMatchObject({ incomplete: false });
  });
});

describe('paths', () => {
  const wish = (source: string) => {
    const text = source.replace('¦', '');
    return completionsAt(examine(loadSpec(text, specPath), context), source.indexOf('¦')).path;
  };

  it.each([
    ['model "¦"', '/project', '', ['onnx']],
    ['model "nets/dig¦"', '/project/nets', 'nets/', ['onnx']],
    ['import "../base/¦"', '/base', '../base/', ['qspec']],
    ['data c npz "¦"', '/project', '', ['npz']],
    ['data c onnx-pb "¦"', '/project', '', []],
    ['data c npz "c" { split "¦" }', '/project', '', ['json']],
    ['export onnx qdq "out/¦"', '/project/out', 'out/', []],
  ])('%s', (source, folder, typed, endings) => {
    expect(wish(source)).toEqual({ folder, typed, endings });
  });

  it('are not what names of layers and tensors are', () => {
    expect(wish('quantize { layer "¦" }')).toBeUndefined();
    expect(wish('quantize { layers reading "¦" }')).toBeUndefined();
  });

  it('are offered as a text, a folder with the cursor inside it', () => {
    const found = pathSuggestions({ folder: '/project/a', typed: 'a/', endings: ['onnx'] }, [
      { name: 'm.onnx', isFolder: false },
      { name: 'notes.txt', isFolder: false },
      { name: 'M "2".ONNX', isFolder: false },
      { name: '$x', isFolder: true },
    ]);
    expect(found.map(({ label, text, snippet }) => [label, text, snippet])).toEqual([
      ['m.onnx', '"a/m.onnx"', undefined],
      ['M "2".ONNX', '"a/M \\"2\\".ONNX"', undefined],
      ['$x/', '"a/$x/"', '"a/\\$x/$0"'],
    ]);
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
