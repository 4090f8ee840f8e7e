import { describe, expect, it } from 'vitest';
import { FindingError } from '../../../engine/findings.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { modelProto, node, valueInfo } from '../graph/protos.ts';

/** Operators on texts, labels, trees and images, beyond what the cases of the ONNX suite show. */
const text = (...values: string[]): Tensor => ({ dtype: 'string', dims: [values.length], data: values });
const kinds = onnx.AttributeProto.AttributeType;
const strings = (name: string, ...list: string[]) =>
  new onnx.AttributeProto({ name, type: kinds.STRINGS, strings: list.map((own) => new TextEncoder().encode(own)) });
const floats = (name: string, ...list: number[]) => new onnx.AttributeProto({ name, type: kinds.FLOATS, floats: list });
const tensor = (name: string, value: Tensor) =>
  new onnx.AttributeProto({ name, type: kinds.TENSOR, t: tensorToProto(value) });

function run(own: onnx.NodeProto, inputs: Readonly<Record<string, Tensor>>, ml = 5): unknown[] {
  const infos = Object.entries(inputs).map(([name, { dims, dtype }]) => [name, valueInfo(name, dims, dtype)]);
  const proto = modelProto({
    inputs: Object.fromEntries(infos),
    nodes: [own],
    outputs: own.output,
    opset: 20,
    opsets: { 'ai.onnx.ml': ml },
  });
  const outputs = evaluateGraph(graphFromProto(proto).graph, new Map(Object.entries(inputs)));
  return Array.from(outputs.values(), ({ data }) =>
    Array.from(data as Iterable<unknown>, (value) => (typeof value === 'bigint' ? Number(value) : value)),
  );
}

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof FindingError) return error.finding.code;
    throw error;
  }
};

describe('texts', () => {
  it('are cut at any white space, or at most as often as asked, with what is left as it is', () => {
    const x = text('  a b\t c  ', '', 'd');
    expect(run(node('StringSplit', 'x', 'y n'), { x })).toEqual([
      ['a', 'b', 'c', '', '', '', 'd', '', ''],
      [3, 0, 1],
    ]);
    expect(run(node('StringSplit', 'x', 'y n', { maxsplit: 1 }), { x })).toEqual([
      ['a', 'b\t c  ', '', '', 'd', ''],
      [2, 0, 1],
    ]);
    expect(run(node('StringSplit', 'x', 'y n', { delimiter: '--' }), { x: text('a----b', '') })).toEqual([
      ['a', '', 'b', '', '', ''],
      [3, 1],
    ]);
  });

  it('are freed of stop words in either case, and nothing left is one empty text', () => {
    const attributes = { case_change_action: 'UPPER', stopwords: strings('stopwords', 'Monday') };
    expect(run(node('StringNormalizer', 'x', 'y', attributes), { x: text('monday', 'straße') })).toEqual([['STRASSE']]);
    expect(run(node('StringNormalizer', 'x', 'y', attributes), { x: text('MONDAY') })).toEqual([['']]);
  });

  it('match a pattern of RE2’s as a whole; one that cannot be read is a finding', () => {
    const own = (pattern: string) => node('RegexFullMatch', 'x', 'y', { pattern });
    expect(run(own('[[:alpha:]]+\\d?'), { x: text('ab1', 'ab12', '1') })).toEqual([[1, 0, 0]]);
    expect(codeOf(() => run(own('(?i)a'), { x: text('a') }))).toBe('model/pattern');
    // Catastrophic for a matcher that tries one way after the other.
    expect(run(own('(a|a)*b'), { x: text('a'.repeat(20_000)) })).toEqual([[0]]);
  });

  it('are counted by their n-grams, weighted as the mode says', () => {
    const own = (mode: string) =>
      node('TfIdfVectorizer', 'x', 'y', {
        mode,
        min_gram_length: 1,
        max_gram_length: 2,
        max_skip_count: 1,
        ngram_counts: [0, 1],
        ngram_indexes: [1, 0],
        pool_strings: strings('pool_strings', 'a', 'a', 'b'),
        weights: floats('weights', 0.5, 4),
      });
    // “a” twice; “a b” once next to each other and once with one between.
    const x = text('a', 'b', 'a', 'c', 'b');
    expect(run(own('TF'), { x })).toEqual([[2, 2]]);
    expect(run(own('IDF'), { x })).toEqual([[4, 0.5]]);
    expect(run(own('TFIDF'), { x })).toEqual([[8, 1]]);
  });
});

