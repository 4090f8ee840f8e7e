// All kernels of the module; names as in kernels/table.ts.
export { gemmF32, gemvF32, packF32 } from './gemm';
export { convF32 } from './conv';
