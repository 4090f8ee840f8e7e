import { f32 } from './float.ts';

type Elements = Float32Array | Uint8Array;

/** Calls `visit(index along each dim)` in row-major order. */
function walk(dims: readonly number[], visit: (index: readonly number[]) => void): void {
  const count = dims.reduce((product, size) => product * size, 1);
  const index = dims.map(() => 0);
  for (let i = 0; i < count; i++) {
    visit(index);
    for (let d = dims.length - 1; d >= 0 && ++index[d]! === dims[d]!; d--) index[d] = 0;
  }
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

export function permute<T extends Elements>(x: T, dims: readonly number[], perm: readonly number[]): T {
  const y = x.slice() as T;
  const strides = dims.map((_, d) => dims.slice(d + 1).reduce((product, size) => product * size, 1));
  let at = 0;
  const outputDims = perm.map((axis) => dims[axis]!);
  const from = perm.map((axis) => strides[axis]!);
  walk(outputDims, (index) => {
    y[at++] = x[dot(index, from)]!;
  });
  return y;
}

/** Copies between strided places that start at `inputStart` and 0. */
export function copy<T extends Elements>(
  x: T,
  inputStart: number,
  y: T,
  dims: readonly number[],
  inputStrides: readonly number[],
  outputStrides: readonly number[],
): void {
  walk(dims, (index) => {
    y[dot(index, outputStrides)] = x[inputStart + dot(index, inputStrides)]!;
  });
}

export function resizeNearest(
  x: Float32Array,
  [batch, height, width, channels]: readonly [number, number, number, number],
  rows: Float64Array,
  columns: Float64Array,
): Float32Array {
  const y = new Float32Array(batch * rows.length * columns.length * channels);
  let at = 0;
  walk([batch, rows.length, columns.length, channels], ([image, row, column, c]) => {
    const r = Math.min(Math.max(rows[row!]!, 0), height - 1);
    const q = Math.min(Math.max(columns[column!]!, 0), width - 1);
    y[at++] = x[((image! * height + r) * width + q) * channels + c!]!;
  });
  return y;
}

export function resizeLinear(
  x: Float32Array,
  [batch, height, width, channels]: readonly [number, number, number, number],
  rows: Float64Array,
  columns: Float64Array,
): Float32Array {
  const y = new Float32Array(batch * rows.length * columns.length * channels);
  const place = (position: number, size: number): readonly [number, number, number] => {
    const inside = Math.min(Math.max(position, 0), size - 1);
    const lower = Math.floor(inside);
    return [lower, Math.min(lower + 1, size - 1), f32(inside - lower)];
  };
  const mix = (a: number, b: number, t: number): number => f32(f32(f32(1 - t) * a) + f32(t * b));
  let at = 0;
  walk([batch, rows.length, columns.length, channels], ([image, row, column, c]) => {
    const [top, bottom, t] = place(rows[row!]!, height);
    const [left, right, u] = place(columns[column!]!, width);
    const pixel = (r: number, q: number): number => x[((image! * height + r) * width + q) * channels + c!]!;
    y[at++] = mix(mix(pixel(top, left), pixel(top, right), u), mix(pixel(bottom, left), pixel(bottom, right), u), t);
  });
  return y;
}
