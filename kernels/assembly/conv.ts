import { ConvF32 } from './generated/descriptors';
import { least } from './integer';
import { copyRun } from './movement';
import { TILE_ROWS, tile } from './tile';

// A tile's slot in scratch: taps, depth, then the row addresses, then (when gathering) the gathered rows themselves.
// @ts-ignore: decorator
@inline
export const HEADER: usize = 8;

/**
 * Convolution as a GEMM whose A rows are found through a table of addresses, so that no patch matrix is built. Where
 * a window lies inside the input's rows, one kernel row is one run of `kernelWidth · channels` elements; at the borders
 * every tap has its own address, `zeros` standing in for what is outside. Inputs with very few channels
 * would make those runs too short: their border windows are gathered into scratch. The order of the sum (row, column,
 * channel) is the same in all three.
 */
export function convF32(d: ConvF32, begin: i32, end: i32, scratch: usize): void {
  const panelBlocks = d.panelBlocks, pixelBlocks = d.pixelBlocks, blockRows = d.blockRows;
  const n = d.groupOutputs, pixels = d.pixels, tileBytes = d.tileBytes;
  const panelBytes = (d.kernelHeight * d.kernelWidth * d.groupInputs + 1) << 5;
  const panels = (n + 7) >> 3;
  const cStride = d.outputStride << 2, rStride = d.residualStride << 2;
  const residual = d.residual;
  const min = d.min, max = d.max;
  let prepared = -1;
  for (let item = begin; item < end; item++) {
    const block = item / panelBlocks;
    const group = block / pixelBlocks;
    const pixel0 = (block % pixelBlocks) * blockRows;
    const pixel1 = least(pixel0 + blockRows, pixels);
    if (block != prepared) {
      for (let pixel = pixel0, slot = scratch; pixel < pixel1; pixel += TILE_ROWS, slot += tileBytes)
        prepareTile(d, d.input, group, pixel, least(pixel1 - pixel, TILE_ROWS), TILE_ROWS, slot);
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
  const width = d.outputWidth, area = width * d.outputHeight;
  const kernelHeight = d.kernelHeight, kernelWidth = d.kernelWidth;
  const shift = d.elementShift;
  const pixelBytes = d.inputStride << shift, channels = d.groupInputs, runBytes = channels << shift;
  const base = input + group * runBytes;
  const first = pixel % area;
  let image = pixel / area, y = first / width, x = first % width;
  // Does every window of the tile lie inside the input's rows?
  let inside = d.rowTaps;
  if (inside) {
    let column = x;
    for (let i = 0; i < rows; i++) {
      const left = column * d.strideWidth - d.padLeft;
      if (left < 0 || left + kernelWidth > d.inputWidth) { inside = 0; break; }
      if (++column == width) column = 0;
    }
  }
  const gather = <i32>(inside == 0) & d.gather;
  const perRow = inside ? 1 : kernelWidth;
  const taps = gather ? 1 : kernelHeight * perRow;
  store<i32>(slot, taps);
  store<i32>(slot, gather ? kernelHeight * kernelWidth * channels : inside ? kernelWidth * channels : channels, 4);
  const table = slot + HEADER;
  let gathered = table + (most << 2);
  for (let i = 0; i < rows; i++) {
    const top = y * d.strideHeight - d.padTop, left = x * d.strideWidth - d.padLeft;
    const plane = base + image * d.inputHeight * d.inputWidth * pixelBytes;
    let entry = table + (i << 2);
    if (gather) store<u32>(entry, <u32>gathered);
    for (let ky = 0, iy = top; ky < kernelHeight; ky++, iy += d.dilationHeight) {
      const rowInside = <u32>iy < <u32>d.inputHeight;
      const line = plane + iy * d.inputWidth * pixelBytes;
      for (let kx = 0, ix = left; kx < perRow; kx++, ix += d.dilationWidth) {
        const from = rowInside && <u32>ix < <u32>d.inputWidth ? line + ix * pixelBytes : d.zeros;
        if (gather) {
          copyRun(gathered, from, runBytes);
          gathered += runBytes;
        } else {
          store<u32>(entry, <u32>from);
          entry += rows << 2;
        }
      }
    }
    if (++x == width) {
      x = 0;
      if (++y == d.outputHeight) { y = 0; image++; }
    }
  }
}
