import { CopyStrided, Fill, GatherRows, ResizeLinearF32, ResizeNearest, Transpose } from './generated/descriptors';
import { least } from './integer';
import { COUNTERS, advance, offsetOf, seek } from './odometer';
import { loadTail, storeTail } from './vector';

/** memory.copy, but short runs are copied in place: the call costs more than they do. Runs do not overlap. */
export function copyRun(to: usize, from: usize, bytes: i32): void {
  if (bytes > 256) {
    memory.copy(to, from, bytes);
    return;
  }
  for (; bytes >= 16; bytes -= 16, to += 16, from += 16) v128.store(to, v128.load(from));
  if (bytes & 8) { store<u64>(to, load<u64>(from)); to += 8; from += 8; }
  if (bytes & 4) { store<u32>(to, load<u32>(from)); to += 4; from += 4; }
  for (bytes &= 3; bytes > 0; bytes--, to++, from++) store<u8>(to, load<u8>(from));
}

export function copyStrided(d: CopyStrided, begin: i32, end: i32, scratch: usize): void {
  const block = changetype<usize>(d);
  const dims = block + offsetof<CopyStrided>('dims0');
  const inputStrides = block + offsetof<CopyStrided>('inputStrides0');
  const outputStrides = block + offsetof<CopyStrided>('outputStrides0');
  const width = d.dims7, size = d.elementBytes, inputStep = d.inputStrides7, outputStep = d.outputStrides7;
  const dense = inputStep == size && outputStep == size;
  seek(scratch, dims, begin);
  let from = d.input + offsetOf(scratch, inputStrides), to = d.output + offsetOf(scratch, outputStrides);
  for (let item = begin; item < end; item++) {
    if (dense) copyRun(to, from, width * size);
    else if (size == 4) {
      let p = from, q = to;
      for (let i = 0; i < width; i++, p += inputStep, q += outputStep) store<u32>(q, load<u32>(p));
    } else {
      let p = from, q = to;
      for (let i = 0; i < width; i++, p += inputStep, q += outputStep) store<u8>(q, load<u8>(p));
    }
    from += advance(scratch, dims, inputStrides, outputStrides, scratch + COUNTERS);
    to += load<i32>(scratch + COUNTERS);
  }
}

/** Rows of an item. */
// @ts-ignore: decorator
@inline
const ROWS: i32 = 32;

export function transpose(d: Transpose, begin: i32, end: i32, scratch: usize): void {
  const block = changetype<usize>(d);
  const dims = block + offsetof<Transpose>('dims0');
  const inputStrides = block + offsetof<Transpose>('inputStrides0');
  const outputStrides = block + offsetof<Transpose>('outputStrides0');
  const parts = (d.rows + ROWS - 1) / ROWS;
  let part = begin % parts;
  seek(scratch, dims, begin / parts);
  let from = d.input + offsetOf(scratch, inputStrides), to = d.output + offsetOf(scratch, outputStrides);
  for (let item = begin; item < end; item++) {
    const row = part * ROWS, rows = least(ROWS, d.rows - row);
    if (d.elementBytes == 4) transpose4(from + (row << 2), to + row * d.rowStride, rows, d.columns, d.rowStride, d.columnStride);
    else transpose1(from + row, to + row * d.rowStride, rows, d.columns, d.rowStride, d.columnStride);
    if (++part == parts) {
      part = 0;
      from += advance(scratch, dims, inputStrides, outputStrides, scratch + COUNTERS);
      to += load<i32>(scratch + COUNTERS);
    }
  }
}

function transpose4(from: usize, to: usize, rows: i32, columns: i32, rowStride: i32, columnStride: i32): void {
  if (columns == 3 && rowStride == 12) return interleave3(from, to, rows, columnStride);
  const columns4 = columns & ~3, rows4 = rows & ~3;
  // Sixteen rows, a cache line of each column, then the next columns: planes often lie a power of two apart, in the same cache set.
  for (let first = 0; first < rows4; first += 16) {
    const last = least(first + 16, rows4);
    for (let c = 0; c < columns4; c += 4) {
      let p = from + (first << 2) + c * columnStride, o = to + first * rowStride + (c << 2);
      for (let r = first; r < last; r += 4, p += 16, o += rowStride << 2) {
        const a = v128.load(p), b = v128.load(p + columnStride);
        const e = v128.load(p + 2 * columnStride), f = v128.load(p + 3 * columnStride);
        const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
        const ef0 = v128.shuffle<i32>(e, f, 0, 4, 1, 5), ef1 = v128.shuffle<i32>(e, f, 2, 6, 3, 7);
        v128.store(o, v128.shuffle<i64>(ab0, ef0, 0, 2));
        v128.store(o + rowStride, v128.shuffle<i64>(ab0, ef0, 1, 3));
        v128.store(o + 2 * rowStride, v128.shuffle<i64>(ab1, ef1, 0, 2));
        v128.store(o + 3 * rowStride, v128.shuffle<i64>(ab1, ef1, 1, 3));
      }
    }
    for (let c = columns4; c < columns; c++) {
      let p = from + (first << 2) + c * columnStride, o = to + first * rowStride + (c << 2);
      for (let r = first; r < last; r += 4, p += 16, o += rowStride << 2) {
        const v = v128.load(p);
        v128.store_lane<f32>(o, v, 0);
        v128.store_lane<f32>(o + rowStride, v, 1);
        v128.store_lane<f32>(o + 2 * rowStride, v, 2);
        v128.store_lane<f32>(o + 3 * rowStride, v, 3);
      }
    }
  }
  for (let r = rows4; r < rows; r++) {
    let p = from + (r << 2), q = to + r * rowStride;
    for (let c = 0; c < columns; c++, p += columnStride, q += 4) store<u32>(q, load<u32>(p));
  }
}

