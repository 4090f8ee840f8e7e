import type { PoolGeometry } from '../api.ts';
import { f32 } from './float.ts';

/** Calls `tap(index of the input pixel or −1 in the padding)` for each tap of each window that lies in the padded input. */
export function walkWindows(geometry: PoolGeometry, window: (output: number, taps: readonly number[]) => void): void {
  const { batch, inputHeight, inputWidth, outputHeight, outputWidth, kernel, strides, dilations, pads } = geometry;
  let output = 0;
  for (let image = 0; image < batch; image++)
    for (let y = 0; y < outputHeight; y++)
      for (let x = 0; x < outputWidth; x++, output++) {
        const taps: number[] = [];
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++) {
            const row = y * strides[0] - pads[0] + ky * dilations[0];
            const column = x * strides[1] - pads[1] + kx * dilations[1];
            if (row >= 0 && row < inputHeight && column >= 0 && column < inputWidth)
              taps.push((image * inputHeight + row) * inputWidth + column);
            else if (row < inputHeight + pads[2] && column < inputWidth + pads[3]) taps.push(-1);
          }
        window(output, taps);
      }
}

/** −∞ for a window without a number. */
export function maxPool(geometry: PoolGeometry, input: Float32Array): Float32Array {
  const { batch, outputHeight, outputWidth, channels } = geometry;
  const result = new Float32Array(batch * outputHeight * outputWidth * channels);
  walkWindows(geometry, (output, taps) => {
    for (let c = 0; c < channels; c++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (const tap of taps)
        if (tap >= 0 && input[tap * channels + c]! > largest) largest = input[tap * channels + c]!;
      result[output * channels + c] = largest;
    }
  });
  return result;
}

export function averagePool(geometry: PoolGeometry, countIncludePad: boolean, input: Float32Array): Float32Array {
  const { batch, outputHeight, outputWidth, channels } = geometry;
  const result = new Float32Array(batch * outputHeight * outputWidth * channels);
  walkWindows(geometry, (output, taps) => {
    const count = taps.filter((tap) => countIncludePad || tap >= 0).length;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (const tap of taps) if (tap >= 0) sum = f32(sum + input[tap * channels + c]!);
      result[output * channels + c] = sum / count;
    }
  });
  return result;
}
