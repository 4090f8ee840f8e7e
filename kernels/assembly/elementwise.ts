import { AffineF32, BinaryF32, FloorAffineF32, LayerNormF32, UnaryF32 } from './generated/descriptors';
import { binaryLoop } from './generated/binary-loops';
import { unaryLoop } from './generated/unary-loops';
import { least } from './integer';
import { COUNTERS, advance, offsetOf, seek } from './odometer';
import { clamp, loadPartial, loadTail, madd, storePartial, storeTail } from './vector';

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

/** Product and sum in float64, where those of integers in float32 are exact. */
export function floorAffineF32(d: FloorAffineF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  for (let row = begin; row < end; row++) {
    const x = d.input + ((row * channels) << 2), y = d.output + ((row * channels) << 2);
    for (let i = 0; i < channels; i += 4) {
      const at = i << 2, left = channels - i;
      const scale = d.scale + (i << 3), shift = d.shift + (i << 3);
      const v = loadPartial(x + at, left);
      const u = f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(v), v128.load(scale)), v128.load(shift));
      const w = f64x2.add(
        f64x2.mul(f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)), v128.load(scale, 16)),
        v128.load(shift, 16),
      );
      const floor = v128.shuffle<i32>(
        f32x4.demote_f64x2_zero(f64x2.floor(u)), f32x4.demote_f64x2_zero(f64x2.floor(w)), 0, 1, 4, 5,
      );
      storePartial(y + at, clamp(floor, low, high), left);
    }
  }
}

/** Moments in float64, four running sums. */
export function layerNormF32(d: LayerNormF32, begin: i32, end: i32, scratch: usize): void {
  const width = d.width, whole = width & ~3, rest = width & 3;
  const scale = d.scale, shift = d.shift;
  for (let row = begin; row < end; row++) {
    const x = d.input + ((row * width) << 2), y = d.output + ((row * width) << 2);
    const last = x + (whole << 2);
    let s0 = f64x2.splat(0), s1 = s0;
    for (let p = x; p < last; p += 16) {
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v128.load64_zero(p)));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.load64_zero(p, 8)));
    }
    if (rest != 0) {
      // Lanes behind the row are zeros.
      const v = loadTail(last, rest);
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)));
    }
    const mean = total(s0, s1) / <f64>width;
    const center = f64x2.splat(mean);
    s0 = f64x2.splat(0), s1 = s0;
    for (let p = x; p < last; p += 16) {
      const u = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(p)), center);
      const w = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(p, 8)), center);
      s0 = f64x2.add(s0, f64x2.mul(u, u));
      s1 = f64x2.add(s1, f64x2.mul(w, w));
    }
    if (rest != 0) {
      // Lanes behind the row count nothing.
      const v = loadTail(last, rest);
      let u = f64x2.sub(f64x2.promote_low_f32x4(v), center);
      let w = f64x2.sub(f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)), center);
      if (rest < 2) u = f64x2.replace_lane(u, 1, 0);
      w = rest < 3 ? f64x2.splat(0) : f64x2.replace_lane(w, 1, 0);
      s0 = f64x2.add(s0, f64x2.mul(u, u));
      s1 = f64x2.add(s1, f64x2.mul(w, w));
    }
    const inverse = f64x2.splat(1 / sqrt(total(s0, s1) / <f64>width + <f64>d.epsilon));
    if (shift != 0)
      for (let at = 0; at < whole << 2; at += 16) {
        const normal = normalized(v128.load(x + at), center, inverse);
        v128.store(y + at, f32x4.add(f32x4.mul(normal, v128.load(scale + at)), v128.load(shift + at)));
      }
    else
      for (let at = 0; at < whole << 2; at += 16)
        v128.store(y + at, f32x4.mul(normalized(v128.load(x + at), center, inverse), v128.load(scale + at)));
    if (rest != 0) {
      const at = whole << 2;
      let normal = f32x4.mul(normalized(loadTail(last, rest), center, inverse), loadTail(scale + at, rest));
      if (shift != 0) normal = f32x4.add(normal, loadTail(shift + at, rest));
      storeTail(y + at, normal, rest);
    }
  }
}

/** (x − center) · inverse in float64, rounded to float32. */
// @ts-ignore: decorator
@inline
function normalized(x: v128, center: v128, inverse: v128): v128 {
  const u = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(x), center), inverse);
  const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
  const w = f64x2.mul(f64x2.sub(high, center), inverse);
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(u), f32x4.demote_f64x2_zero(w), 0, 1, 4, 5);
}

// @ts-ignore: decorator
@inline
function total(s0: v128, s1: v128): f64 {
  return (f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1)) + (f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1));
}
