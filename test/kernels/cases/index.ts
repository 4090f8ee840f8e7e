import type { KernelName } from '../../../kernels/table.ts';
import type { AnyCase } from '../harness.ts';
import { convF32, depthwiseF32, padLines } from './conv.ts';
import { affineF32, binaryF32, floorAffineF32, layerNormF32, unaryF32 } from './elementwise.ts';
import { gemmF32, gemvF32, packF32 } from './gemm.ts';
import {
  averagePoolCodes,
  binaryCodes,
  convCodes,
  depthwiseCodes,
  depthwiseDotCodes,
  dotCodes,
  lookupCodes,
  maxPoolCodes,
  padCodes,
  widenCodes,
} from './integer.ts';
import { copyStrided, fill, gatherRows, resizeLinearF32, resizeNearestCase, transpose } from './movement.ts';
import { combineMinMaxF32, combineSumsF64, histogramF32, minMaxChannelsF32, minMaxF32, sumsF32 } from './observe.ts';
import { averagePoolF32, maxPoolF32 } from './pool.ts';
import { dequantizeF32, fakeQuantizeF32, quantizeF32, rangeCodes } from './quantize.ts';
import { gruCellF32, gruGatesF32, lstmCellF32, rnnCellF32 } from './recurrent.ts';
import { argF32, reduceF32, softmaxF32 } from './reduce.ts';
import { winogradF32 } from './winograd.ts';

/** Every row of the kernel table has its trials: a row without does not compile. */
export const kernelCases: Readonly<Record<KernelName, AnyCase>> = {
  gemmF32,
  gemvF32,
  packF32,
  convF32,
  winogradF32,
  depthwiseF32,
  maxPoolF32,
  averagePoolF32,
  unaryF32,
  binaryF32,
  affineF32,
  floorAffineF32,
  softmaxF32,
  reduceF32,
  argF32,
  layerNormF32,
  lstmCellF32,
  gruCellF32,
  gruGatesF32,
  rnnCellF32,
  copyStrided,
  transpose,
  fill,
  gatherRows,
  resizeNearest: resizeNearestCase,
  resizeLinearF32,
  padLines,
  widenCodes,
  convCodes,
  depthwiseCodes,
  padCodes,
  dotCodes,
  depthwiseDotCodes,
  maxPoolCodes,
  averagePoolCodes,
  binaryCodes,
  lookupCodes,
  quantizeF32,
  rangeCodes,
  fakeQuantizeF32,
  dequantizeF32,
  minMaxF32,
  combineMinMaxF32,
  minMaxChannelsF32,
  histogramF32,
  sumsF32,
  combineSumsF64,
};
