// All kernels of the module; names as in kernels/table.ts.
export { gemmF32, gemvF32, packF32 } from './gemm';
export { convF32, padLines } from './conv';
export { winogradF32 } from './winograd';
export { depthwiseF32 } from './depthwise';
export { averagePoolF32, maxPoolF32 } from './pool';
export { affineF32, binaryF32, floorAffineF32, layerNormF32, unaryF32 } from './elementwise';
export { copyStrided, fill, gatherRows, resizeLinearF32, resizeNearest, transpose } from './movement';
export { gruCellF32, gruGatesF32, lstmCellF32, rnnCellF32 } from './recurrent';
export { argF32, reduceF32, softmaxF32 } from './reduce';
export { binaryCodes, dequantizeF32, fakeQuantizeF32, lookupCodes, quantizeF32, rangeCodes } from './codes';
export { combineMinMaxF32, combineSumsF64, histogramF32, minMaxChannelsF32, minMaxF32, sumsF32 } from './observe';
export { convCodes, widenCodes } from './qconv';
export { depthwiseCodes } from './qdepthwise';
export { depthwiseDotCodes } from './qdepthwise-dot';
export { dotCodes, padCodes } from './qdot';
export { averagePoolCodes, maxPoolCodes } from './qpool';