describe('labels', () => {
  const own = (attributes: Record<string, onnx.AttributeProto | string | number | number[]>) =>
    node('LabelEncoder', 'x', 'y', attributes, undefined, 'ai.onnx.ml');

  it('are the positions in a list of texts in version 1, there and back', () => {
    const classes_strings = strings('classes_strings', 'cat', 'dog');
    expect(run(own({ classes_strings }), { x: text('dog', 'emu') }, 1)).toEqual([[1, -1]]);
    expect(run(own({ classes_strings }), { x: int64Tensor([2], [0, 9]) }, 1)).toEqual([['cat', '_Unused']]);
  });

  it('are looked up by any key, NaN included, with a default of their own', () => {
    const attributes = {
      keys_floats: floats('keys_floats', 1.5, Number.NaN),
      values_strings: strings('values_strings', 'x', 'nan'),
      default_string: '?',
    };
    const x = float32Tensor([3], Float32Array.of(Number.NaN, 1.5, 2));
    expect(run(own(attributes), { x }, 2)).toEqual([['nan', 'x', '?']]);
  });

  it('of two lengths are a finding', () => {
    const attributes = { keys_int64s: [1, 2], values_int64s: [1] };
    expect(codeOf(() => run(own(attributes), { x: int64Tensor([1], [1]) }, 2))).toBe('model/attribute');
  });
});

describe('trees', () => {
  const column = (...values: number[]) => float32Tensor([values.length], Float32Array.from(values));
  /** x₀ ≤ 1 ? leaf 0 : (x₁ ∈ {2, 5} ? leaf 1 : leaf 2), with weights 10, 20, 30. */
  const own = (more: Record<string, number[] | number>) =>
    node(
      'TreeEnsemble',
      'x',
      'y',
      {
        n_targets: 2,
        tree_roots: [0],
        nodes_featureids: [0, 1],
        nodes_modes: tensor('nodes_modes', { dtype: 'uint8', dims: [2], data: Uint8Array.of(0, 6) }),
        nodes_splits: tensor('nodes_splits', column(1, 0)),
        nodes_truenodeids: [0, 1],
        nodes_trueleafs: [1, 1],
        nodes_falsenodeids: [1, 2],
        nodes_falseleafs: [0, 1],
        membership_values: tensor('membership_values', column(2, 5, Number.NaN)),
        leaf_targetids: [0, 1, 1],
        leaf_weights: tensor('leaf_weights', column(10, 20, 30)),
        ...more,
      },
      undefined,
      'ai.onnx.ml',
    );
  const x = float32Tensor([4, 2], Float32Array.of(1, 0, 2, 5, 2, 3, Number.NaN, 2));

  it('are walked to a leaf, by size and by membership', () => {
    expect(run(own({}), { x })).toEqual([[10, 0, 0, 20, 0, 30, 0, 20]]);
  });

  it('take a missing value for true where they are told to', () => {
    expect(run(own({ nodes_missing_value_tracks_true: [1, 0] }), { x })).toEqual([[10, 0, 0, 20, 0, 30, 10, 0]]);
  });

  it('that lead back into themselves or out of their lists are a finding', () => {
    const single = { x: float32Tensor([1, 2], Float32Array.of(2, 3)) };
    expect(codeOf(() => run(own({ nodes_falsenodeids: [1, 0], nodes_falseleafs: [0, 0] }), single))).toBe(
      'model/cycle',
    );
    expect(codeOf(() => run(own({ nodes_truenodeids: [0, 3] }), single))).toBe('model/attribute');
    expect(codeOf(() => run(own({ tree_roots: [7] }), single))).toBe('model/attribute');
  });
});

describe('images', () => {
  it('are decoded by the readers of data sets; what they do not know is a finding', () => {
    const bytes = Uint8Array.of(...Array.from('P6 1 1 255\n', (character) => character.charCodeAt(0)), 1, 2, 3);
    const x: Tensor = { dtype: 'uint8', dims: [bytes.length], data: bytes };
    expect(run(node('ImageDecoder', 'x', 'y', { pixel_format: 'BGR' }), { x })).toEqual([[3, 2, 1]]);
    const other: Tensor = { dtype: 'uint8', dims: [4], data: Uint8Array.of(0x49, 0x49, 42, 0) };
    expect(codeOf(() => run(node('ImageDecoder', 'x', 'y'), { x: other }))).toBe('data/image-format');
  });
});
