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
  {
    name: /^test_image_decoder_decode_(jpeg2k|tiff|webp)_rgb$/,
    reason: 'ImageDecoder reads JPEG, PNG, BMP and PNM; ONNX leaves the formats to the runtime.',
  },
];

/** Operators of the suite that are not registered: why, and whether that is to stay so. */
export const notRegistered: readonly { readonly operators: readonly string[]; readonly reason: string }[] = [
  {
    operators: [
      'ai.onnx.preview.training.Adagrad',
      'ai.onnx.preview.training.Adam',
      'ai.onnx.preview.training.Gradient',
      'ai.onnx.preview.training.Momentum',
    ],
    reason:
      'Training operators are previews in ONNX, and steps of an optimiser are no part of a network that is compressed.',
  },
];

/** Operators that files name without a domain though they are not of ONNX; test/engine/operators tests them. */
export const foreign: readonly string[] = ['RequantShift', 'SimplifiedLayerNormalization'];

/** Registered operators of the ONNX domain without a case in the suite; test/engine/operators tests them. */
export const notInSuite: readonly string[] = [
  'DepthToSpace',
  'GlobalLpPool',
  'MaxRoiPool',
  'Multinomial',
  'QLinearConv',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
];
