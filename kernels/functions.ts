/**
 * Elementwise functions by number: a kernel is given the number, the generated loops call the function of that name in
 * `assembly/unary.ts` or `assembly/binary.ts`, the twins in `reference/` are keyed by it.
 */
export const unaryFunctions = [
  'identity',
  'relu',
  'leakyRelu',
  'clip',
  'sigmoid',
  'tanh',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'abs',
  'neg',
  'floor',
  'ceil',
  'round',
  'sign',
  'erf',
  'hardSigmoid',
  'hardSwish',
  'gelu',
  'geluTanh',
  'elu',
  'selu',
  'softplus',
  'softsign',
  'swish',
  'mish',
  'sin',
  'cos',
  'thresholdedRelu',
] as const;

export const binaryFunctions = [
  'add',
  'sub',
  'mul',
  'div',
  'min',
  'max',
  'pow',
  'prelu',
  'squaredDifference',
  'equal',
  'less',
  'lessOrEqual',
  'greater',
  'greaterOrEqual',
] as const;

export const reduceFunctions = ['sum', 'mean', 'max', 'min', 'sumSquare', 'l1', 'l2', 'prod', 'logSumExp'] as const;

/** Activations of recurrent layers; `affine`: alpha x + beta, `scaledTanh`: alpha tanh(beta x). */
export const recurrentFunctions = [
  'sigmoid',
  'tanh',
  'relu',
  'affine',
  'leakyRelu',
  'thresholdedRelu',
  'scaledTanh',
  'hardSigmoid',
  'elu',
  'softsign',
  'softplus',
] as const;

/** How an int32 accumulator becomes an 8-bit code; `none`: it stays what it is. */
export const arithmetics = ['ort', 'tflite', 'gemmlowp', 'settle', 'none'] as const;

export type Arithmetic = (typeof arithmetics)[number];
export type UnaryFunction = (typeof unaryFunctions)[number];
export type BinaryFunction = (typeof binaryFunctions)[number];
export type ReduceFunction = (typeof reduceFunctions)[number];
export type RecurrentFunction = (typeof recurrentFunctions)[number];
