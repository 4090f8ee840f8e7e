import { fail } from '../findings.ts';
import type { ByteSource } from './bytes.ts';

export interface NpyHeader {
  /** One character of byte order (`<`, `>`, `|`) and numpy's type code. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly dataOffset: number;
}

const longestHeader = 1024 * 1024;
const mostDimensions = 64;

/** Reads the header of a `.npy` file (NEP 1): magic, version, length, a Python dictionary literal. */
export async function parseNpyHeader(source: ByteSource, name: string): Promise<NpyHeader> {
  const broken = (what: string): never =>
    fail('data/npy', `"${name}" is not a readable npy array: ${what}.`, {
      fix: 'The file is damaged or of another kind: write it again (numpy.save).',
    });
  if (source.size < 12) broken('it is too short');
  const start = await source.read(0, 12);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (magic.some((byte, i) => start[i] !== byte)) broken('it does not begin with \\x93NUMPY');
  const version = start[6]!;
  if (version < 1 || version > 3) broken(`its version is ${version}.${start[7]}; 1 to 3 are known`);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const prefix = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader || prefix + length > source.size) broken('its header is cut off');
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(await source.read(prefix, length));
  return { ...parseDictionary(text, name, broken), dataOffset: prefix + length };
}

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` in any order of keys. */
function parseDictionary(
  text: string,
  name: string,
  broken: (what: string) => never,
): { descr: string; fortranOrder: boolean; shape: number[] } {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) broken('its header is no dictionary');
  if (/'descr'\s*:\s*[[(]/.test(trimmed)) {
    fail('data/npy-type', `"${name}" is a structured array.`, { fix: 'Save its fields as arrays of their own.' });
  }
  const descr = /'descr'\s*:\s*'([^']{1,20})'/.exec(trimmed)?.[1] ?? broken('its header names no type');
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(trimmed)?.[1] ?? broken('its header names no order');
  const shapeText = /'shape'\s*:\s*\(([^)]*)\)/.exec(trimmed)?.[1] ?? broken('its header names no shape');
  const parts = shapeText.split(',').map((part) => part.trim().replace(/L$/, ''));
  if (parts.at(-1) === '') parts.pop();
  if (parts.length > mostDimensions) broken('it has too many dimensions');
  const shape = parts.map((part) => (/^\d{1,15}$/.test(part) ? Number(part) : broken(`its shape is (${shapeText})`)));
  return { descr: /^[<>|=]/.test(descr) ? descr : `<${descr}`, fortranOrder: order === 'True', shape };
}
