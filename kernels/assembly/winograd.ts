import * as c from './generated/constants';
import { WinogradF32 } from './generated/descriptors';
import { least } from './integer';
import { TILE_ROWS, tile } from './tile';
import { clamp, loadPartial, madd, nmadd, storePartial } from './vector';

// Scratch of one thread: the addresses of a tile's 36 pixels, one half-transformed tile of four channels, then (offsets
// from the descriptor) the row table of the products, the transformed inputs and the products.
// @ts-ignore: decorator
@inline
const HALF: usize = 192;

// Points 0, ±2/3, ±4/3, ∞ (kernels/constants.ts): of all pairs of simple fractions these lose least (as much as the direct sum
// does).

/**
 * 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3) (Lavin and Gray, "Fast algorithms for convolutional neural
 * networks", 2016): tiles of 4×4 outputs from 6×6 inputs, 36 products instead of 144. A block of tiles is transformed, multiplied
 * position by position with the transformed weights and transformed back while it lies in the cache.
 */
export function winogradF32(d: WinogradF32, begin: i32, end: i32, scratch: usize): void {
  const channels = d.channels, outputs = d.outputs, panels = d.panels, blockTiles = d.blockTiles;
  const rowBytes = channels << 2, productBytes = panels << 5;
  const pixelBytes = d.inputStride << 2, lineBytes = d.inputWidth * pixelBytes;
  const positionBytes = panels * ((channels + 1) << 5);
  const rows = scratch + d.rowsAt, inputs = scratch + d.inputsAt, products = scratch + d.productsAt;
  const tilesWide = d.tilesWide, perImage = d.tilesHigh * tilesWide;
  for (let item = begin; item < end; item++) {
    const tile0 = item * blockTiles;
    const count = least(blockTiles, d.tiles - tile0);
    for (let t = 0; t < count; t++) {
      const image = (tile0 + t) / perImage, within = (tile0 + t) % perImage;
      const top = ((within / tilesWide) << 2) - d.padTop, left = ((within % tilesWide) << 2) - d.padLeft;
      const pixel = d.input + ((image * d.inputHeight + top) * d.inputWidth + left) * pixelBytes;
      const to = inputs + t * rowBytes;
      if (top >= 0 && left >= 0 && top + 6 <= d.inputHeight && left + 6 <= d.inputWidth) {
        for (let at = 0; at < rowBytes; at += 16) {
          gatherInside(pixel + at, pixelBytes, lineBytes, scratch + HALF);
          finishInput(scratch + HALF, to + at, d.inputPlane);
        }
      } else {
        findPixels(d, pixel, top, left, scratch);
        for (let at = 0; at < rowBytes; at += 16) {
          gatherBorder(scratch, at, scratch + HALF);
          finishInput(scratch + HALF, to + at, d.inputPlane);
        }
      }
    }
    let b = d.weights;
    for (let position = 0; position < 36; position++) {
      const plane = inputs + position * d.inputPlane;
      for (let t = 0; t < count; t++) store<u32>(rows + (t << 2), <u32>(plane + t * rowBytes));
      for (let panel = 0; panel < panels; panel++) {
        let c = products + position * d.productPlane + (panel << 5);
        for (let row = 0; row < count; row += TILE_ROWS, c += TILE_ROWS * productBytes)
          tile(least(count - row, TILE_ROWS), rows + (row << 2), 1, channels, b, c, productBytes, 0, 0, 8, -Infinity, Infinity);
        b += (channels + 1) << 5;
      }
    }
    b = d.weights + 36 * positionBytes;
    for (let t = 0; t < count; t++) {
      const image = (tile0 + t) / perImage, within = (tile0 + t) % perImage;
      const y = (within / tilesWide) << 2, x = (within % tilesWide) << 2;
      const pixel = (image * d.outputHeight + y) * d.outputWidth + x;
      const from = products + t * productBytes;
      for (let k = 0; k < outputs; k += 4)
        transformOutput(d, scratch + HALF, from + (k << 2), b + (k << 2), pixel, k, d.outputHeight - y, d.outputWidth - x);
    }
  }
}

