// All kernels of the module; names as in kernels/table.ts.
export { gemmF32, gemvF32, packF32 } from './gemm';
export { convF32 } from './conv';
export { depthwiseF32 } from './depthwise';
export { averagePoolF32, maxPoolF32 } from './pool';
export { affineF32, binaryF32, layerNormF32, unaryF32 } from './elementwise';
export { copyStrided, fill, gatherRows, resizeLinearF32, resizeNearest, transpose } from './movement';
export { reduceF32, softmaxF32 } from './reduce';
