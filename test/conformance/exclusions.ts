/**
 * Cases of the suite that are not held against the reference evaluation although their operators are registered. A line
 * that excludes nothing, or excludes what passes, fails the test.
 */
export const exclusions: readonly { readonly name: RegExp; readonly reason: string }[] = [
  {
    name: /^test_bernoulli/,
    reason: 'The expected numbers are draws of numpy’s generator, which ONNX does not prescribe.',
  },
  {
    name: /^test_training_dropout(_default)?$/,
    reason: 'The expected mask is a draw of numpy’s generator, which ONNX does not prescribe.',
  },
  { name: /^test_identity_(sequence|opt)$/, reason: 'Sequences and optionals are not values of this engine.' },
];

/** Operators of the suite that are not registered: why, and whether that is to stay so. */
export const notRegistered: readonly { readonly operators: readonly string[]; readonly reason: string }[] = [
  {
    operators: [
      'ConcatFromSequence',
      'Optional',
      'OptionalGetElement',
      'OptionalHasElement',
      'SequenceAt',
      'SequenceConstruct',
      'SequenceEmpty',
      'SequenceErase',
      'SequenceInsert',
      'SequenceLength',
      'SequenceMap',
      'SplitToSequence',
    ],
    reason: 'Sequences and optionals are not values of this engine: every value is a tensor.',
  },
  {
    operators: ['RegexFullMatch', 'StringConcat', 'StringNormalizer', 'StringSplit', 'TfIdfVectorizer'],
    reason: 'Work on text comes before a network; nothing of it is compressed.',
  },
  {
    operators: ['ImageDecoder'],
    reason: 'Images are decoded by the data readers (engine/data), not inside a network.',
  },
  {
    operators: ['ai.onnx.ml.LabelEncoder', 'ai.onnx.ml.TreeEnsemble'],
    reason: 'The domain of classical machine learning holds no networks.',
  },
  { operators: ['ai.onnx.preview.FlexAttention'], reason: 'Preview operators have no stable meaning yet.' },
  {
    operators: [
      'ai.onnx.preview.training.Adagrad',
      'ai.onnx.preview.training.Adam',
      'ai.onnx.preview.training.Gradient',
      'ai.onnx.preview.training.Momentum',
    ],
    reason: 'Training is not described by ONNX graphs here.',
  },
];

/** Operators that files name without a domain though they are not of ONNX; test/engine/operators tests them. */
export const foreign: readonly string[] = ['RequantShift', 'SimplifiedLayerNormalization'];

/** Registered operators of the ONNX domain without a case in the suite; test/engine/operators tests them. */
export const notInSuite: readonly string[] = [
  'DepthToSpace',
  'GlobalLpPool',
  'Multinomial',
  'QLinearConv',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
];
