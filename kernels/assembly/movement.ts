import { CopyStrided, Fill, GatherRows, ResizeLinearF32, ResizeNearest, Transpose } from './generated/descriptors';
import { least } from './integer';
import { COUNTERS, advance, offsetOf, seek } from './odometer';
import { loadPartial, storePartial } from './vector';

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
  for (let r = 0; r < rows4; r += 4) {
    const q = to + r * rowStride;
    for (let c = 0; c < columns4; c += 4) {
      const p = from + (r << 2) + c * columnStride;
      const a = v128.load(p), b = v128.load(p + columnStride);
      const e = v128.load(p + 2 * columnStride), f = v128.load(p + 3 * columnStride);
      const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const ef0 = v128.shuffle<i32>(e, f, 0, 4, 1, 5), ef1 = v128.shuffle<i32>(e, f, 2, 6, 3, 7);
      const o = q + (c << 2);
      v128.store(o, v128.shuffle<i64>(ab0, ef0, 0, 2));
      v128.store(o + rowStride, v128.shuffle<i64>(ab0, ef0, 1, 3));
      v128.store(o + 2 * rowStride, v128.shuffle<i64>(ab1, ef1, 0, 2));
      v128.store(o + 3 * rowStride, v128.shuffle<i64>(ab1, ef1, 1, 3));
    }
    for (let c = columns4; c < columns; c++) {
      const v = v128.load(from + (r << 2) + c * columnStride);
      const o = q + (c << 2);
      v128.store_lane<f32>(o, v, 0);
      v128.store_lane<f32>(o + rowStride, v, 1);
      v128.store_lane<f32>(o + 2 * rowStride, v, 2);
      v128.store_lane<f32>(o + 3 * rowStride, v, 3);
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
  for (let c = 0; c < columns; c++, from += columnStride, to++) {
    let q = to;
    for (let r = 0; r < rows; r++, q += rowStride) store<u8>(q, load<u8>(from + r));
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
 * Columns first, then rows: (1 − t) · lower + t · upper in float32. Neighbouring output rows lie between the same two input rows: those
 * are stretched once, in scratch.
 */
export function resizeLinearF32(d: ResizeLinearF32, begin: i32, end: i32, scratch: usize): void {
  const pixelBytes = d.channels << 2, lineBytes = d.inputWidth * pixelBytes;
  const count = d.outputWidth * d.channels, outputBytes = count << 2;
  const one = f32x4.splat(1);
  let upper = scratch, lower = scratch + ((outputBytes + 31) & ~15);
  let upperLine: usize = 0, lowerLine: usize = 0;
  let to = d.output + begin * outputBytes;
  for (let item = begin; item < end; item++, to += outputBytes) {
    const image = d.input + (item / d.outputHeight) * d.inputHeight * lineBytes;
    const row = d.rows + (item % d.outputHeight) * 12;
    const line0 = image + load<i32>(row) * lineBytes, line1 = image + load<i32>(row, 4) * lineBytes;
    if (line0 != upperLine) {
      if (line0 == lowerLine) {
        const other = upper;
        upper = lower;
        lower = other;
        lowerLine = upperLine;
      } else stretchLine(d, line0, upper);
      upperLine = line0;
    }
    if (line1 != lowerLine) {
      stretchLine(d, line1, lower);
      lowerLine = line1;
    }
    const t = v128.load32_splat(row, 8), s = f32x4.sub(one, t);
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const at = i << 2;
      v128.store(to + at, f32x4.add(f32x4.mul(s, v128.load(upper + at)), f32x4.mul(t, v128.load(lower + at))));
    }
    if (i < count) {
      const at = i << 2;
      const v = f32x4.add(f32x4.mul(s, v128.load(upper + at)), f32x4.mul(t, v128.load(lower + at)));
      storePartial(to + at, v, count - i);
    }
  }
}

/** One input row at the output's columns. What lies behind its end in scratch is overwritten, up to 12 bytes. */
function stretchLine(d: ResizeLinearF32, line: usize, to: usize): void {
  const channels = d.channels, pixelBytes = channels << 2;
  const one = f32x4.splat(1);
  for (let x = 0, column = d.columns; x < d.outputWidth; x++, column += 12, to += pixelBytes) {
    const left = line + load<i32>(column) * pixelBytes, right = line + load<i32>(column, 4) * pixelBytes;
    const u = v128.load32_splat(column, 8), w = f32x4.sub(one, u);
    let channel = 0;
    for (; channel + 4 <= channels; channel += 4) {
      const at = channel << 2;
      v128.store(to + at, f32x4.add(f32x4.mul(w, v128.load(left + at)), f32x4.mul(u, v128.load(right + at))));
    }
    if (channel < channels) {
      const at = channel << 2, count = channels - channel;
      v128.store(to + at, f32x4.add(f32x4.mul(w, loadPartial(left + at, count)), f32x4.mul(u, loadPartial(right + at, count))));
    }
  }
}
