import { newPixels, type Pixels } from './pixels.ts';

/**
 * Resizing as Pillow does it (Resample.c, Geometry.c), which the field's preprocessing is built on: the filter's
 * support grows with the factor of reduction (antialiasing), one pass along the rows and one along the columns; 8-bit
 * images use coefficients rounded to 22 bits and round after each pass, so that results are the same to the last bit.
 * Which pass comes first is Pillow 13's rule; Pillow 12 and older always begin with the rows, which changes a few
 * pixels of strongly flattened images (bilinear: by 1).
 */
export type ResizeFilter = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos' | 'box';

const kernels: Readonly<
  Record<Exclude<ResizeFilter, 'nearest'>, { readonly support: number; readonly weight: (x: number) => number }>
> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys 1981 with a = -1/2.
  bicubic: {
    support: 2,
    weight: (x) => {
      const a = -0.5;
      const t = Math.abs(x);
      if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
      if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
      return 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}

/** Pillow keeps 8 bits for the value and 2 for overshoot out of 32. */
const precisionBits = 22;

interface Coefficients {
  /** Weights of one output position lie together, `size` apart. */
  readonly size: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Float64Array;
}

/** @returns the image at `width` × `height`; the same object if that is its size already */
export function resizePixels<T extends Uint8Array | Float32Array>(
  image: Pixels<T>,
  width: number,
  height: number,
  filter: ResizeFilter,
): Pixels<T> {
  if (image.width === width && image.height === height) return image;
  if (filter === 'nearest') return resizeNearest(image, width, height);
  const { support, weight } = kernels[filter];
  const across = (from: Pixels<T>) =>
    width === from.width ? from : resizeRows(from, coefficients(from.width, width, support, weight));
  const down = (from: Pixels<T>) =>
    height === from.height ? from : resizeColumns(from, coefficients(from.height, height, support, weight));
  const shrinksDown = image.height - height;
  const columnsFirst = shrinksDown > 0 && shrinksDown > (image.width - width) * 2;
  return columnsFirst ? across(down(image)) : down(across(image));
}

function coefficients(
  input: number,
  output: number,
  filterSupport: number,
  weight: (x: number) => number,
): Coefficients {
  const scale = input / output;
  const filterScale = Math.max(scale, 1);
  const support = filterSupport * filterScale;
  const size = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(output);
  const count = new Int32Array(output);
  const weights = new Float64Array(output * size);
  const inverse = 1 / filterScale;
  for (let i = 0; i < output; i++) {
    const center = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support + 0.5));
    const taps = Math.min(input, Math.trunc(center + support + 0.5)) - from;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const value = weight((k + from - center + 0.5) * inverse);
      weights[i * size + k] = value;
      sum += value;
    }
    if (sum !== 0) for (let k = 0; k < taps; k++) weights[i * size + k] = weights[i * size + k]! / sum;
    first[i] = from;
    count[i] = taps;
  }
  return { size, first, count, weights };
}

function toFixedPoint(weights: Float64Array): Int32Array {
  const one = 1 << precisionBits;
  return Int32Array.from(weights, (w) => Math.trunc(w < 0 ? w * one - 0.5 : w * one + 0.5));
}

function clip8(sum: number): number {
  const value = sum >> precisionBits;
  return Math.max(0, Math.min(255, value));
}

function resizeRows<T extends Uint8Array | Float32Array>(image: Pixels<T>, c: Coefficients): Pixels<T> {
  const { channels, height, data } = image;
  const width = c.first.length;
  const result = newPixels(data, width, height, channels);
  const out = result.data;
  const fixed = data instanceof Uint8Array ? toFixedPoint(c.weights) : undefined;
  const stride = image.width * channels;
  for (let y = 0; y < height; y++) {
    let o = y * width * channels;
    for (let x = 0; x < width; x++) {
      const start = y * stride + c.first[x]! * channels;
      const taps = c.count[x]!;
      const w = x * c.size;
      for (let channel = 0; channel < channels; channel++, o++) {
        let at = start + channel;
        if (fixed !== undefined) {
          let sum = 1 << (precisionBits - 1);
          for (let k = 0; k < taps; k++, at += channels) sum = (sum + data[at]! * fixed[w + k]!) | 0;
          out[o] = clip8(sum);
        } else {
          let sum = 0;
          for (let k = 0; k < taps; k++, at += channels) sum += data[at]! * c.weights[w + k]!;
          out[o] = sum;
        }
      }
    }
  }
  return result;
}

function resizeColumns<T extends Uint8Array | Float32Array>(image: Pixels<T>, c: Coefficients): Pixels<T> {
  const { channels, width, data } = image;
  const height = c.first.length;
  const result = newPixels(data, width, height, channels);
  const out = result.data;
  const fixed = data instanceof Uint8Array ? toFixedPoint(c.weights) : undefined;
  const stride = width * channels;
  const sums = fixed !== undefined ? new Int32Array(stride) : new Float64Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(fixed !== undefined ? 1 << (precisionBits - 1) : 0);
    for (let k = 0; k < c.count[y]!; k++) {
      const row = (c.first[y]! + k) * stride;
      const weight = fixed !== undefined ? fixed[y * c.size + k]! : c.weights[y * c.size + k]!;
      for (let i = 0; i < stride; i++) sums[i] = sums[i]! + data[row + i]! * weight;
    }
    const o = y * stride;
    if (fixed !== undefined) for (let i = 0; i < stride; i++) out[o + i] = clip8(sums[i]!);
    else for (let i = 0; i < stride; i++) out[o + i] = sums[i]!;
  }
  return result;
}

function resizeNearest<T extends Uint8Array | Float32Array>(
  image: Pixels<T>,
  width: number,
  height: number,
): Pixels<T> {
  const { channels, data } = image;
  const result = newPixels(data, width, height, channels);
  const columns = nearestIndices(image.width, width);
  const rows = nearestIndices(image.height, height);
  let o = 0;
  for (let y = 0; y < height; y++) {
    const row = rows[y]! * image.width * channels;
    for (let x = 0; x < width; x++) {
      const at = row + columns[x]! * channels;
      for (let channel = 0; channel < channels; channel++) result.data[o++] = data[at + channel]!;
    }
  }
  return result;
}

/** Pillow steps along by repeated addition, and its rounding errors decide ties; so here. */
function nearestIndices(input: number, output: number): Int32Array {
  const step = input / output;
  const indices = new Int32Array(output);
  let position = step * 0.5;
  for (let i = 0; i < output; i++) {
    indices[i] = Math.min(input - 1, Math.trunc(position));
    position += step;
  }
  return indices;
}