/** Addresses of the 6×6 inputs of a tile at the border, zeros standing in for what lies outside. */
function findPixels(d: WinogradF32, line: usize, top: i32, left: i32, table: usize): void {
  const height = d.inputHeight, width = d.inputWidth, zeros = d.zeros;
  const pixelBytes = d.inputStride << 2, lineBytes = width * pixelBytes;
  for (let i = 0; i < 6; i++, line += lineBytes, table += 24) {
    const inside = <u32>(top + i) < <u32>height;
    let pixel = line;
    for (let j = 0; j < 6; j++, pixel += pixelBytes)
      store<u32>(table + (j << 2), <u32>(inside && <u32>(left + j) < <u32>width ? pixel : zeros));
  }
}

/** Bᵀ d of four channels: the columns of a tile that lies inside the input. */
function gatherInside(pixel: usize, pixelBytes: usize, lineBytes: usize, half: usize): void {
  const two = 2 * lineBytes, three = 3 * lineBytes, four = 4 * lineBytes, five = 5 * lineBytes;
  for (let end = half + 96; half < end; half += 16, pixel += pixelBytes) {
    inputLine(
      v128.load(pixel),
      v128.load(pixel + lineBytes),
      v128.load(pixel + two),
      v128.load(pixel + three),
      v128.load(pixel + four),
      v128.load(pixel + five),
      half,
      half + 96,
      half + 192,
      half + 288,
      half + 384,
      half + 480,
    );
  }
}

/** The same with every pixel's address from the table, `channel` bytes into each. */
function gatherBorder(table: usize, channel: usize, half: usize): void {
  for (let end = table + 24; table < end; table += 4, half += 16) {
    inputLine(
      v128.load(<usize>load<u32>(table) + channel),
      v128.load(<usize>load<u32>(table, 24) + channel),
      v128.load(<usize>load<u32>(table, 48) + channel),
      v128.load(<usize>load<u32>(table, 72) + channel),
      v128.load(<usize>load<u32>(table, 96) + channel),
      v128.load(<usize>load<u32>(table, 120) + channel),
      half,
      half + 96,
      half + 192,
      half + 288,
      half + 384,
      half + 480,
    );
  }
}

/** (Bᵀ d) B: the lines; the 36 results go to planes `step` bytes apart. */
function finishInput(half: usize, to: usize, step: usize): void {
  const two = 2 * step, three = 3 * step, four = 4 * step, five = 5 * step, six = 6 * step;
  for (let end = half + 576; half < end; half += 96, to += six) {
    inputLine(
      v128.load(half),
      v128.load(half, 16),
      v128.load(half, 32),
      v128.load(half, 48),
      v128.load(half, 64),
      v128.load(half, 80),
      to,
      to + step,
      to + two,
      to + three,
      to + four,
      to + five,
    );
  }
}

// @ts-ignore: decorator
@inline
function inputLine(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128,
  t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize,
): void {
  v128.store(t0, madd(c.pointSum0(), d2, madd(c.pointProduct0(), d0, d4)));
  v128.store(t5, madd(c.pointSum0(), d3, madd(c.pointProduct0(), d1, d5)));
  const even = nmadd(c.square1(), d2, d4), odd = nmadd(c.square1(), d1, d3);
  v128.store(t1, madd(c.point0(), odd, even));
  v128.store(t2, nmadd(c.point0(), odd, even));
  const even2 = nmadd(c.square0(), d2, d4), odd2 = nmadd(c.square0(), d1, d3);
  v128.store(t3, madd(c.point1(), odd2, even2));
  v128.store(t4, nmadd(c.point1(), odd2, even2));
}

