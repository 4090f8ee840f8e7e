import { fail } from '../../findings.ts';
import { mostPixels } from '../image-steps.ts';
import type { Pixels } from '../pixels.ts';
import { type ColourSpace, colourSpaceOf, convertRow } from './colour.ts';
import type { Broken, Component, Frame } from './frame.ts';
import { naturalOrder } from './frame.ts';
import { buildHuffmanTable, findMarker, type HuffmanTable } from './huffman.ts';
import { inverseDct } from './idct.ts';
import { decodeScan, type Scan } from './scan.ts';
import { rowUpsampler } from './upsample.ts';

/** More scans than any encoder writes: each may cost a walk over the whole image for a few bytes. */
const mostScans = 500;

/**
 * JPEG (ITU-T T.81) with Huffman coding, sequential or progressive, 8 bits, one, three or four components. Gives the
 * same bytes as libjpeg-turbo with its defaults, so as Pillow: 1 channel for gray, RGB for all else; CMYK through
 * Pillow's conversion. EXIF orientation and colour profiles are ignored.
 *
 * Written here because the decoders at hand differ from libjpeg in their rounding (browsers, decoders in plain
 * JavaScript) or bring an environment of their own (an emscripten module that looks for its WASM beside the script, and
 * `ImageData`), and neither bounds what a damaged file may ask for.
 *
 * @throws FindingError `data/jpeg` (damaged), `data/jpeg-kind` (arithmetic coding, lossless, 12 bits, …)
 */
