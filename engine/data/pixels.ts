/** An image in memory: rows of pixels of interleaved channels; 8-bit, or float for arrays that are not. */
export interface Pixels<T extends Uint8Array | Float32Array = Uint8Array | Float32Array> {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: T;
}

export function newPixels<T extends Uint8Array | Float32Array>(
  like: T,
  width: number,
  height: number,
  channels: number,
): Pixels<T> {
  const count = width * height * channels;
  return {
    width,
    height,
    channels,
    data: (like instanceof Uint8Array ? new Uint8Array(count) : new Float32Array(count)) as T,
  };
}
