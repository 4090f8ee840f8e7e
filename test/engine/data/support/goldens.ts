import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource } from '../../../../engine/data/bytes.ts';
import { readNpy } from '../../../../engine/data/numpy.ts';
import { openZip } from '../../../../engine/data/zip.ts';
import type { Tensor } from '../../../../engine/tensor.ts';

/** Bytes of a file made by `goldens/make.py`. */
export function golden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(import.meta.dirname, '..', 'goldens', name)));
}

/** All arrays of a golden archive. */
export async function goldenArrays(name: string): Promise<ReadonlyMap<string, Tensor>> {
  const arrays = new Map<string, Tensor>();
  for (const [entryName, entry] of await openZip(memorySource(golden(name)), name)) {
    const source = await entry.open();
    arrays.set(entryName.replace(/\.npy$/, ''), await readNpy(await source.read(0, source.size), entryName));
  }
  return arrays;
}

/** Largest absolute difference of two arrays of the same length; infinite when the lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