/** Aᵀ m of four output channels: the columns of a tile's 36 products. */
function gatherProducts(from: usize, step: usize, half: usize): void {
  const line = 6 * step;
  for (let end = half + 96; half < end; half += 16, from += step) {
    const m0 = v128.load(from), m5 = v128.load(from + 5 * line);
    const m1 = v128.load(from + line), m2 = v128.load(from + 2 * line);
    const s1 = f32x4.add(m1, m2), d1 = f32x4.sub(m1, m2);
    const m3 = v128.load(from + 3 * line), m4 = v128.load(from + 4 * line);
    const s2 = f32x4.add(m3, m4), d2 = f32x4.sub(m3, m4);
    v128.store(half, f32x4.add(f32x4.add(m0, s1), s2));
    v128.store(half, madd(c.point1(), d2, f32x4.mul(c.point0(), d1)), 96);
    v128.store(half, madd(c.square1(), s2, f32x4.mul(c.square0(), s1)), 192);
    v128.store(half, madd(c.cube1(), d2, madd(c.cube0(), d1, m5)), 288);
  }
}

/**
 * (Aᵀ m) A, then bias, residual and clamp. `rows` and `columns`: how much of the tile lies inside the output.
 */
function transformOutput(
  d: WinogradF32, half: usize, from: usize, bias: usize, pixel: i32, channel: i32, rows: i32, columns: i32,
): void {
  gatherProducts(from, d.productPlane, half);
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max), add = v128.load(bias);
  const pixelBytes = <usize>(d.outputStride << 2), residualBytes = <usize>(d.residualStride << 2);
  const down = d.outputWidth * pixelBytes, residualDown = d.outputWidth * residualBytes;
  const count = d.outputs - channel;
  let to = d.output + pixel * pixelBytes + (channel << 2);
  let r = d.residual == 0 ? 0 : d.residual + pixel * residualBytes + (channel << 2);
  for (const end = half + least(4, rows) * 96; half < end; half += 96, to += down) {
    const m0 = f32x4.add(v128.load(half), add), m5 = f32x4.add(v128.load(half, 80), add);
    const m1 = v128.load(half, 16), m2 = v128.load(half, 32);
    const s1 = f32x4.add(m1, m2), d1 = f32x4.sub(m1, m2);
    const m3 = v128.load(half, 48), m4 = v128.load(half, 64);
    const s2 = f32x4.add(m3, m4), d2 = f32x4.sub(m3, m4);
    let y0 = f32x4.add(f32x4.add(m0, s1), s2);
    let y1 = f32x4.add(madd(c.point1(), d2, f32x4.mul(c.point0(), d1)), add);
    let y2 = f32x4.add(madd(c.square1(), s2, f32x4.mul(c.square0(), s1)), add);
    let y3 = madd(c.cube1(), d2, madd(c.cube0(), d1, m5));
    if (count >= 4 && columns >= 4) {
      if (r != 0) {
        y0 = f32x4.add(y0, v128.load(r));
        y1 = f32x4.add(y1, v128.load(r + residualBytes));
        y2 = f32x4.add(y2, v128.load(r + 2 * residualBytes));
        y3 = f32x4.add(y3, v128.load(r + 3 * residualBytes));
        r += residualDown;
      }
      v128.store(to, clamp(y0, low, high));
      v128.store(to + pixelBytes, clamp(y1, low, high));
      v128.store(to + 2 * pixelBytes, clamp(y2, low, high));
      v128.store(to + 3 * pixelBytes, clamp(y3, low, high));
    } else {
      finishPixel(to, r, y0, count, low, high);
      if (columns > 1) finishPixel(to + pixelBytes, r == 0 ? 0 : r + residualBytes, y1, count, low, high);
      if (columns > 2) finishPixel(to + 2 * pixelBytes, r == 0 ? 0 : r + 2 * residualBytes, y2, count, low, high);
      if (columns > 3) finishPixel(to + 3 * pixelBytes, r == 0 ? 0 : r + 3 * residualBytes, y3, count, low, high);
      if (r != 0) r += residualDown;
    }
  }
}

function finishPixel(to: usize, r: usize, value: v128, count: i32, low: v128, high: v128): void {
  if (r != 0) value = f32x4.add(value, loadPartial(r, count));
  storePartial(to, clamp(value, low, high), count);
}