/** Three planes to triples: what an image goes through when it enters. */
function interleave3(from: usize, to: usize, rows: i32, plane: i32): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4, from += 16, to += 48) {
    const a = v128.load(from), b = v128.load(from + plane), c = v128.load(from + 2 * plane);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i32>(ab, v128.shuffle<i32>(c, a, 0, 5, 0, 0), 0, 1, 4, 5));
    v128.store(to, v128.shuffle<i32>(v128.shuffle<i32>(b, c, 1, 5, 0, 0), ab1, 0, 1, 4, 5), 16);
    v128.store(to, v128.shuffle<i32>(v128.shuffle<i32>(c, ab1, 2, 6, 7, 3), c, 0, 1, 2, 7), 32);
  }
  for (; r < rows; r++, from += 4, to += 12) {
    store<u32>(to, load<u32>(from));
    store<u32>(to, load<u32>(from + plane), 4);
    store<u32>(to, load<u32>(from + 2 * plane), 8);
  }
}

function transpose1(from: usize, to: usize, rows: i32, columns: i32, rowStride: i32, columnStride: i32): void {
  if (columns == 3 && rowStride == 3) return interleaveBytes3(from, to, rows, columnStride);
  const rows8 = rows & ~7, columns8 = columns & ~7;
  for (let r = 0; r < rows8; r += 8) {
    const p = from + r, q = to + r * rowStride;
    for (let c = 0; c < columns8; c += 8) transpose8x8(p + c * columnStride, columnStride, q + c, rowStride);
  }
  for (let c = 0; c < columns; c++, from += columnStride, to++) {
    const first = c < columns8 ? rows8 : 0;
    let q = to + first * rowStride;
    for (let r = first; r < rows; r++, q += rowStride) store<u8>(q, load<u8>(from + r));
  }
}

function transpose8x8(p: usize, columnStride: i32, q: usize, rowStride: i32): void {
  // Pairs of columns, byte by byte; then pairs of these, by two bytes; then by four.
  const ab = bytes2(v128.load64_zero(p), v128.load64_zero((p += columnStride)));
  const cd = bytes2(v128.load64_zero((p += columnStride)), v128.load64_zero((p += columnStride)));
  const ef = bytes2(v128.load64_zero((p += columnStride)), v128.load64_zero((p += columnStride)));
  const gh = bytes2(v128.load64_zero((p += columnStride)), v128.load64_zero(p + columnStride));
  const low0 = v128.shuffle<i16>(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11), low1 = v128.shuffle<i16>(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15);
  const high0 = v128.shuffle<i16>(ef, gh, 0, 8, 1, 9, 2, 10, 3, 11), high1 = v128.shuffle<i16>(ef, gh, 4, 12, 5, 13, 6, 14, 7, 15);
  storeTwo(q, rowStride, v128.shuffle<i32>(low0, high0, 0, 4, 1, 5));
  storeTwo((q += 2 * rowStride), rowStride, v128.shuffle<i32>(low0, high0, 2, 6, 3, 7));
  storeTwo((q += 2 * rowStride), rowStride, v128.shuffle<i32>(low1, high1, 0, 4, 1, 5));
  storeTwo(q + 2 * rowStride, rowStride, v128.shuffle<i32>(low1, high1, 2, 6, 3, 7));
}

