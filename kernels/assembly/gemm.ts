import { least } from './integer';
import { GemmF32, GemvF32, PackF32 } from './generated/descriptors';
import { TILE_ROWS, tile } from './tile';
import { finishRow, madd } from './vector';

export function gemmF32(d: GemmF32, begin: i32, end: i32, scratch: usize): void {
  const k = d.k, n = d.n, m = d.m;
  const aStride = d.aStride << 2, cStride = d.outputStride << 2, rStride = d.residualStride << 2;
  const panelBytes = (k + 1) << 5;
  const panelBlocks = d.panelBlocks, blockRows = d.blockRows, blockPanels = d.blockPanels;
  const residual = d.residual;
  const min = d.min, max = d.max;
  for (let item = begin; item < end; item++) {
    const row0 = (item / panelBlocks) * blockRows;
    const row1 = least(row0 + blockRows, m);
    const column0 = (item % panelBlocks) * blockPanels * 8;
    const column1 = least(column0 + blockPanels * 8, n);
    let address = d.a + row0 * aStride;
    for (let row = row0, at = scratch; row < row1; row++, at += 4, address += aStride) store<u32>(at, <u32>address);
    let b = d.b + (column0 >> 3) * panelBytes;
    for (let column = column0; column < column1; column += 8, b += panelBytes) {
      let c = d.output + row0 * cStride + (column << 2);
      let r = residual == 0 ? 0 : residual + row0 * rStride + (column << 2);
      let table = scratch;
      for (let row = row0; row < row1; row += TILE_ROWS) {
        const rows = least(row1 - row, TILE_ROWS);
        tile(rows, table, 1, k, b, c, cStride, r, rStride, n - column, min, max);
        table += TILE_ROWS * 4;
        c += TILE_ROWS * cStride;
        if (r != 0) r += TILE_ROWS * rStride;
      }
    }
  }
}

/** One row against one panel quad at a time: bound by the speed at which B arrives, so B is read once for all rows. */
export function gemvF32(d: GemvF32, begin: i32, end: i32, scratch: usize): void {
  const k = d.k, n = d.n;
  const panelBytes = (k + 1) << 5;
  const low = f32x4.splat(d.min), high = f32x4.splat(d.max);
  for (let item = begin; item < end; item++) {
    const column = item << 5;
    const b = d.b + (item << 2) * panelBytes;
    const left = n - column;
    for (let row = 0; row < d.m; row++) {
      const x = d.a + ((row * d.aStride) << 2);
      const c = d.output + ((row * d.outputStride + column) << 2);
      const r = d.residual == 0 ? 0 : d.residual + ((row * d.residualStride + column) << 2);
      if (left > 24) quad(x, k, b, panelBytes, c, r, left, low, high);
      else for (let j = 0; j < left; j += 8)
        single(x, k, b + (j >> 3) * panelBytes, c + (j << 2), r == 0 ? 0 : r + (j << 2), left - j, low, high);
    }
  }
}

function quad(x: usize, k: i32, b: usize, panelBytes: i32, c: usize, r: usize, columns: i32, low: v128, high: v128): void {
  let b1 = b + panelBytes, b2 = b1 + panelBytes, b3 = b2 + panelBytes;
  let a0 = v128.load(b), a1 = v128.load(b, 16), a2 = v128.load(b1), a3 = v128.load(b1, 16);
  let a4 = v128.load(b2), a5 = v128.load(b2, 16), a6 = v128.load(b3), a7 = v128.load(b3, 16);
  for (; k > 0; k--) {
    b += 32; b1 += 32; b2 += 32; b3 += 32;
    const v = v128.load32_splat(x);
    a0 = madd(v, v128.load(b), a0); a1 = madd(v, v128.load(b, 16), a1);
    a2 = madd(v, v128.load(b1), a2); a3 = madd(v, v128.load(b1, 16), a3);
    a4 = madd(v, v128.load(b2), a4); a5 = madd(v, v128.load(b2, 16), a5);
    a6 = madd(v, v128.load(b3), a6); a7 = madd(v, v128.load(b3, 16), a7);
    x += 4;
  }
  const present = <usize>(r != 0);
  finishRow(c, r, a0, a1, 8, low, high);
  finishRow(c + 32, r + present * 32, a2, a3, 8, low, high);
  finishRow(c + 64, r + present * 64, a4, a5, 8, low, high);
  finishRow(c + 96, r + present * 96, a6, a7, columns - 24, low, high);
}

function single(x: usize, k: i32, b: usize, c: usize, r: usize, columns: i32, low: v128, high: v128): void {
  let a0 = v128.load(b), a1 = v128.load(b, 16);
  for (; k > 0; k--) {
    b += 32;
    const v = v128.load32_splat(x);
    a0 = madd(v, v128.load(b), a0);
    a1 = madd(v, v128.load(b, 16), a1);
    x += 4;
  }
  finishRow(c, r, a0, a1, columns, low, high);
}

export function packF32(d: PackF32, begin: i32, end: i32, scratch: usize): void {
  const k = d.k, stride = d.stride;
  const panelBytes = (k + 1) << 5;
  const across = d.transposed ? stride << 2 : 4;
  const along = d.transposed ? 4 : stride << 2;
  const scale = f32x4.splat(d.scale);
  const zero = f32x4.splat(0);
  for (let panel = begin; panel < end; panel++) {
    let to = d.output + panel * panelBytes;
    v128.store(to, zero);
    v128.store(to, zero, 16);
    const columns = least(8, d.n - panel * 8);
    let from = d.source + panel * 8 * across;
    let i = 0;
    if (columns == 8 && across != 4) {
      // Eight rows of the source become columns, four elements of each at a time.
      for (; i + 4 <= k; i += 4, from += 16) {
        to += 32;
        columns4(from, across, to, scale);
        columns4(from + (across << 2), across, to + 16, scale);
        to += 96;
      }
    }
    for (; i < k; i++, from += along) {
      to += 32;
      if (columns == 8 && across == 4) {
        v128.store(to, f32x4.mul(v128.load(from), scale));
        v128.store(to, f32x4.mul(v128.load(from, 16), scale), 16);
      } else {
        let column = 0;
        for (; column < columns; column++) store<f32>(to + (column << 2), load<f32>(from + column * across) * d.scale);
        for (; column < 8; column++) store<f32>(to + (column << 2), 0);
      }
    }
  }
}

/** 4×4 elements, rows `across` bytes apart, transposed into rows of a panel. */
// @ts-ignore: decorator
@inline
function columns4(from: usize, across: i32, to: usize, scale: v128): void {
  const a = f32x4.mul(v128.load(from), scale), b = f32x4.mul(v128.load(from + across), scale);
  const e = f32x4.mul(v128.load(from + 2 * across), scale), f = f32x4.mul(v128.load(from + 3 * across), scale);
  const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const ef0 = v128.shuffle<i32>(e, f, 0, 4, 1, 5), ef1 = v128.shuffle<i32>(e, f, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab0, ef0, 0, 2));
  v128.store(to, v128.shuffle<i64>(ab0, ef0, 1, 3), 32);
  v128.store(to, v128.shuffle<i64>(ab1, ef1, 0, 2), 64);
  v128.store(to, v128.shuffle<i64>(ab1, ef1, 1, 3), 96);
}
