import { ConvF32, PadLines } from './generated/descriptors';
import { least } from './integer';
import { copyRun } from './movement';
import { TILE_ROWS, tile } from './tile';

/** Where the control block (kernels/control.ts) holds the address of the scratch that all threads share. */
// @ts-ignore: decorator
@inline
export const SHARED_SCRATCH: usize = 1024 + 13 * 4;

// A tile's slot in scratch: taps, depth, then the row addresses, then (when gathering) the gathered rows themselves.
// @ts-ignore: decorator
@inline
export const HEADER: usize = 8;

/**
 * Convolution as a GEMM whose A rows are found through a table of addresses, so that no patch matrix is built. Where
 * a window lies inside the input's rows, one kernel row is one run of `kernelWidth · channels` elements; at the borders
 * every tap has its own address, `zeros` standing in for what is outside. The order of the sum (row, column, channel) is
 * always the same.
 */
export function convF32(d: ConvF32, begin: i32, end: i32, scratch: usize): void {
  const panelBlocks = d.panelBlocks, pixelBlocks = d.pixelBlocks, blockRows = d.blockRows;
  const n = d.groupOutputs, pixels = d.pixels, tileBytes = d.tileBytes;
  const panelBytes = (d.kernelHeight * d.kernelWidth * d.groupInputs + 1) << 5;
  const panels = (n + 7) >> 3;
  const cStride = d.outputStride << 2, rStride = d.residualStride << 2;
  const residual = d.residual;
  const min = d.min, max = d.max;
  // 0: the lines that padLines left.
  const input = d.input == 0 ? <usize>load<u32>(SHARED_SCRATCH) : d.input;
  let prepared = -1;
  for (let item = begin; item < end; item++) {
    const block = item / panelBlocks;
    const group = block / pixelBlocks;
    const pixel0 = (block % pixelBlocks) * blockRows;
    const pixel1 = least(pixel0 + blockRows, pixels);
    if (block != prepared) {
      for (let pixel = pixel0, slot = scratch; pixel < pixel1; pixel += TILE_ROWS, slot += tileBytes)
        prepareTile(d, input, group, pixel, least(pixel1 - pixel, TILE_ROWS), TILE_ROWS, slot);
      prepared = block;
    }
    const panel0 = (item % panelBlocks) * d.blockPanels;
    const panel1 = least(panel0 + d.blockPanels, panels);
    let b = d.weights + (group * panels + panel0) * panelBytes;
    for (let panel = panel0; panel < panel1; panel++, b += panelBytes) {
      const channel = group * n + panel * 8;
      let c = d.output + pixel0 * cStride + (channel << 2);
      let r = residual == 0 ? 0 : residual + pixel0 * rStride + (channel << 2);
      let slot = scratch;
      for (let pixel = pixel0; pixel < pixel1; pixel += TILE_ROWS, slot += tileBytes) {
        const rows = least(pixel1 - pixel, TILE_ROWS);
        tile(rows, slot + HEADER, load<i32>(slot), load<i32>(slot, 4), b, c, cStride, r, rStride, n - panel * 8, min, max);
        c += TILE_ROWS * cStride;
        if (r != 0) r += TILE_ROWS * rStride;
      }
    }
  }
}

/**
 * Writes the table of one tile of `rows` pixels from `pixel` on: the address of every row's every tap. `input` replaces
 * the field of that name; `most` is the height of the largest tile.
 */
export function prepareTile(d: ConvF32, input: usize, group: i32, pixel: i32, rows: i32, most: i32, slot: usize): void {
  if (d.pointwise) {
    // Rows of A lie one behind the other.
    store<i32>(slot, 1);
    store<i32>(slot, d.groupInputs, 4);
    let address = input + ((pixel * d.inputStride + group * d.groupInputs) << d.elementShift);
    for (let i = 0; i < rows; i++, address += d.inputStride << d.elementShift) store<u32>(slot + HEADER + (i << 2), <u32>address);
    return;
  }
  const width = d.outputWidth, area = width * d.outputHeight;
  const first = pixel % area, image = pixel / area;
  const y = first / width, x = first % width;
  if (d.inside || windowsInside(d, y, x, rows)) prepareInside(d, input, group, image, y, x, rows, most, slot);
  else prepareBorder(d, input, group, image, y, x, rows, slot);
}

/** Do all windows of a tile within one output row lie inside the input? */
function windowsInside(d: ConvF32, y: i32, x: i32, rows: i32): boolean {
  const top = y * d.strideHeight - d.padTop, left = x * d.strideWidth - d.padLeft;
  return x + rows <= d.outputWidth && top >= 0 && left >= 0
    && top + (d.kernelHeight - 1) * d.dilationHeight < d.inputHeight
    && left + (rows - 1) * d.strideWidth + (d.kernelWidth - 1) * d.dilationWidth < d.inputWidth;
}

