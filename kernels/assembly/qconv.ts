import { HEADER, SHARED_SCRATCH, prepareTile } from './conv';
import { ConvCodes, ConvF32, Requantization, WidenCodes } from './generated/descriptors';
import { qtile1x8, qtile2x8, qtile3x8, qtile4x8 } from './generated/integer-microkernels';
import { least } from './integer';
import { NONE, loadCodes, requantizeTile } from './requantize';

/** Rows of the largest integer tile. */
// @ts-ignore: decorator
@inline
const ROWS: i32 = 4;

export function widenCodes(d: WidenCodes, begin: i32, end: i32, scratch: usize): void {
  const groups = d.groups, channels = d.channels, signed = d.signed, width = d.width;
  const code = d.zeroAt == 0 ? d.zero : signed ? <i32>load<i8>(d.zeroAt) : <i32>load<u8>(d.zeroAt);
  const zero = i16x8.splat(<i16>code);
  const padded = d.height + d.padTop + d.padBottom;
  const pixelBytes = (groups * d.padded) << 1;
  const left = d.padLeft * pixelBytes, right = d.padRight * pixelBytes;
  const lineBytes = left + width * pixelBytes + right;
  const dense = channels == d.padded && d.inputStride == groups * channels;
  let line = <usize>load<u32>(SHARED_SCRATCH) + begin * lineBytes;
  for (let item = begin; item < end; item++, line += lineBytes) {
    const y = item % padded - d.padTop;
    if (<u32>y >= <u32>d.height) {
      memory.fill(line, 0, lineBytes);
      continue;
    }
    const first = ((item / padded) * d.height + y) * width;
    const pixels = least(width, d.pixels - first);
    let from = d.input + first * d.inputStride;
    let to = line + left;
    memory.fill(line, 0, left);
    if (dense) {
      for (let rest = pixels * d.inputStride; rest > 0; rest -= 8, from += 8, to += 16)
        storeWords(to, i16x8.sub(loadCodes(from, signed, rest), zero), rest);
    } else {
      for (let pixel = 0; pixel < pixels; pixel++, from += d.inputStride)
        for (let group = 0; group < groups; group++, to += d.padded << 1) {
          const source = from + group * channels;
          for (let i = 0; i < channels; i += 8)
            storeWords(to + (i << 1), i16x8.sub(loadCodes(source + i, signed, channels - i), zero), channels - i);
          if (d.padded > channels) store<i16>(to + (channels << 1), 0);
        }
    }
    memory.fill(line + left + pixels * pixelBytes, 0, right);
  }
}

// @ts-ignore: decorator
@inline
function storeWords(p: usize, v: v128, count: i32): void {
  if (count >= 8) v128.store(p, v);
  else storeWordsTail(p, v, count);
}

function storeWordsTail(p: usize, v: v128, count: i32): void {
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
  const panelBytes = d.panelBytes;
  const panels = (n + 7) >> 3;
  // Bytes of an output.
  const shift = d.arithmetic == NONE ? 2 : 0;
  const stride = d.outputStride << shift;
  const input = <usize>load<u32>(SHARED_SCRATCH);
  const indirect = changetype<ConvF32>(changetype<usize>(d));
  const requantization = changetype<Requantization>(changetype<usize>(d) + offsetof<ConvCodes>('arithmetic'));
  // Accumulators of a whole block and panel, then the tables.
  const accumulators = scratch;
  const slots = scratch + (blockRows << 5);
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
      let slot = slots, c = accumulators;
      for (let pixel = pixel0; pixel < pixel1; pixel += ROWS, slot += tileBytes, c += ROWS << 5)
        qtile(least(pixel1 - pixel, ROWS), slot + HEADER, load<i32>(slot), (load<i32>(slot, 4) + 1) >> 1, b, c);
      const to = d.output + pixel0 * stride + ((group * n + panel * 8) << shift);
      // Constants are padded to 8 within each group, as the panels are.
      requantizeTile(to, stride, accumulators, pixel1 - pixel0, n - panel * 8, (group * panels + panel) * 8, requantization);
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
