/** The engine's own operators: fake quantisation and integer arithmetic. Never written to an ONNX file. */
export { qaveragePool, qglobalAveragePool } from './average-pool.ts';
export { qadd, qmul } from './binary.ts';
export { qconv } from './conv.ts';
export { fakeQuantize } from './fake-quantize.ts';
export { qgemm } from './gemm.ts';
export { qlookup } from './lookup.ts';
