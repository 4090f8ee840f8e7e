import * as attention from './attention/attention.ts';
import * as causalConv from './attention/causal-conv.ts';
import * as flexAttention from './attention/flex-attention.ts';
import * as linearAttention from './attention/linear-attention.ts';
import * as rotaryEmbedding from './attention/rotary-embedding.ts';
import * as contribAttention from './contrib/attention.ts';
import * as beforeOnnx from './contrib/before-onnx.ts';
import * as dynamicQuantizeLstm from './contrib/dynamic-quantize-lstm.ts';
import * as fusedConv from './contrib/fused-conv.ts';
import * as fusedMatmul from './contrib/fused-matmul.ts';
import * as contribGelu from './contrib/gelu.ts';
import * as groupQueryAttention from './contrib/group-query-attention.ts';
import * as integerProduct from './contrib/integer-product.ts';
import * as contribLayerNormalization from './contrib/layer-normalization.ts';
import * as matmulNbits from './contrib/matmul-nbits.ts';
import * as qlinearElementwise from './contrib/qlinear-elementwise.ts';
import * as qlinearReduction from './contrib/qlinear-reduction.ts';
import * as contribRotaryEmbedding from './contrib/rotary-embedding.ts';
import * as ifOperator from './control/if.ts';
import * as loop from './control/loop.ts';
import * as scan from './control/scan.ts';
import * as requantShift from './deeploy/requant-shift.ts';
import * as activations from './elementwise/activations.ts';
import * as arithmetic from './elementwise/arithmetic.ts';
import * as bitwise from './elementwise/bitwise.ts';
import * as clip from './elementwise/clip.ts';
import * as comparison from './elementwise/comparison.ts';
import * as predicates from './elementwise/predicates.ts';
import * as relu from './elementwise/relu.ts';
import * as swiglu from './elementwise/swiglu.ts';
import * as unary from './elementwise/unary.ts';
import * as variadic from './elementwise/variadic.ts';
import * as constant from './generator/constant.ts';
import * as eyeLike from './generator/eye-like.ts';
import * as random from './generator/random.ts';
import * as range from './generator/range.ts';
import * as gridSample from './image/grid-sample.ts';
import * as imageDecoder from './image/image-decoder.ts';
import * as regions from './image/regions.ts';
import * as resize from './image/resize.ts';
import * as gather from './indexing/gather.ts';
import * as scatter from './indexing/scatter.ts';
import * as select from './indexing/select.ts';
import * as tensorScatter from './indexing/tensor-scatter.ts';
import * as conv from './linear/conv.ts';
import * as convTranspose from './linear/conv-transpose.ts';
import * as deformConv from './linear/deform-conv.ts';
import * as det from './linear/det.ts';
import * as einsum from './linear/einsum.ts';
import * as gemm from './linear/gemm.ts';
import * as integerConv from './linear/integer-conv.ts';
import * as integerMatmul from './linear/integer-matmul.ts';
import * as matmul from './linear/matmul.ts';
import * as crossEntropy from './loss/cross-entropy.ts';
import * as labelEncoder from './ml/label-encoder.ts';
import * as treeEnsemble from './ml/tree-ensemble.ts';
import * as batchNormalization from './normalization/batch-normalization.ts';
import * as instanceNormalization from './normalization/instance-normalization.ts';
import * as layerNormalization from './normalization/layer-normalization.ts';
import * as softmax from './normalization/softmax.ts';
import type { Operator } from './operator.ts';
import * as averagePool from './pooling/average-pool.ts';
import * as globalPool from './pooling/global-pool.ts';
import * as lpPool from './pooling/lp-pool.ts';
import * as maxPool from './pooling/max-pool.ts';
import * as maxUnpool from './pooling/max-unpool.ts';
import * as floatQuant from './qonnx/float-quant.ts';
import * as intQuant from './qonnx/int-quant.ts';
import * as loweredQonnx from './qonnx/lowered.ts';
import * as multiThreshold from './qonnx/multi-threshold.ts';
import * as trunc from './qonnx/trunc.ts';
import * as qspec from './qspec/operators.ts';
import * as dequantizeLinear from './quantization/dequantize-linear.ts';
import * as dynamicQuantizeLinear from './quantization/dynamic-quantize-linear.ts';
import * as quantizeLinear from './quantization/quantize-linear.ts';
import * as gru from './recurrent/gru.ts';
import * as lstm from './recurrent/lstm.ts';
import * as rnn from './recurrent/rnn.ts';
import * as arg from './reduction/arg.ts';
import * as cumulative from './reduction/cumulative.ts';
import * as reduce from './reduction/reduce.ts';
import * as topK from './reduction/top-k.ts';
import * as sequenceMap from './sequence/map.ts';
import * as optional from './sequence/optional.ts';
import * as sequence from './sequence/sequence.ts';
import * as splitConcat from './sequence/split-concat.ts';
import * as cast from './shape/cast.ts';
import * as centerCropPad from './shape/center-crop-pad.ts';
import * as concat from './shape/concat.ts';
import * as depthSpace from './shape/depth-space.ts';
import * as expand from './shape/expand.ts';
import * as identity from './shape/identity.ts';
import * as pad from './shape/pad.ts';
import * as reshape from './shape/reshape.ts';
import * as shape from './shape/shape.ts';
import * as slice from './shape/slice.ts';
import * as split from './shape/split.ts';
import * as squeeze from './shape/squeeze.ts';
import * as transpose from './shape/transpose.ts';
import * as trilu from './shape/trilu.ts';
import * as where from './shape/where.ts';
import * as fourier from './signal/fourier.ts';
import * as windows from './signal/windows.ts';
import * as regexFullMatch from './text/regex-full-match.ts';
import * as strings from './text/strings.ts';
import * as tfIdfVectorizer from './text/tf-idf-vectorizer.ts';

