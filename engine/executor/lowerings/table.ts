import type { Lower } from '../lowering.ts';
import { lowerDequantizeLinear, lowerFakeQuantize, lowerQuantizeLinear } from './codes.ts';
import { lowerConv } from './conv.ts';
import { alphaBeta, clipBounds, lowerBinary, lowerUnary, lowerVariadic } from './elementwise.ts';
import { lowerGather } from './gather.ts';
import {
  lowerQAveragePool,
  lowerQBinary,
  lowerQConv,
  lowerQGemm,
  lowerQGlobalAveragePool,
  lowerQLookup,
} from './integer.ts';
import {
  lowerConcat,
  lowerDepthSpace,
  lowerIdentity,
  lowerPad,
  lowerReshape,
  lowerSlice,
  lowerSplit,
  lowerTranspose,
} from './movement.ts';
import { lowerGlobalPool, lowerPool } from './pool.ts';
import { lowerGemm, lowerMatMul } from './product.ts';
import { lowerBatchNorm, lowerLayerNorm, lowerReduce, lowerSoftmax } from './reductions.ts';
import { lowerResize } from './resize.ts';

/** How each ONNX operator that has kernels is lowered; an operator that is not here runs by its reference evaluation. */
export const lowerings: Readonly<Record<string, Lower>> = {
  Conv: lowerConv,
  Gemm: lowerGemm,
  MatMul: lowerMatMul,
  MaxPool: lowerPool('max'),
  AveragePool: lowerPool('average'),
  GlobalAveragePool: lowerGlobalPool('average'),
  GlobalMaxPool: lowerGlobalPool('max'),

  Relu: lowerUnary('relu'),
  LeakyRelu: lowerUnary('leakyRelu', alphaBeta(0.01)),
  ThresholdedRelu: lowerUnary('thresholdedRelu', alphaBeta(1)),
  Clip: lowerUnary('clip', clipBounds),
  Sigmoid: lowerUnary('sigmoid'),
  HardSigmoid: lowerUnary('hardSigmoid', alphaBeta(0.2, 0.5)),
  HardSwish: lowerUnary('hardSwish'),
  Tanh: lowerUnary('tanh'),
  Elu: lowerUnary('elu', alphaBeta(1)),
  Softplus: lowerUnary('softplus'),
  Softsign: lowerUnary('softsign'),
  Mish: lowerUnary('mish'),
  Exp: lowerUnary('exp'),
  Log: lowerUnary('log'),
  Sqrt: lowerUnary('sqrt'),
  Reciprocal: lowerUnary('reciprocal'),
  Abs: lowerUnary('abs'),
  Neg: lowerUnary('neg'),
  Floor: lowerUnary('floor'),
  Ceil: lowerUnary('ceil'),
  Round: lowerUnary('round'),
  Sign: lowerUnary('sign'),
  Erf: lowerUnary('erf'),
  Sin: lowerUnary('sin'),
  Cos: lowerUnary('cos'),

  Add: lowerBinary('add'),
  Sub: lowerBinary('sub'),
  Mul: lowerBinary('mul'),
  Div: lowerBinary('div'),
  Pow: lowerBinary('pow'),
  PRelu: lowerBinary('prelu'),
  Sum: lowerVariadic('add'),
  Min: lowerVariadic('min'),
  Max: lowerVariadic('max'),

  Identity: lowerIdentity,
  Dropout: lowerIdentity,
  Reshape: lowerReshape,
  Flatten: lowerReshape,
  Squeeze: lowerReshape,
  Unsqueeze: lowerReshape,
  Transpose: lowerTranspose,
  Concat: lowerConcat,
  Slice: lowerSlice,
  Split: lowerSplit,
  Pad: lowerPad,
  DepthToSpace: lowerDepthSpace('depthToSpace'),
  SpaceToDepth: lowerDepthSpace('spaceToDepth'),

  Softmax: lowerSoftmax(false),
  LogSoftmax: lowerSoftmax(true),
  ReduceMean: lowerReduce('mean'),
  ReduceSum: lowerReduce('sum'),
  ReduceMax: lowerReduce('max'),
  ReduceMin: lowerReduce('min'),
  ReduceSumSquare: lowerReduce('sumSquare'),
  ReduceL1: lowerReduce('l1'),
  ReduceL2: lowerReduce('l2'),
  ReduceProd: lowerReduce('prod'),
  ReduceLogSumExp: lowerReduce('logSumExp'),
  LayerNormalization: lowerLayerNorm,
  Gather: lowerGather,
  Resize: lowerResize,
  Upsample: lowerResize,
  QuantizeLinear: lowerQuantizeLinear,
  DequantizeLinear: lowerDequantizeLinear,
  BatchNormalization: lowerBatchNorm,
};

/** The same for the engine's own operators (domain `qspec`). */
export const integerLowerings: Readonly<Record<string, Lower>> = {
  FakeQuantize: lowerFakeQuantize,
  QConv: lowerQConv,
  QGemm: lowerQGemm,
  QAdd: lowerQBinary('add'),
  QMul: lowerQBinary('mul'),
  QAveragePool: lowerQAveragePool,
  QGlobalAveragePool: lowerQGlobalAveragePool,
  QLookup: lowerQLookup,
};

export function loweringOf(domain: string, op: string): Lower | undefined {
  const table = domain === '' ? lowerings : domain === 'qspec' ? integerLowerings : {};
  return Object.hasOwn(table, op) ? table[op] : undefined;
}
