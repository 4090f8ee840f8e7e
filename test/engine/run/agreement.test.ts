import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../../engine/data/dataset.ts';
import type { NamedOutput } from '../../../engine/run/agreement/agreement.ts';
import { agreementWords, beginAgreement } from '../../../engine/run/agreement/registry.ts';
import { evaluate } from '../../../engine/run/evaluate.ts';
import type { Scorer } from '../../../engine/run/scorer.ts';
import { float32Tensor } from '../../../engine/tensor.ts';

const output = (name: string, dims: readonly number[], values: readonly number[], integer = false): NamedOutput => ({
  name,
  dims,
  values: Float32Array.from(values),
  integer,
});

/** What a kind is taken for outputs, and the share of agreement after these pairs of samples. */
function agreementOf(
  pairs: readonly (readonly [readonly NamedOutput[], readonly NamedOutput[]])[],
  inputs: readonly (readonly number[])[] = [[1, 3, 32, 32]],
) {
  const begun = beginAgreement(pairs[0]![0], inputs);
  for (const [reference, candidate] of pairs) begun?.agreement.add(reference, candidate);
  return { name: begun?.name, share: begun?.agreement.share() };
}

describe('detectors', () => {
  const corners = [
    [0.1, 0.1, 0.3, 0.3],
    [0.12, 0.1, 0.32, 0.3],
    [0.6, 0.6, 0.9, 0.9],
    [0.5, 0.1, 0.7, 0.2],
  ];
  /** Scores of two classes besides the background. */
  const found = (scores: readonly (readonly [number, number])[], boxes: readonly (readonly number[])[] = corners) => [
    output(
      'scores',
      [1, 4, 3],
      scores.flatMap(([a, b]) => [1 - a - b, a, b]),
    ),
    output('boxes', [1, 4, 4], boxes.flat()),
  ];
  // The second box is the first once more; the third is of the other class; the fourth does not fire.
  const reference = found([
    [0.9, 0],
    [0.8, 0],
    [0, 0.7],
    [0.3, 0.1],
  ]);

  test('agree on boxes of the same class that overlap, whichever of the doubles is the surest', () => {
    const other = found([
      [0.7, 0],
      [0.95, 0],
      [0, 0.6],
      [0.45, 0.1],
    ]);
    expect(agreementOf([[reference, other]])).toEqual({ name: 'detections', share: 1 });
  });

  test('differ by what is missing, what is new, what moved away and what changed its class', () => {
    const missing = found([
      [0.9, 0],
      [0.8, 0],
      [0, 0.4],
      [0.3, 0.1],
    ]);
    const added = found([
      [0.9, 0],
      [0.8, 0],
      [0, 0.7],
      [0.6, 0.1],
    ]);
    const moved = found(
      [
        [0.9, 0],
        [0.8, 0],
        [0, 0.7],
        [0.3, 0.1],
      ],
      [...corners.slice(0, 2), [0.75, 0.75, 0.98, 0.98], corners[3]!],
    );
    const renamed = found([
      [0.9, 0],
      [0.8, 0],
      [0.7, 0],
      [0.3, 0.1],
    ]);
    const shares = [missing, added, moved, renamed].map((other) => agreementOf([[reference, other]]).share);
    expect(shares).toEqual([2 / 3, 4 / 5, 1 / 2, 1 / 2]);
  });

  test('that say boxes relative to anchors agree on the anchors that fire', () => {
    const deltas = [
      [0.5, -0.2, -1, 0.3],
      [-0.2, 0.8, -2, 0.1],
      [0, 0, 0, 0],
      [3, 1, 0, -2],
    ];
    const scores: [number, number][] = [
      [0.9, 0],
      [0.8, 0],
      [0, 0.7],
      [0.3, 0.1],
    ];
    const pair = [
      found(scores, deltas),
      found(
        [
          [0.9, 0],
          [0.3, 0],
          [0, 0.7],
          [0.3, 0.1],
        ],
        deltas,
      ),
    ] as const;
    expect(agreementOf([pair])).toEqual({ name: 'anchors', share: 4 / 5 });
  });

  test('of several scales with objectness apart count all of them', () => {
    const scale = (classes: readonly number[], objects: readonly number[]) => [
      output('cls', [1, classes.length, 1], classes),
      output('obj', [1, classes.length, 1], objects),
      output('bbox', [1, classes.length, 4], [1, 0, -1, 2, 0, 3, -2, 1, 1, 1, 0, 0].slice(0, 4 * classes.length)),
    ];
    const before = [...scale([0.9, 0.9], [0.9, 0.1]), ...scale([0.6, 0.2, 0], [0.9, 0.9, 1])];
    const after = [...scale([0.9, 0.9], [0.9, 0.4]), ...scale([0.1, 0.2, 0], [0.9, 0.9, 1])];
    // Before: the first of each scale. After: both of the first scale, none of the second.
    expect(agreementOf([[before, after]])).toEqual({ name: 'anchors', share: 2 / 4 });
  });

  test('say nothing where nothing is found, and the next sample counts', () => {
    const nothing = found(corners.map(() => [0.1, 0.1]));
    expect(agreementOf([[nothing, nothing]])).toEqual({ name: 'detections', share: undefined });
    expect(
      agreementOf([
        [nothing, nothing],
        [reference, reference],
      ]).share,
    ).toBe(1);
  });
});

