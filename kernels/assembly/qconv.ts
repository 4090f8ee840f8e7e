import { HEADER, prepareTile } from './conv';
import { ConvCodes, ConvF32, WidenCodes } from './generated/descriptors';
import { qtile1x8, qtile2x8, qtile3x8, qtile4x8 } from './generated/microkernels';
import { least } from './integer';
import { loadCodes, requantize8 } from './requantize';

/** Rows of the largest integer tile. */
// @ts-ignore: decorator
@inline
const ROWS: i32 = 4;

/** Where the control block (kernels/control.ts) holds the address of the scratch that all threads share. */
// @ts-ignore: decorator
@inline
const SHARED_SCRATCH: usize = 1024 + 13 * 4;

// @ts-ignore: decorator
@inline
const WIDEN_PIXELS: i32 = 64;

export function widenCodes(d: WidenCodes, begin: i32, end: i32, scratch: usize): void {
  const groups = d.groups, channels = d.channels, padded = d.padded, signed = d.signed;
  const zero = i16x8.splat(<i16>d.zero);
  const pixel0 = begin * WIDEN_PIXELS, pixel1 = least(d.pixels, end * WIDEN_PIXELS);
  let to = <usize>load<u32>(SHARED_SCRATCH) + ((pixel0 * groups * padded) << 1);
  if (channels == padded && d.inputStride == groups * channels) {
    let from = d.input + pixel0 * d.inputStride;
    for (let left = (pixel1 - pixel0) * d.inputStride; left > 0; left -= 8, from += 8, to += 16)
      storeWords(to, i16x8.sub(loadCodes(from, signed, left), zero), left);
    return;
  }
  for (let pixel = pixel0; pixel < pixel1; pixel++) {
    let from = d.input + pixel * d.inputStride;
    for (let group = 0; group < groups; group++, from += channels, to += padded << 1) {
      for (let i = 0; i < channels; i += 8)
        storeWords(to + (i << 1), i16x8.sub(loadCodes(from + i, signed, channels - i), zero), channels - i);
      if (padded > channels) store<i16>(to + (channels << 1), 0);
    }
  }
}

// @ts-ignore: decorator
@inline
function storeWords(p: usize, v: v128, count: i32): void {
  if (count >= 8) v128.store(p, v);
  else storeWordsPartial(p, v, count);
}

function storeWordsPartial(p: usize, v: v128, count: i32): void {
  if (count & 4) {
    v128.store_lane<i64>(p, v, 0);
    v = v128.shuffle<i64>(v, v, 1, 1);
    p += 8;
  }
  if (count & 2) {
    v128.store_lane<i32>(p, v, 0);
    v = v128.shuffle<i32>(v, v, 1, 1, 1, 1);
    p += 4;
  }
  if (count & 1) v128.store_lane<i16>(p, v, 0);
}

/** The integer twin of convF32: rows of int16, products of pairs summed in int32. */
export function convCodes(d: ConvCodes, begin: i32, end: i32, scratch: usize): void {
  const panelBlocks = d.panelBlocks, pixelBlocks = d.pixelBlocks, blockRows = d.blockRows;
  const n = d.groupOutputs, pixels = d.pixels, tileBytes = d.tileBytes;
  const panelBytes = (d.kernelHeight * d.kernelWidth * (d.groupInputs >> 1) + 1) << 5;
  const panels = (n + 7) >> 3;
  const stride = d.outputStride;
  const input = <usize>load<u32>(SHARED_SCRATCH);
  const indirect = changetype<ConvF32>(changetype<usize>(d));
  const accumulators = scratch;
  const slots = scratch + (ROWS << 5);
  const arithmetic = d.arithmetic, zero = d.zero, low = d.low, high = d.high;
  let prepared = -1;
  for (let item = begin; item < end; item++) {
    const block = item / panelBlocks;
    const group = block / pixelBlocks;
    const pixel0 = (block % pixelBlocks) * blockRows;
    const pixel1 = least(pixel0 + blockRows, pixels);
    if (block != prepared) {
      for (let pixel = pixel0, slot = slots; pixel < pixel1; pixel += ROWS, slot += tileBytes)
        prepareTile(indirect, input, group, pixel, least(pixel1 - pixel, ROWS), ROWS, slot);
      prepared = block;
    }
    const panel0 = (item % panelBlocks) * d.blockPanels;
    const panel1 = least(panel0 + d.blockPanels, panels);
    let b = d.weights + (group * panels + panel0) * panelBytes;
    for (let panel = panel0; panel < panel1; panel++, b += panelBytes) {
      const columns = n - panel * 8;
      // Multipliers are padded to 8 within each group, as the panels are.
      const channel = (group * panels + panel) * 8;
      let to = d.output + pixel0 * stride + group * n + panel * 8;
      let slot = slots;
      for (let pixel = pixel0; pixel < pixel1; pixel += ROWS, slot += tileBytes) {
        const rows = least(pixel1 - pixel, ROWS);
        qtile(rows, slot + HEADER, load<i32>(slot), load<i32>(slot, 4) >> 1, b, accumulators);
        let from = accumulators;
        for (let row = 0; row < rows; row++, from += 32, to += stride)
          requantize8(to, v128.load(from), v128.load(from, 16), channel, columns, arithmetic, d.multipliers, d.shifts, zero, low, high);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function qtile(rows: i32, table: usize, taps: i32, depth: i32, b: usize, c: usize): void {
  if (rows == 4) qtile4x8(table, taps, depth, b, c);
  else if (rows == 3) qtile3x8(table, taps, depth, b, c);
  else if (rows == 2) qtile2x8(table, taps, depth, b, c);
  else qtile1x8(table, taps, depth, b, c);
}
