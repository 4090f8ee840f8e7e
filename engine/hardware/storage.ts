import { findFormat } from '../formats/registry.ts';

const floatBits: Readonly<Record<string, number>> = {
  float: 32,
  float64: 64,
  float32: 32,
  float16: 16,
  bfloat16: 16,
  int64: 64,
  uint64: 64,
  int32: 32,
  uint32: 32,
  int16: 16,
  uint16: 16,
  bool: 8,
};

/** Bits an element of the format takes in memory. An unknown name counts as float32: too much rather than too little. */
export function bitsOf(format: string): number {
  return findFormat(format)?.bits ?? floatBits[format] ?? 32;
}

/** Bytes of `elements` packed elements. */
export function bytesOf(format: string, elements: number): number {
  return Math.ceil((elements * bitsOf(format)) / 8);
}

/** Whether what is held so is computed with in float: floats, and formats whose elements no integer carries. */
export function isFloat(format: string): boolean {
  const known = findFormat(format);
  if (known !== undefined) return !known.dtype.includes('int');
  return format === 'float' || format.startsWith('float') || format === 'bfloat16';
}