describe('segmentation', () => {
  test.each([
    ['channels first', [1, 4, 8, 8], (c: number, p: number) => 64 * c + p],
    ['channels last', [1, 8, 8, 4], (c: number, p: number) => 4 * p + c],
  ] as const)('agrees on the class of pixels: %s', (_what, dims, at) => {
    const scores = (classOf: (pixel: number) => number) => {
      const values = new Array<number>(256).fill(0);
      for (let p = 0; p < 64; p++) values[at(classOf(p), p)] = 1;
      return [output('y', dims, values)];
    };
    const pair = [scores((p) => p % 4), scores((p) => (p < 4 ? 3 : p % 4))] as const;
    expect(agreementOf([pair])).toEqual({ name: 'pixels', share: 61 / 64 });
  });

  test('agrees on classes that the model gives itself', () => {
    const pair = [[output('y', [1, 2, 2], [0, 5, 5, 1], true)], [output('y', [1, 2, 2], [0, 5, 4, 1], true)]] as const;
    expect(agreementOf([pair])).toEqual({ name: 'pixels', share: 3 / 4 });
  });

  test('is not an image that comes out as one came in', () => {
    const image = [output('y', [1, 3, 4, 4], new Array(48).fill(0.5))];
    expect(agreementOf([[image, image]]).name).toBeUndefined();
  });
});

describe('one number', () => {
  const sure = (value: number) => [output('p', [1, 1], [value])];
  test('that says how sure a model is agrees by its side of one half', () => {
    const pairs = [
      [sure(0.1), sure(0.4)],
      [sure(0.6), sure(0.5)],
      [sure(0.7), sure(0.49)],
    ] as const;
    expect(agreementOf(pairs)).toEqual({ name: 'decisions', share: 2 / 3 });
  });

  test('that is any number decides nothing', () => {
    expect(
      agreementOf([
        [sure(0.2), sure(0.2)],
        [sure(7), sure(7)],
      ]).share,
    ).toBeUndefined();
  });
});

describe('evaluation of models without labels', () => {
  const dataset = (dims: readonly number[], count = 4): Dataset => ({
    name: 'd',
    length: count,
    hash: 'h',
    findings: [],
    nameOf: String,
    sample: async (i) =>
      new Map([['x', float32Tensor(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(i))]]),
  });
  const scorer = (outputs: readonly NamedOutput[]): Scorer => ({
    name: 's',
    kind: 'outputs',
    score: async () => ({ values: outputs[0]!.values, dims: outputs[0]!.dims, outputs }),
    dispose: async () => {},
  });
  const compare = async (reference: NamedOutput[], candidate: NamedOutput[], dims: readonly number[] = [1, 2]) =>
    (await evaluate(dataset(dims), scorer(reference), [scorer(candidate)]))[0]!;

  test('says of what the agreement is', async () => {
    const classes = await compare([output('y', [1, 3], [1, 2, 3])], [output('y', [1, 3], [1, 4, 3])]);
    expect(classes).toMatchObject({ agreement: 0, agreementOf: 'classes', samples: 4 });
    const decided = await compare([output('y', [1, 1], [0.75])], [output('y', [1, 1], [0.5])]);
    expect(decided).toMatchObject({ agreement: 1, agreementOf: 'decisions', meanAbsoluteError: 0.25, cosine: 1 });
    expect(agreementWords(decided.agreementOf).what).toBe('Decisions');
  });

  test('takes a reconstruction of the input, and a score for each position, for no classes', async () => {
    const again = await compare([output('y', [1, 3], [1, 2, 3])], [output('y', [1, 3], [1, 4, 3])], [1, 3]);
    expect(again.agreement).toBeUndefined();
    expect(again.meanAbsoluteError).toBeCloseTo(2 / 3);
    expect(again.cosine).toBeCloseTo(18 / Math.sqrt(14 * 26));
    const heads = [output('cls', [1, 3, 1], [2, 3, 4]), output('box', [1, 3, 4], new Array(12).fill(1))];
    expect((await compare(heads, heads)).agreement).toBeUndefined();
  });

  test('looks at each of several outputs', async () => {
    const { outputs } = await compare(
      [output('a', [1, 3], [1, 2, 3]), output('b', [2], [3, 4])],
      [output('a', [1, 3], [1, 2, 3]), output('b', [2], [3, 4.5])],
    );
    expect(outputs).toEqual([
      { name: 'a', sqnr: 300, cosine: expect.closeTo(1, 12), meanAbsoluteError: 0 },
      {
        name: 'b',
        sqnr: expect.closeTo(20, 9),
        cosine: expect.closeTo(27 / (5 * Math.sqrt(29.25)), 12),
        meanAbsoluteError: 0.25,
      },
    ]);
  });
});