export function decodeJpeg(bytes: Uint8Array, name: string): Pixels<Uint8Array> {
  return new Decoder(bytes, name).decode();
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  readonly #broken: Broken;
  readonly #quantisation = new Map<number, Int32Array>();
  readonly #dc = new Map<number, HuffmanTable>();
  readonly #ac = new Map<number, HuffmanTable>();
  #restartInterval = 0;
  #frame: Frame | undefined;
  #jfif = false;
  #adobeTransform: number | undefined;
  #scans = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    this.#broken = (what) =>
      fail('data/jpeg', `"${name}" is a damaged JPEG: ${what}.`, { fix: 'Fetch or write the image again.' });
  }

  decode(): Pixels<Uint8Array> {
    let position = 2;
    for (;;) {
      const at = findMarker(this.#bytes, position);
      // Some writers leave the end marker out; that is well if every component came whole, which a progressive image
      // cannot tell.
      if (at < 0 && this.#frame?.progressive) this.#broken('it ends early');
      if (at < 0) break;
      const marker = this.#bytes[at + 1]!;
      position = at + 2;
      if (marker === 0xd9) break;
      if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
      if (position + 2 > this.#bytes.length) this.#broken('it ends early');
      const end = position + this.#view.getUint16(position);
      if (end < position + 2 || end > this.#bytes.length) this.#broken('it ends early');
      const segment = this.#bytes.subarray(position + 2, end);
      position = marker === 0xda ? this.#readScan(segment, end) : end;
      if (marker !== 0xda) this.#readSegment(marker, segment);
    }
    const frame = this.#frame ?? this.#broken('it has no frame');
    if (frame.components.some((component) => component.quantisation === undefined)) this.#broken('it ends early');
    if (frame.progressive) for (const component of frame.components) transformAll(component);
    return this.#output(frame);
  }

  #readSegment(marker: number, segment: Uint8Array): void {
    if (marker === 0xdb) this.#readQuantisation(segment);
    else if (marker === 0xc4) this.#readHuffman(segment);
    else if (marker === 0xdd) {
      if (segment.length < 2) this.#broken('a segment is too short');
      this.#restartInterval = (segment[0]! << 8) | segment[1]!;
    } else if (marker === 0xe0) this.#jfif ||= startsWith(segment, 'JFIF\0');
    else if (marker === 0xee) {
      if (segment.length >= 12 && startsWith(segment, 'Adobe')) this.#adobeTransform = segment[11]!;
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) this.#readFrame(marker, segment);
  }

  #readQuantisation(segment: Uint8Array): void {
    for (let at = 0; at < segment.length; ) {
      const wide = segment[at]! >> 4;
      const number = segment[at]! & 15;
      const size = wide === 0 ? 64 : 128;
      if (wide > 1 || number > 3 || at + 1 + size > segment.length) this.#broken('a quantisation table is cut off');
      const table = new Int32Array(64);
      for (let k = 0; k < 64; k++) {
        const from = at + 1 + k * (wide + 1);
        table[naturalOrder[k]!] = wide === 0 ? segment[from]! : (segment[from]! << 8) | segment[from + 1]!;
      }
      this.#quantisation.set(number, table);
      at += 1 + size;
    }
  }

  #readHuffman(segment: Uint8Array): void {
    for (let at = 0; at < segment.length; ) {
      const tables = segment[at]! >> 4 === 0 ? this.#dc : this.#ac;
      const number = segment[at]! & 15;
      const counts = segment.subarray(at + 1, at + 17);
      const total = counts.reduce((a, b) => a + b, 0);
      const end = at + 17 + total;
      if (segment[at]! >> 4 > 1 || number > 3 || counts.length < 16 || total > 256 || end > segment.length) {
        this.#broken('a Huffman table is cut off');
      }
      tables.set(number, buildHuffmanTable(counts, segment.subarray(at + 17, end), this.#broken));
      at = end;
    }
  }

  #readFrame(marker: number, segment: Uint8Array): void {
    const kinds: Readonly<Record<number, string>> = { 3: 'lossless', 9: 'arithmetic-coded', 10: 'arithmetic-coded' };
    const kind = marker - 0xc0;
    if (kind > 2) this.#refuse(`it is ${kinds[kind] ?? 'of a rare kind'} (SOF${kind})`);
    if (this.#frame !== undefined) this.#broken('it has two frames');
    if (segment.length < 6) this.#broken('a segment is too short');
    const [precision, h1, h0, w1, w0, count] = segment as unknown as [number, number, number, number, number, number];
    if (precision !== 8) this.#refuse(`it has ${precision} bits a sample`);
    const height = (h1 << 8) | h0;
    const width = (w1 << 8) | w0;
    if (height === 0 || width === 0) this.#broken(`it is ${width}x${height} pixels`);
    if (width * height > mostPixels) {
      fail('data/too-large', `"${this.#name}" has ${width}x${height} pixels.`, {
        why: `At most ${mostPixels} are read.`,
      });
    }
    if (count < 1 || count > 4 || segment.length < 6 + 3 * count) this.#broken(`it has ${count} components`);
    const declared = Array.from({ length: count }, (_, i) => {
      const [id, factors, tableNumber] = segment.subarray(6 + 3 * i) as unknown as [number, number, number];
      return { id, h: factors >> 4, v: factors & 15, tableNumber };
    });
    if (declared.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) this.#broken('a sampling factor is wrong');
    const maxH = Math.max(...declared.map(({ h }) => h));
    const maxV = Math.max(...declared.map(({ v }) => v));
    const mcusWide = Math.ceil(width / (8 * maxH));
    const mcusHigh = Math.ceil(height / (8 * maxV));
    const blocks = declared.reduce((sum, { h, v }) => sum + mcusWide * h * mcusHigh * v, 0);
    const progressive = kind === 2;
    // A block costs two bits at least (progressive: one), so a file too short for its size is refused before it
    // claims memory.
    if (blocks * (progressive ? 1 : 2) > this.#bytes.length * 8 + 1024) this.#broken('its pixels end early');
    const components = declared.map((one): Component => {
      const blocksWide = mcusWide * one.h;
      const blocksHigh = mcusHigh * one.v;
      return {
        ...one,
        width: Math.ceil((width * one.h) / maxH),
        height: Math.ceil((height * one.v) / maxV),
        blocksWide,
        blocksHigh,
        plane: new Uint8Array(blocksWide * blocksHigh * 64),
        coefficients: progressive ? new Int16Array(blocksWide * blocksHigh * 64) : undefined,
        quantisation: undefined,
      };
    });
    this.#frame = { progressive, width, height, maxH, maxV, mcusWide, mcusHigh, components };
  }

  #readScan(segment: Uint8Array, position: number): number {
    const frame = this.#frame ?? this.#broken('a scan comes before the frame');
    if (++this.#scans > mostScans) this.#broken('it has too many scans');
    const count = segment[0] ?? 0;
    if (count < 1 || count > 4 || segment.length < 4 + 2 * count) this.#broken('a scan header is cut off');
    const components = Array.from({ length: count }, (_, i) => {
      const component = frame.components.find(({ id }) => id === segment[1 + 2 * i]);
      if (component === undefined) return this.#broken('a scan names an unknown component');
      const tables = segment[2 + 2 * i]!;
      component.quantisation ??= this.#quantisation.get(component.tableNumber)?.slice();
      if (component.quantisation === undefined) this.#broken('a quantisation table is missing');
      return { component, dc: this.#dc.get(tables >> 4), ac: this.#ac.get(tables & 15) };
    });
    if (new Set(components.map(({ component }) => component)).size !== count)
      this.#broken('a scan repeats a component');
    const [spectralStart, spectralEnd, approximation] = segment.subarray(1 + 2 * count) as unknown as [
      number,
      number,
      number,
    ];
    const scan: Scan = {
      components,
      spectralStart,
      spectralEnd,
      approximationHigh: approximation >> 4,
      approximationLow: approximation & 15,
      restartInterval: this.#restartInterval,
    };
    if (frame.progressive) this.#checkProgression(scan);
    return decodeScan(frame, scan, this.#bytes, position, this.#broken);
  }

  #checkProgression({ components, spectralStart, spectralEnd, approximationLow }: Scan): void {
    const isDc = spectralStart === 0 && spectralEnd === 0;
    const isAc = spectralStart > 0 && spectralEnd >= spectralStart && spectralEnd < 64 && components.length === 1;
    if (!(isDc || isAc) || approximationLow > 13) this.#broken('a progressive scan is out of bounds');
  }

  #output(frame: Frame): Pixels<Uint8Array> {
    const { width, height, components } = frame;
    const space: ColourSpace =
      colourSpaceOf(
        components.map(({ id }) => id),
        this.#jfif,
        this.#adobeTransform,
      ) ?? this.#refuse('it has two components');
    const upsamplers = components.map(
      (component) => rowUpsampler(frame, component) ?? this.#refuse('its subsampling is not whole'),
    );
    const channels = space === 'gray' ? 1 : 3;
    const data = new Uint8Array(width * height * channels);
    // The widest upsampled row: a component's samples times its factor.
    const rows = components.map(() => new Uint8Array(frame.mcusWide * 8 * frame.maxH));
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < rows.length; c++) upsamplers[c]!(y, rows[c]!);
      convertRow(space, rows, width, data, y * width * channels);
    }
    return { width, height, channels, data };
  }

  #refuse(what: string): never {
    return fail('data/jpeg-kind', `"${this.#name}" is a JPEG that is not read: ${what}.`, {
      fix: 'Convert it to PNG.',
    });
  }
}

function transformAll(component: Component): void {
  const stride = component.blocksWide * 8;
  for (let row = 0; row < component.blocksHigh; row++) {
    for (let column = 0; column < component.blocksWide; column++) {
      const at = (row * component.blocksWide + column) * 64;
      inverseDct(
        component.coefficients!,
        at,
        component.quantisation!,
        component.plane,
        row * 8 * stride + column * 8,
        stride,
      );
    }
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((character, i) => bytes[i] === character.charCodeAt(0));
}
