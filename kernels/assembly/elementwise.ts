import { AffineF32, BinaryF32, LayerNormF32, UnaryF32 } from './generated/descriptors';
import { binaryLoop } from './generated/binary-loops';
import { unaryLoop } from './generated/unary-loops';
import { least } from './integer';
import { COUNTERS, advance, offsetOf, seek } from './odometer';
import { clamp, lanesSum, loadPartial, loadTail, madd, storePartial, storeTail } from './vector';

/** Elements of an item. */
// @ts-ignore: decorator
@inline
const RUN: i32 = 1024;

export function unaryF32(d: UnaryF32, begin: i32, end: i32, scratch: usize): void {
  const from = begin * RUN, to = least(d.count, end * RUN);
  unaryLoop(d.fn, d.input + (from << 2), d.output + (from << 2), to - from, f32x4.splat(d.alpha), f32x4.splat(d.beta));
}

export function binaryF32(d: BinaryF32, begin: i32, end: i32, scratch: usize): void {
  const block = changetype<usize>(d);
  const dims = block + offsetof<BinaryF32>('dims0');
  const aStrides = block + offsetof<BinaryF32>('aStrides0'), bStrides = block + offsetof<BinaryF32>('bStrides0');
  const width = d.dims7, chunk = d.chunk, chunks = d.chunks;
  const aStep = d.aStrides7, bStep = d.bStrides7, fn = d.fn;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  if (chunks == 1) {
    // Whole runs: those along dims[6] go in one loop.
    const inner = d.dims6;
    const aRow = d.aStrides6, bRow = d.bStrides6;
    seek(scratch, dims, begin);
    let a = d.a + offsetOf(scratch, aStrides), b = d.b + offsetOf(scratch, bStrides);
    let y = d.output + ((begin * width) << 2);
    let row = begin;
    for (;;) {
      const rows = least(end - row, inner - load<i32>(scratch, 24));
      binaryLoop(fn, a, b, y, width, rows, aRow, bRow, aStep, bStep, low, high);
      row += rows;
      if (row >= end) return;
      y += (rows * width) << 2;
      seek(scratch, dims, row);
      a = d.a + offsetOf(scratch, aStrides);
      b = d.b + offsetOf(scratch, bStrides);
    }
  }
  let row = begin / chunks, part = begin % chunks;
  seek(scratch, dims, row);
  let a = d.a + offsetOf(scratch, aStrides), b = d.b + offsetOf(scratch, bStrides);
  let y = d.output + ((row * width) << 2);
  for (let item = begin; item < end; item++) {
    const first = part * chunk;
    binaryLoop(fn, a + first * aStep, b + first * bStep, y + (first << 2), least(chunk, width - first), 1, 0, 0, aStep, bStep, low, high);
    if (++part == chunks) {
      part = 0;
      y += width << 2;
      a += advance(scratch, dims, aStrides, bStrides, scratch + COUNTERS);
      b += load<i32>(scratch + COUNTERS);
    }
  }
}

export function affineF32(d: AffineF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, whole = channels & ~3, rest = channels & 3;
  const scale = d.scale, shift = d.shift;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  let x = d.input + ((begin * channels) << 2), y = d.output + ((begin * channels) << 2);
  for (let row = begin; row < end; row++) {
    for (let i = 0; i < whole; i += 4, x += 16, y += 16) {
      const at = i << 2;
      v128.store(y, clamp(madd(v128.load(x), v128.load(scale + at), v128.load(shift + at)), low, high));
    }
    if (rest != 0) {
      const at = whole << 2;
      const v = madd(loadPartial(x, rest), loadPartial(scale + at, rest), loadPartial(shift + at, rest));
      storePartial(y, clamp(v, low, high), rest);
      x += rest << 2;
      y += rest << 2;
    }
  }
}

/** The mean is summed in float64; what deviates from it is small and squared in float32, four running sums each. */
export function layerNormF32(d: LayerNormF32, begin: i32, end: i32, scratch: usize): void {
  const width = d.width, whole = width & ~3, rest = width & 3;
  const scale = d.scale, shift = d.shift;
  let x = d.input + ((begin * width) << 2), y = d.output + ((begin * width) << 2);
  for (let row = begin; row < end; row++, x += width << 2, y += width << 2) {
    let s0 = f64x2.splat(0), s1 = s0;
    for (let i = 0; i < whole; i += 4) {
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v128.load64_zero(x + (i << 2))));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.load64_zero(x + (i << 2), 8)));
    }
    if (rest != 0) {
      const v = loadTail(x + (whole << 2), rest);
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)));
    }
    const mean = f32x4.splat(<f32>(total(s0, s1) / <f64>width));
    let squares = f32x4.splat(0);
    for (let i = 0; i < whole; i += 4) {
      const c = f32x4.sub(v128.load(x + (i << 2)), mean);
      squares = f32x4.add(squares, f32x4.mul(c, c));
    }
    if (rest != 0) {
      // Lanes behind the row count nothing.
      const c = v128.and(f32x4.sub(loadTail(x + (whole << 2), rest), mean), i32x4.gt_s(i32x4.splat(rest), i32x4(0, 1, 2, 3)));
      squares = f32x4.add(squares, f32x4.mul(c, c));
    }
    const inverse = f32x4.splat(<f32>(1 / sqrt<f64>(<f64>lanesSum(squares) / <f64>width + <f64>d.epsilon)));
    for (let i = 0; i < whole; i += 4) {
      const at = i << 2;
      let normal = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse), v128.load(scale + at));
      if (shift != 0) normal = f32x4.add(normal, v128.load(shift + at));
      v128.store(y + at, normal);
    }
    if (rest != 0) {
      const at = whole << 2;
      let normal = f32x4.mul(f32x4.mul(f32x4.sub(loadTail(x + at, rest), mean), inverse), loadTail(scale + at, rest));
      if (shift != 0) normal = f32x4.add(normal, loadTail(shift + at, rest));
      storeTail(y + at, normal, rest);
    }
  }
}

// @ts-ignore: decorator
@inline
function total(s0: v128, s1: v128): f64 {
  return (f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1)) + (f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1));
}