function prepareInside(
  d: ConvF32, input: usize, group: i32, image: i32, y: i32, x: i32, rows: i32, most: i32, slot: usize,
): void {
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth, channels = d.groupInputs, shift = d.elementShift;
  const pixelBytes = d.inputStride << shift, lineBytes = d.inputWidth * pixelBytes;
  const down = d.dilationHeight * lineBytes, across = d.dilationWidth * pixelBytes;
  const plane = input + group * (channels << shift);
  const perRow = d.rowTaps ? 1 : kernelWidth, run = d.rowTaps ? kernelWidth * channels : channels;
  store<i32>(slot, d.gather ? 1 : kernelHeight * perRow);
  // Integer runs are gathered in whole pairs.
  const gatheredRun = shift == 1 ? (run + 1) & ~1 : run;
  store<i32>(slot, d.gather ? kernelHeight * gatheredRun : run, 4);
  const table = slot + HEADER;
  let gathered = table + (most << 2);
  const advance = d.strideWidth * pixelBytes;
  let corner = cornerOf(d, plane, lineBytes, pixelBytes, image, y, x);
  if (!d.gather && x + rows <= d.outputWidth) {
    // Within one output row the windows are `advance` apart. Six addresses are written a tap; the next tap's take the place of
    // those too many, and a slot has room for six a tap.
    const steps = i32x4.mul(i32x4.splat(advance), i32x4(0, 1, 2, 3));
    const more = i32x4.add(steps, i32x4.splat(advance << 2));
    let entry = table;
    for (let ky = 0; ky < kernelHeight; ky++, corner += down) {
      let from = corner;
      for (let kx = 0; kx < perRow; kx++, from += across, entry += rows << 2) {
        const tap = i32x4.splat(<i32>from);
        v128.store(entry, i32x4.add(tap, steps));
        if (rows > 4) v128.store_lane<i64>(entry, i32x4.add(tap, more), 0, 16);
      }
    }
    return;
  }
  for (let i = 0; i < rows; i++, corner += advance) {
    let entry = table + (i << 2), line = corner;
    if (d.gather) {
      store<u32>(entry, <u32>gathered);
      for (let ky = 0; ky < kernelHeight; ky++, line += down, gathered += gatheredRun << shift)
        copyRun(gathered, line, run << shift);
    } else if (perRow == 1) {
      for (let ky = 0; ky < kernelHeight; ky++, line += down, entry += rows << 2) store<u32>(entry, <u32>line);
    } else {
      for (let ky = 0; ky < kernelHeight; ky++, line += down) {
        let from = line;
        for (let kx = 0; kx < perRow; kx++, from += across, entry += rows << 2) store<u32>(entry, <u32>from);
      }
    }
    if (++x == d.outputWidth) {
      x = 0;
      if (++y == d.outputHeight) { y = 0; image++; }
      corner = cornerOf(d, plane, lineBytes, pixelBytes, image, y, 0) - advance;
    }
  }
}

/** Address of a window's first tap. */
// @ts-ignore: decorator
@inline
function cornerOf(d: ConvF32, plane: usize, lineBytes: i32, pixelBytes: i32, image: i32, y: i32, x: i32): usize {
  return plane + (image * d.inputHeight + y * d.strideHeight - d.padTop) * lineBytes + (x * d.strideWidth - d.padLeft) * pixelBytes;
}

function prepareBorder(d: ConvF32, input: usize, group: i32, image: i32, y: i32, x: i32, rows: i32, slot: usize): void {
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth, channels = d.groupInputs, shift = d.elementShift;
  const pixelBytes = d.inputStride << shift;
  const base = input + group * (channels << shift);
  // Do the windows at least lie inside the width?
  let inside = d.rowTaps;
  if (inside) {
    let column = x;
    for (let i = 0; i < rows; i++) {
      const left = column * d.strideWidth - d.padLeft;
      if (left < 0 || left + kernelWidth > d.inputWidth) { inside = 0; break; }
      if (++column == d.outputWidth) column = 0;
    }
  }
  const perRow = inside ? 1 : kernelWidth;
  store<i32>(slot, kernelHeight * perRow);
  store<i32>(slot, inside ? kernelWidth * channels : channels, 4);
  const table = slot + HEADER;
  for (let i = 0; i < rows; i++) {
    const top = y * d.strideHeight - d.padTop, left = x * d.strideWidth - d.padLeft;
    const plane = base + image * d.inputHeight * d.inputWidth * pixelBytes;
    let entry = table + (i << 2);
    for (let ky = 0, iy = top; ky < kernelHeight; ky++, iy += d.dilationHeight) {
      const rowInside = <u32>iy < <u32>d.inputHeight;
      const line = plane + iy * d.inputWidth * pixelBytes;
      for (let kx = 0, ix = left; kx < perRow; kx++, ix += d.dilationWidth, entry += rows << 2)
        store<u32>(entry, <u32>(rowInside && <u32>ix < <u32>d.inputWidth ? line + ix * pixelBytes : d.zeros));
    }
    if (++x == d.outputWidth) {
      x = 0;
      if (++y == d.outputHeight) { y = 0; image++; }
    }
  }
}

export function padLines(d: PadLines, begin: i32, end: i32, scratch: usize): void {
  const padded = d.height + d.padTop + d.padBottom;
  const left = d.padLeft * d.pixelBytes, right = d.padRight * d.pixelBytes, middle = d.width * d.pixelBytes;
  const lineBytes = left + middle + right;
  let to = <usize>load<u32>(SHARED_SCRATCH) + begin * lineBytes;
  for (let item = begin; item < end; item++, to += lineBytes) {
    const y = item % padded - d.padTop;
    if (<u32>y >= <u32>d.height) {
      memory.fill(to, 0, lineBytes);
      continue;
    }
    const from = d.input + ((item / padded) * d.height + y) * d.width * d.inputPixelBytes;
    memory.fill(to, 0, left);
    if (d.pixelBytes == d.inputPixelBytes) copyRun(to + left, from, middle);
    else
      for (let x = 0; x < d.width; x++)
        copyRun(to + left + x * d.pixelBytes, from + x * d.inputPixelBytes, d.pixelBytes);
    memory.fill(to + left + middle, 0, right);
  }
}
