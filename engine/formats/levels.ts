import type { NumberFormat } from './format.ts';

/** Bits of formats whose levels are worth listing. */
const mostBits = 16;

const known = new Map<string, readonly number[]>();

/** Every value that a format has at scale 1 (and zero point 0), ascending; undefined where they come of the data, or are too many. */
export function levelsOf(format: NumberFormat): readonly number[] | undefined {
  if (format.kind === 'codebook' || format.bits > mostBits) return undefined;
  const remembered = known.get(format.name);
  if (remembered) return remembered;
  const { low, high } = format;
  const coder = format.coder({ scale: 1, zeroPoint: 0 }, [low, high]);
  const values = Array.from({ length: high - low + 1 }, (_, i) => coder.decode(low + i)).filter(Number.isFinite);
  // Zero has two codes in formats with a sign of its own.
  const levels = [...new Set(values.map((value) => value + 0))].sort((a, b) => a - b);
  known.set(format.name, levels);
  return levels;
}
