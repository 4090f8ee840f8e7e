import type { Broken, Component, Frame } from './frame.ts';
import { naturalOrder } from './frame.ts';
import { BitReader, type HuffmanTable } from './huffman.ts';
import { inverseDct } from './idct.ts';

export interface ScanComponent {
  readonly component: Component;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

/** A scan's header (T.81 B.2.3) with the tables in force. */
export interface Scan {
  readonly components: readonly ScanComponent[];
  readonly spectralStart: number;
  readonly spectralEnd: number;
  readonly approximationHigh: number;
  readonly approximationLow: number;
  readonly restartInterval: number;
}

/** Decodes one entropy-coded scan that begins at `position`; where it ends. */
export function decodeScan(frame: Frame, scan: Scan, bytes: Uint8Array, position: number, broken: Broken): number {
  const reader = new BitReader(bytes, position, broken);
  const predictions = new Int32Array(scan.components.length);
  const state: ScanState = { reader, scan, broken, predictions, endOfBandRun: 0, block: new Int16Array(64) };
  const decodeBlock = chooseBlockDecoder(frame, scan, broken);

  const [first] = scan.components;
  const single = scan.components.length === 1;
  // A scan of one component walks its own blocks, without the filling up to MCUs (T.81 A.2.2).
  const wide = single ? Math.ceil(first!.component.width / 8) : frame.mcusWide;
  const high = single ? Math.ceil(first!.component.height / 8) : frame.mcusHigh;
  let untilRestart = scan.restartInterval;
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      if (scan.restartInterval > 0 && untilRestart-- === 0) {
        reader.restart();
        predictions.fill(0);
        state.endOfBandRun = 0;
        untilRestart = scan.restartInterval - 1;
      }
      if (single) decodeBlock(state, 0, y * first!.component.blocksWide + x);
      else {
        for (let c = 0; c < scan.components.length; c++) {
          const { h, v, blocksWide } = scan.components[c]!.component;
          for (let by = 0; by < v; by++) {
            for (let bx = 0; bx < h; bx++) decodeBlock(state, c, (y * v + by) * blocksWide + x * h + bx);
          }
        }
      }
      if (reader.overrun) broken('its pixels end early');
    }
  }
  return reader.position;
}

interface ScanState {
  readonly reader: BitReader;
  readonly scan: Scan;
  readonly broken: Broken;
  readonly predictions: Int32Array;
  endOfBandRun: number;
  /** Scratch of sequential decoding. */
  readonly block: Int16Array;
}

/** Decodes block `index` (row by row in its plane) of the scan's component `c`. */
type BlockDecoder = (state: ScanState, c: number, index: number) => void;

function chooseBlockDecoder(frame: Frame, scan: Scan, broken: Broken): BlockDecoder {
  const needs = (kind: 'dc' | 'ac') => {
    if (scan.components.some((component) => component[kind] === undefined)) broken('a Huffman table is missing');
  };
  if (!frame.progressive) {
    needs('dc');
    needs('ac');
    return sequentialBlock;
  }
  if (scan.spectralStart === 0) {
    if (scan.approximationHigh > 0) return refineDc;
    needs('dc');
    return firstDc;
  }
  needs('ac');
  return scan.approximationHigh === 0 ? firstAc : refineAc;
}

/** T.81 F.2.2; the block goes through the inverse DCT at once, no coefficient is kept. */
const sequentialBlock: BlockDecoder = (state, c, index) => {
  const { reader, broken, block, predictions } = state;
  const { component, dc, ac } = state.scan.components[c]!;
  block.fill(0);
  const size = reader.symbol(dc!);
  if (size > 15) broken('a coefficient is too large');
  predictions[c] = predictions[c]! + reader.signed(size);
  block[0] = predictions[c]!;
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac!);
    const bits = symbol & 15;
    const run = symbol >> 4;
    if (bits === 0) {
      if (run !== 15) break;
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) broken('a block has too many coefficients');
    block[naturalOrder[k]!] = reader.signed(bits);
  }
  const stride = component.blocksWide * 8;
  const row = Math.floor(index / component.blocksWide);
  const column = index - row * component.blocksWide;
  inverseDct(block, 0, component.quantisation!, component.plane, row * 8 * stride + column * 8, stride);
};

/** T.81 G.1.2.1. */
const firstDc: BlockDecoder = (state, c, index) => {
  const { component, dc } = state.scan.components[c]!;
  const size = state.reader.symbol(dc!);
  if (size > 15) state.broken('a coefficient is too large');
  state.predictions[c] = state.predictions[c]! + state.reader.signed(size);
  component.coefficients![index * 64] = state.predictions[c]! << state.scan.approximationLow;
};

const refineDc: BlockDecoder = (state, c, index) => {
  const { coefficients } = state.scan.components[c]!.component;
  if (state.reader.bits(1) === 1)
    coefficients![index * 64] = coefficients![index * 64]! | (1 << state.scan.approximationLow);
};

/** T.81 G.1.2.2: runs of blocks whose band is over. */
const firstAc: BlockDecoder = (state, c, index) => {
  if (state.endOfBandRun > 0) {
    state.endOfBandRun--;
    return;
  }
  const { reader, broken, scan } = state;
  const { component, ac } = scan.components[c]!;
  for (let k = scan.spectralStart; k <= scan.spectralEnd; k++) {
    const symbol = reader.symbol(ac!);
    const bits = symbol & 15;
    const run = symbol >> 4;
    if (bits === 0) {
      if (run < 15) {
        state.endOfBandRun = (1 << run) - 1 + (run > 0 ? reader.bits(run) : 0);
        return;
      }
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) broken('a block has too many coefficients');
    component.coefficients![index * 64 + naturalOrder[k]!] = reader.signed(bits) << scan.approximationLow;
  }
};

/** T.81 G.1.2.3: a correction bit for every coefficient that is not zero yet, new ones of ±1 between them. */
const refineAc: BlockDecoder = (state, c, index) => {
  const { reader, broken, scan } = state;
  const { component, ac } = scan.components[c]!;
  const coefficients = component.coefficients!;
  const base = index * 64;
  const bit = 1 << scan.approximationLow;
  const correct = (at: number) => {
    const value = coefficients[at]!;
    if (reader.bits(1) === 1 && (value & bit) === 0) coefficients[at] = value + (value > 0 ? bit : -bit);
  };
  let k = scan.spectralStart;
  if (state.endOfBandRun === 0) {
    while (k <= scan.spectralEnd) {
      const symbol = reader.symbol(ac!);
      let run = symbol >> 4;
      let value = 0;
      if ((symbol & 15) !== 0) value = reader.bits(1) === 1 ? bit : -bit;
      else if (run < 15) {
        state.endOfBandRun = (1 << run) + (run > 0 ? reader.bits(run) : 0);
        break;
      }
      for (; k <= scan.spectralEnd; k++) {
        const at = base + naturalOrder[k]!;
        if (coefficients[at] !== 0) correct(at);
        else if (run-- === 0) break;
      }
      if (value !== 0) {
        if (k > scan.spectralEnd) broken('a block has too many coefficients');
        coefficients[base + naturalOrder[k]!] = value;
      }
      k++;
    }
  }
  if (state.endOfBandRun > 0) {
    for (; k <= scan.spectralEnd; k++) {
      const at = base + naturalOrder[k]!;
      if (coefficients[at] !== 0) correct(at);
    }
    state.endOfBandRun--;
  }
};