/** The low eight bytes of both, alternating. */
// @ts-ignore: decorator
@inline
function bytes2(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function storeTwo(q: usize, rowStride: i32, rows: v128): void {
  v128.store_lane<i64>(q, rows, 0);
  v128.store_lane<i64>(q + rowStride, rows, 1);
}

function interleaveBytes3(from: usize, to: usize, rows: i32, plane: i32): void {
  let r = 0;
  for (; r + 16 <= rows; r += 16, from += 16, to += 48) {
    const a = v128.load(from), b = v128.load(from + plane), c = v128.load(from + 2 * plane);
    const ab0 = v128.shuffle<i8>(a, b, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    const ab1 = v128.shuffle<i8>(a, b, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    const ab2 = v128.shuffle<i8>(a, b, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
    v128.store(to, v128.shuffle<i8>(ab0, c, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
    v128.store(to, v128.shuffle<i8>(ab1, c, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15), 16);
    v128.store(to, v128.shuffle<i8>(ab2, c, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31), 32);
  }
  for (; r < rows; r++, from++, to += 3) {
    store<u8>(to, load<u8>(from));
    store<u8>(to, load<u8>(from + plane), 1);
    store<u8>(to, load<u8>(from + 2 * plane), 2);
  }
}

export function fill(d: Fill, begin: i32, end: i32, scratch: usize): void {
  const bytes = d.bytes, v = i32x4.splat(d.pattern);
  let at = begin << 12;
  const stop = least(bytes, end << 12);
  const to = d.output;
  for (; at + 16 <= stop; at += 16) v128.store(to + at, v);
  for (; at + 4 <= stop; at += 4) store<i32>(to + at, d.pattern);
  for (; at < stop; at++) store<u8>(to + at, <u8>d.pattern);
}

export function gatherRows(d: GatherRows, begin: i32, end: i32, scratch: usize): void {
  const count = d.count, bytes = d.rowBytes;
  for (let item = begin; item < end; item++) {
    const index = load<i32>(d.indices + ((item % count) << 2));
    copyRun(d.output + item * bytes, d.input + (item / count) * d.outerBytes + index * bytes, bytes);
  }
}

export function resizeNearest(d: ResizeNearest, begin: i32, end: i32, scratch: usize): void {
  const pixelBytes = d.pixelBytes, width = d.outputWidth;
  for (let item = begin; item < end; item++) {
    const image = item / d.outputHeight;
    const line = d.input + (image * d.inputHeight + load<i32>(d.rows + ((item % d.outputHeight) << 2))) * d.inputWidth * pixelBytes;
    let to = d.output + item * width * pixelBytes;
    for (let x = 0; x < width; x++, to += pixelBytes)
      copyRun(to, line + load<i32>(d.columns + (x << 2)) * pixelBytes, pixelBytes);
  }
}

/**
 * Columns first, then rows: (1 − t) · lower + t · upper in float32. Two lines of the output's width, between which rows are
 * interpolated, lie in scratch: when enlarging, many rows share them.
 */
export function resizeLinearF32(d: ResizeLinearF32, begin: i32, end: i32, scratch: usize): void {
  const lineBytes = (d.inputWidth * d.channels) << 2, outputBytes = (d.outputWidth * d.channels) << 2;
  const one = f32x4.splat(1);
  let above = scratch, below = scratch + ((outputBytes + 15) & ~15);
  // The input lines that they hold.
  let lineAbove = <usize>0, lineBelow = <usize>0;
  for (let item = begin; item < end; item++) {
    const image = d.input + (item / d.outputHeight) * d.inputHeight * lineBytes;
    const row = d.rows + (item % d.outputHeight) * 12;
    const line0 = image + load<i32>(row) * lineBytes, line1 = image + load<i32>(row, 4) * lineBytes;
    if (line0 == lineBelow) {
      const other = above;
      above = below;
      below = other;
      lineBelow = lineAbove;
      lineAbove = line0;
    }
    if (line0 != lineAbove) {
      resizeLine(d, line0, above);
      lineAbove = line0;
    }
    if (line1 != line0 && line1 != lineBelow) {
      resizeLine(d, line1, below);
      lineBelow = line1;
    }
    const other = line1 == line0 ? above : below;
    const t = v128.load32_splat(row, 8), s = f32x4.sub(one, t);
    const to = d.output + item * outputBytes;
    let at = 0;
    for (; at + 16 <= outputBytes; at += 16)
      v128.store(to + at, f32x4.add(f32x4.mul(s, v128.load(above + at)), f32x4.mul(t, v128.load(other + at))));
    const rest = (outputBytes - at) >> 2;
    if (rest > 0)
      storeTail(to + at, f32x4.add(f32x4.mul(s, loadTail(above + at, rest)), f32x4.mul(t, loadTail(other + at, rest))), rest);
  }
}

/** One line between its columns. */
function resizeLine(d: ResizeLinearF32, line: usize, to: usize): void {
  const pixelBytes = d.channels << 2, whole = pixelBytes & ~15, rest = d.channels & 3;
  const one = f32x4.splat(1);
  for (let x = 0, column = d.columns; x < d.outputWidth; x++, column += 12, to += pixelBytes) {
    const left = line + load<i32>(column) * pixelBytes, right = line + load<i32>(column, 4) * pixelBytes;
    const u = v128.load32_splat(column, 8), w = f32x4.sub(one, u);
    for (let at = 0; at < whole; at += 16)
      v128.store(to + at, f32x4.add(f32x4.mul(w, v128.load(left + at)), f32x4.mul(u, v128.load(right + at))));
    if (rest != 0) {
      const a = loadTail(left + whole, rest), b = loadTail(right + whole, rest);
      storeTail(to + whole, f32x4.add(f32x4.mul(w, a), f32x4.mul(u, b)), rest);
    }
  }
}