/** One line a file: every operator that a file exports is registered, and with that documented, tested and measured. */
const files: readonly Readonly<Record<string, unknown>>[] = [
  optional,
  sequence,
  sequenceMap,
  splitConcat,
  regexFullMatch,
  strings,
  tfIdfVectorizer,
  labelEncoder,
  treeEnsemble,
  windows,
  fourier,
  imageDecoder,
  regions,
  gridSample,
  crossEntropy,
  swiglu,
  causalConv,
  flexAttention,
  linearAttention,
  rotaryEmbedding,
  attention,
  scan,
  loop,
  ifOperator,
  rnn,
  gru,
  lstm,
  det,
  einsum,
  deformConv,
  convTranspose,
  instanceNormalization,
  layerNormalization,
  tensorScatter,
  select,
  random,
  eyeLike,
  range,
  centerCropPad,
  trilu,
  depthSpace,
  where,
  expand,
  topK,
  cumulative,
  arg,
  reduce,
  resize,
  integerMatmul,
  integerConv,
  dynamicQuantizeLinear,
  dequantizeLinear,
  quantizeLinear,
  scatter,
  gather,
  cast,
  activations,
  arithmetic,
  averagePool,
  batchNormalization,
  bitwise,
  clip,
  comparison,
  concat,
  constant,
  conv,
  gemm,
  globalPool,
  identity,
  lpPool,
  matmul,
  maxPool,
  maxUnpool,
  pad,
  predicates,
  qspec,
  relu,
  reshape,
  shape,
  slice,
  softmax,
  split,
  squeeze,
  transpose,
  unary,
  variadic,
  contribAttention,
  beforeOnnx,
  dynamicQuantizeLstm,
  fusedConv,
  fusedMatmul,
  contribGelu,
  groupQueryAttention,
  integerProduct,
  contribLayerNormalization,
  matmulNbits,
  qlinearElementwise,
  qlinearReduction,
  contribRotaryEmbedding,
  requantShift,
  intQuant,
  trunc,
  floatQuant,
  multiThreshold,
  loweredQonnx,
];

function isOperator(value: unknown): value is Operator {
  return typeof value === 'object' && value !== null && 'op' in value && 'infer' in value;
}

/** All registered operators, by domain and name. A file exports operators, or lists of one in several domains. */
export const operators: readonly Operator[] = files
  .flatMap((file) => Object.values(file).flat().filter(isOperator))
  .sort((a, b) => compare(a.domain, b.domain) || compare(a.op, b.op));

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const byName = new Map<string, Operator[]>();
for (const operator of operators) {
  const key = `${operator.domain}\u0000${operator.op}`;
  byName.set(key, [...(byName.get(key) ?? []), operator]);
}

/** The first version of a domain's operator set that has the operator; undefined where it is not registered at all. */
export function oldestOpset(domain: string, op: string): number | undefined {
  const candidates = byName.get(`${domain}\u0000${op}`);
  return candidates && Math.min(...candidates.map(({ opsets: [from] }) => from));
}

/**
 * The operator of this name in this version of its domain's operator set. A version newer than any that is known takes
 * the newest meaning, since most operators never change (reading the model gave a warning).
 */
export function findOperator(domain: string, op: string, opset: number): Operator | undefined {
  const candidates = byName.get(`${domain}\u0000${op}`);
  if (candidates === undefined) return undefined;
  return (
    candidates.find(({ opsets: [from, to] }) => from <= opset && opset <= to) ??
    candidates.find(({ opsets: [from] }) => from <= opset)
  );
}
