import { SHARED_SCRATCH } from './conv';
import { DotCodes, PadCodes, Requantization } from './generated/descriptors';
import { btile1x32, btile1x8, btile2x8, btile3x8, btile4x8, btile5x8, btile6x8 } from './generated/integer-microkernels';
import { least } from './integer';
import { NONE, requantizeTile } from './requantize';

/** Rows of the largest tile: twelve accumulators. */
// @ts-ignore: decorator
@inline
const ROWS: i32 = 6;

export function padCodes(d: PadCodes, begin: i32, end: i32, scratch: usize): void {
  const width = d.width, pixelBytes = d.pixelBytes;
  const zero: u8 = d.zeroAt == 0 ? <u8>d.zero : load<u8>(d.zeroAt) ^ <u8>d.flip;
  const padded = d.height + d.padTop + d.padBottom;
  const left = d.padLeft * pixelBytes, right = d.padRight * pixelBytes;
  const lineBytes = left + width * pixelBytes + right;
  const flips = i8x16.splat(<i8>d.flip);
  let to = <usize>load<u32>(SHARED_SCRATCH) + begin * lineBytes;
  for (let item = begin; item < end; item++, to += lineBytes) {
    const y = item % padded - d.padTop;
    if (<u32>y >= <u32>d.height) {
      memory.fill(to, zero, lineBytes);
      continue;
    }
    const first = ((item / padded) * d.height + y) * width;
    const pixels = least(width, d.pixels - first);
    const from = d.input + first * d.inputStride;
    const middle = to + left;
    if (left > 0) memory.fill(to, zero, left);
    if (d.inputStride == pixelBytes) flipRun(middle, from, pixels * pixelBytes, flips);
    else
      for (let x = 0; x < pixels; x++) flipRun(middle + x * pixelBytes, from + x * d.inputStride, pixelBytes, flips);
    if (right > 0) memory.fill(middle + pixels * pixelBytes, zero, right);
  }
}

// @ts-ignore: decorator
@inline
function flipRun(to: usize, from: usize, bytes: i32, flips: v128): void {
  let i = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.xor(v128.load(from + i), flips));
  for (; i + 4 <= bytes; i += 4) store<u32>(to + i, load<u32>(from + i) ^ <u32>i32x4.extract_lane(flips, 0));
  for (; i < bytes; i++) store<u8>(to + i, load<u8>(from + i) ^ <u8>i8x16.extract_lane_u(flips, 0));
}

/** A convolution as a GEMM whose rows of A are found by the addresses of their windows' corners. */
export function dotCodes(d: DotCodes, begin: i32, end: i32, scratch: usize): void {
  const panelBlocks = d.panelBlocks, pixelBlocks = d.pixelBlocks, blockRows = d.blockRows;
  const n = d.groupOutputs, pixels = d.pixels, panelBytes = d.panelBytes;
  const panels = (n + 7) >> 3;
  const offsets = d.offsets, taps = d.taps, lanes = d.lanes;
  // Bytes of an output.
  const shift = d.arithmetic == NONE ? 2 : 0;
  const stride = d.outputStride << shift;
  const requantization = changetype<Requantization>(changetype<usize>(d) + offsetof<DotCodes>('arithmetic'));
  // Accumulators of a whole block and panel, then the corners.
  const accumulators = scratch, corners = scratch + (blockRows << 5);
  let prepared = -1;
  for (let item = begin; item < end; item++) {
    const block = item / panelBlocks;
    const group = block / pixelBlocks;
    const pixel0 = (block % pixelBlocks) * blockRows;
    const pixel1 = least(pixel0 + blockRows, pixels);
    if (block != prepared) {
      layCorners(d, group, pixel0, pixel1, corners);
      prepared = block;
    }
    let panel = (item % panelBlocks) * d.blockPanels;
    const panel1 = least(panel + d.blockPanels, panels);
    let b = d.weights + (group * panels + panel) * panelBytes;
    const rows = d.output + pixel0 * stride + ((group * n) << shift);
    if (pixel1 - pixel0 == 1 && taps == 1 && d.single) {
      const a = <usize>load<u32>(corners);
      for (; panel + 4 <= panel1; panel += 4, b += panelBytes << 2) {
        btile1x32(a, lanes, b, panelBytes, accumulators);
        for (let i = 0; i < 4; i++)
          requantizeTile(rows + ((panel + i) << (3 + shift)), stride, accumulators + (i << 5), 1, n - (panel + i) * 8, (group * panels + panel + i) * 8, requantization);
      }
    }
    for (; panel < panel1; panel++, b += panelBytes) {
      const passes = load<i32>(d.passes + ((group * panels + panel) << 2));
      const tiles = (pixel1 - pixel0) / ROWS, rest = pixel1 - pixel0 - tiles * ROWS;
      if (tiles > 0) btile6x8(tiles, corners, offsets, taps, lanes, passes, b, accumulators);
      if (rest > 0) btile(rest, corners + ((tiles * ROWS) << 2), offsets, taps, lanes, passes, b, accumulators + ((tiles * ROWS) << 5));
      // Constants are padded to 8 within each group, as the panels are.
      requantizeTile(rows + (panel << (3 + shift)), stride, accumulators, pixel1 - pixel0, n - panel * 8, (group * panels + panel) * 8, requantization);
    }
  }
}

/** Addresses of the windows of pixels `from` … `to` − 1. */
function layCorners(d: DotCodes, group: i32, from: i32, to: i32, corners: usize): void {
  const width = d.outputWidth, height = d.outputHeight, pixelStep = d.pixelStep;
  const input = (d.input == 0 ? <usize>load<u32>(SHARED_SCRATCH) : d.input) + group * d.groupInputs;
  let image = from / (width * height);
  const rest = from - image * width * height;
  let y = rest / width, x = rest % width;
  let corner = input + image * d.imageStep + y * d.lineStep + x * pixelStep;
  for (let pixel = from; pixel < to; pixel++, corners += 4) {
    store<u32>(corners, <u32>corner);
    corner += pixelStep;
    if (++x == width) {
      x = 0;
      if (++y == height) { y = 0; image++; }
      corner = input + image * d.imageStep + y * d.lineStep;
    }
  }
}

/** The tile of what is left of a block. */
// @ts-ignore: decorator
@inline
function btile(rows: i32, corners: usize, offsets: usize, taps: i32, depth: i32, passes: i32, b: usize, c: usize): void {
  if (rows == 5) btile5x8(1, corners, offsets, taps, depth, passes, b, c);
  else if (rows == 4) btile4x8(1, corners, offsets, taps, depth, passes, b, c);
  else if (rows == 3) btile3x8(1, corners, offsets, taps, depth, passes, b, c);
  else if (rows == 2) btile2x8(1, corners, offsets, taps, depth, passes, b, c);
  else btile1x8(1, corners, offsets, taps, depth, passes, b, c);
}
