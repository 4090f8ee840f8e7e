/** What an operator is for; gives its colour and its word. */
export type OperatorKind =
  | 'compute'
  | 'activation'
  | 'normalisation'
  | 'pool'
  | 'shape'
  | 'arithmetic'
  | 'quantisation'
  | 'other';

export const kindWords: Readonly<Record<OperatorKind, string>> = {
  compute: 'compute',
  activation: 'activation',
  normalisation: 'normalisation',
  pool: 'pooling and reduction',
  shape: 'shape and data movement',
  arithmetic: 'arithmetic',
  quantisation: 'quantisation',
  other: 'other',
};

const kinds: Readonly<Record<Exclude<OperatorKind, 'other'>, string>> = {
  compute:
    'Conv ConvTranspose ConvInteger DeformConv QLinearConv Gemm MatMul MatMulInteger QLinearMatMul FusedMatMul FusedConv FusedGemm ' +
    'LSTM GRU RNN Einsum Attention MultiHeadAttention GroupQueryAttention MatMulNBits DFT STFT',
  activation:
    'Relu LeakyRelu PRelu Elu Celu Selu Sigmoid HardSigmoid HardSwish Swish Mish Tanh Softplus Softsign ThresholdedRelu Gelu FastGelu ' +
    'BiasGelu QuickGelu Silu Clip Softmax LogSoftmax Hardmax Erf Shrink QLinearSigmoid QLinearLeakyRelu QLinearSoftmax',
  normalisation:
    'BatchNormalization InstanceNormalization LayerNormalization GroupNormalization RMSNormalization LRN LpNormalization ' +
    'MeanVarianceNormalization SkipLayerNormalization SimplifiedLayerNormalization EmbedLayerNormalization',
  pool:
    'MaxPool AveragePool GlobalMaxPool GlobalAveragePool LpPool GlobalLpPool MaxRoiPool RoiAlign MaxUnpool ReduceMean ReduceSum ReduceMax ' +
    'ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare ArgMax ArgMin TopK QLinearAveragePool ' +
    'QLinearGlobalAveragePool NonMaxSuppression',
  shape:
    'Reshape Flatten Transpose Squeeze Unsqueeze Concat Split Slice Gather GatherElements GatherND Scatter ScatterElements ScatterND Pad ' +
    'Expand Tile Identity Cast CastLike Shape Size Resize Upsample DepthToSpace SpaceToDepth Constant ConstantOfShape Range OneHot ' +
    'EyeLike Compress NonZero ReverseSequence Where Trilu Unique QLinearConcat SequenceConstruct SequenceAt Col2Im CenterCropPad',
  arithmetic:
    'Add Sub Mul Div Pow Sqrt Exp Log Neg Abs Sum Mean Max Min Mod Reciprocal Sign Floor Ceil Round Sin Cos Tan Asin Acos Atan Sinh Cosh ' +
    'Asinh Acosh Atanh And Or Xor Not Equal Greater GreaterOrEqual Less LessOrEqual CumSum BitShift IsNaN IsInf QLinearAdd QLinearMul Det',
  quantisation: 'QuantizeLinear DequantizeLinear DynamicQuantizeLinear Quant BipolarQuant Trunc FakeQuant',
};

const kindOf = new Map<string, OperatorKind>(
  Object.entries(kinds).flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind as OperatorKind])),
);

/** Kind of an operator, named as `GraphLayer.op` is: the domain before the last dot does not matter. */
export function operatorKind(op: string): OperatorKind {
  return kindOf.get(op.slice(op.lastIndexOf('.') + 1)) ?? 'other';
}
