import { fail } from '../findings.ts';
import { mostPixels } from './image-steps.ts';
import type { Pixels } from './pixels.ts';

/** Portable gray maps (P2, P5) and pixel maps (P3, P6) of 8 bits; other maxima than 255 are spread over 0 to 255. */
export function decodePnm(bytes: Uint8Array, name: string): Pixels<Uint8Array> {
  const broken = (what: string): never =>
    fail('data/pnm', `"${name}" is a PNM that cannot be read: ${what}.`, { fix: 'Convert it to PNG.' });
  let at = 2;
  const number = (): number => {
    while (at < bytes.length && isSpace(bytes[at]!)) {
      at++;
      // A comment runs to the end of its line.
      if (bytes[at] === 35) while (at < bytes.length && bytes[at] !== 10) at++;
    }
    const start = at;
    let value = 0;
    for (; at < bytes.length && bytes[at]! >= 48 && bytes[at]! <= 57; at++) value = value * 10 + bytes[at]! - 48;
    return at > start ? value : broken('a number is missing');
  };
  const kind = bytes[1]! - 48;
  const channels = kind === 2 || kind === 5 ? 1 : 3;
  const [width, height, most] = [number(), number(), number()];
  if (!(width > 0 && height > 0)) broken(`it is ${width}x${height} pixels`);
  if (width * height > mostPixels)
    fail('data/too-large', `"${name}" has ${width}x${height} pixels.`, { why: `At most ${mostPixels} are read.` });
  if (!(most > 0 && most < 256)) broken(`its largest value is ${most}`);
  const count = width * height * channels;
  const samples = kind >= 5 ? bytes.subarray(at + 1, at + 1 + count) : Array.from({ length: count }, number);
  if (samples.length < count) broken('it ends early');
  const data = Uint8Array.from(samples, (value) => Math.min(255, Math.round((value / most) * 255)));
  return { width, height, channels, data };
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
