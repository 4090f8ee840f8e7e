import { describe, expect, it } from 'vitest';
import { isEvaluable } from '../../../engine/operators/operator.ts';
import { findOperator, operators } from '../../../engine/operators/registry.ts';
import { foreign } from '../../conformance/exclusions.ts';

/** Every operator of the domain ai.onnx with the operator set that it came with, up to set 26 (https://onnx.ai/onnx/operators). */
const onnx: Readonly<Record<number, string>> = {
  1: `Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv ConvTranspose DepthToSpace
    Div Dropout Elu Equal Exp Flatten Floor GRU Gather Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater HardSigmoid
    Hardmax Identity If InstanceNormalization LRN LSTM LeakyRelu Less Log LogSoftmax Loop LpNormalization LpPool MatMul Max
    MaxPool MaxRoiPool Mean Min Mul Neg Not Or PRelu Pad Pow RNN RandomNormal RandomNormalLike RandomUniform
    RandomUniformLike Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare Relu Reshape Selu Shape Sigmoid Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt
    Squeeze Sub Sum Tanh Tile TopK Transpose Unsqueeze Upsample Xor`,
  7: 'Acos Asin Atan Cos Multinomial Sin Tan',
  8: 'Expand Scan',
  9: `Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool MeanVarianceNormalization NonZero OneHot
    Scatter Shrink Sign Sinh TfIdfVectorizer Where`,
  10: `ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv QLinearMatMul QuantizeLinear Resize
    ReverseSequence RoiAlign StringNormalizer ThresholdedRelu`,
  11: `BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range Round ScatterElements
    ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence Unique`,
  12: 'Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss',
  14: 'HardSwish Trilu',
  15: 'Bernoulli CastLike Optional OptionalGetElement OptionalHasElement',
  16: 'GridSample',
  17: 'BlackmanWindow DFT HammingWindow HannWindow LayerNormalization MelWeightMatrix STFT SequenceMap',
  18: 'BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im GroupNormalization Mish',
  19: 'DeformConv',
  20: 'AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit',
  23: 'Attention RMSNormalization RotaryEmbedding',
  24: 'Swish TensorScatter',
  26: 'BitCast CumProd',
};
const entries = Object.entries(onnx).flatMap(([since, list]) =>
  list.split(/\s+/).map((op) => [op, Number(since)] as const),
);

describe('the registry', () => {
  it('has every operator of ai.onnx up to set 26, and each of them runs from the set on that it came with', () => {
    const missing = entries.filter(([op, since]) => !isEvaluable(findOperator('', op, since)));
    expect(missing).toEqual([]);
  });

  it('has beyond these only the operators of newer sets and those that others put here', () => {
    const known = new Set([...entries.map(([op]) => op), ...foreign]);
    const others = operators.filter(({ domain, op }) => domain === '' && !known.has(op));
    expect(others.filter(({ opsets: [from] }) => from <= 26)).toEqual([]);
  });

  it('can run everything that it lists', () => {
    expect(operators.filter((operator) => !isEvaluable(operator)).map(({ op }) => op)).toEqual([]);
  });
});
