import type { ConvGeometry, PoolGeometry } from '../api.ts';

/** The window fields that every convolution and pool kernel has. */
export function windowFields(
  geometry: PoolGeometry | ConvGeometry,
  outputHeight: number,
  outputWidth: number,
): {
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
} {
  const { kernel, strides, dilations, pads } = geometry;
  return {
    inputHeight: geometry.inputHeight,
    inputWidth: geometry.inputWidth,
    outputHeight,
    outputWidth,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideHeight: strides[0],
    strideWidth: strides[1],
    dilationHeight: dilations[0],
    dilationWidth: dilations[1],
    padTop: pads[0],
    padLeft: pads[1],
  };
}
