import type { ConvGeometry } from '../api.ts';

/** Pixels of a line where lines do not matter. */
const linePixels = 64;

/** How an input is copied with its padding, line by line. */
export interface PaddedLines {
  /** Lines of the copy, over the batch. */
  readonly lines: number;
  /** Pixels of a line of the copy. */
  readonly linePixels: number;
  /** As the kernels take them. */
  readonly fields: Readonly<
    Record<'pixels' | 'height' | 'width' | 'padTop' | 'padLeft' | 'padBottom' | 'padRight', number>
  >;
}

export function paddedLines({ batch, pads, inputHeight, inputWidth }: ConvGeometry): PaddedLines {
  const [padTop, padLeft, padBottom, padRight] = pads;
  const pixels = batch * inputHeight * inputWidth;
  // Without padding the lines need not be the image's.
  const plain = pads.every((pad) => pad === 0);
  const height = plain ? Math.ceil(pixels / linePixels) : inputHeight;
  const width = plain ? linePixels : inputWidth;
  return {
    lines: plain ? height : batch * (height + padTop + padBottom),
    linePixels: width + padLeft + padRight,
    fields: { pixels, height, width, padTop, padLeft, padBottom, padRight },
  };
}
