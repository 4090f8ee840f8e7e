/** What a unit measures; a number's meaning depends on it. */
export type Measure = 'count' | 'bytes' | 'time' | 'energy' | 'frequency' | 'ratio' | 'points' | 'relative' | 'decibel';

export interface Unit {
  /** Case-sensitive, as written: `mJ` and `MJ` differ by nine orders of magnitude. */
  readonly name: string;
  readonly measure: Measure;
  /** How many base units one of these is: bytes, seconds, joules, hertz, or the number itself. */
  readonly factor: number;
  readonly description: string;
}

function unit(name: string, measure: Measure, factor: number, description: string): Unit {
  return { name, measure, factor, description };
}

/** Every unit of the language. */
export const units: readonly Unit[] = [
  unit('K', 'count', 1e3, 'thousand'),
  unit('k', 'count', 1e3, 'thousand'),
  unit('M', 'count', 1e6, 'million'),
  unit('G', 'count', 1e9, 'thousand million'),
  unit('B', 'bytes', 1, 'byte'),
  unit('kB', 'bytes', 1e3, 'kilobyte, 1,000 bytes'),
  unit('KiB', 'bytes', 2 ** 10, 'kibibyte, 1,024 bytes'),
  unit('MB', 'bytes', 1e6, 'megabyte, 1,000,000 bytes'),
  unit('MiB', 'bytes', 2 ** 20, 'mebibyte, 1,048,576 bytes'),
  unit('GB', 'bytes', 1e9, 'gigabyte, 1,000,000,000 bytes'),
  unit('GiB', 'bytes', 2 ** 30, 'gibibyte, 1,073,741,824 bytes'),
  unit('s', 'time', 1, 'second'),
  unit('ms', 'time', 1e-3, 'millisecond'),
  unit('us', 'time', 1e-6, 'microsecond'),
  unit('µs', 'time', 1e-6, 'microsecond'),
  unit('μs', 'time', 1e-6, 'microsecond'),
  unit('ns', 'time', 1e-9, 'nanosecond'),
  unit('J', 'energy', 1, 'joule'),
  unit('mJ', 'energy', 1e-3, 'millijoule'),
  unit('uJ', 'energy', 1e-6, 'microjoule'),
  unit('µJ', 'energy', 1e-6, 'microjoule'),
  unit('μJ', 'energy', 1e-6, 'microjoule'),
  unit('nJ', 'energy', 1e-9, 'nanojoule'),
  unit('Hz', 'frequency', 1, 'hertz'),
  unit('kHz', 'frequency', 1e3, 'kilohertz'),
  unit('MHz', 'frequency', 1e6, 'megahertz'),
  unit('GHz', 'frequency', 1e9, 'gigahertz'),
  unit('%', 'ratio', 1e-2, 'per cent'),
  unit('points', 'points', 1, 'percentage points'),
  unit('relative', 'relative', 1, 'fraction of the float model’s value'),
  unit('dB', 'decibel', 1, 'decibel'),
];

const byName = new Map(units.map((known) => [known.name, known]));

export function findUnit(name: string): Unit | undefined {
  return byName.get(name);
}

/** Units of a measure, as a message lists them; spellings with a micro sign are left out. */
export function unitNames(measure: Measure): readonly string[] {
  return units.filter((known) => known.measure === measure && !/[µμ]/.test(known.name)).map((known) => known.name);
}
