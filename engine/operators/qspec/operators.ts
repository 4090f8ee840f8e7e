import type { Operator } from '../operator.ts';
import { qaveragePool, qglobalAveragePool } from './average-pool.ts';
import { qadd, qmul } from './binary.ts';
import { qconv } from './conv.ts';
import { fakeQuantize } from './fake-quantize.ts';
import { qgemm } from './gemm.ts';
import { qlookup } from './lookup.ts';

/** The engine's own operators: fake quantisation and integer arithmetic. Never written to an ONNX file. */
export const qspecOperators: readonly Operator[] = [
  fakeQuantize,
  qconv,
  qgemm,
  qadd,
  qmul,
  qaveragePool,
  qglobalAveragePool,
  qlookup,
];
