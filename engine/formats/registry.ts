import { fail } from '../findings.ts';
import { bestSplitFamily } from './best-split.ts';
import { binary, ternary } from './binary.ts';
import { binaryCodingFamily } from './binary-coding.ts';
import { dualFamily } from './dual.ts';
import { elasticFamily } from './esb.ts';
import { type FormatFamily, memberOf, splitName } from './family.ts';
import type { NumberFormat } from './format.ts';
import { integerFormats } from './integers.ts';
import { kMeansFamily } from './kmeans.ts';
import { learnedBasisFamily } from './learned-basis.ts';
import { minifloatFamily, namedMinifloats, sfpFamily } from './minifloat.ts';
import { microscaling } from './mx.ts';
import { nestedFamily } from './nested.ts';
import { additivePowersFamily, logarithmicFamily, powerOfTwoFamily } from './powers.ts';

/** Every number format that has a name of its own; a new group adds its rows here. */
export const formats: readonly NumberFormat[] = [
  ...integerFormats,
  ...namedMinifloats,
  ...microscaling,
  binary,
  ternary,
];

/** Formats with arguments; one line each. */
export const formatFamilies: readonly FormatFamily[] = [
  minifloatFamily,
  sfpFamily,
  bestSplitFamily,
  powerOfTwoFamily,
  logarithmicFamily,
  additivePowersFamily,
  elasticFamily,
  learnedBasisFamily,
  binaryCodingFamily,
  dualFamily,
  kMeansFamily,
  nestedFamily,
];

const byName = new Map(formats.map((format) => [format.name, format]));
const families = new Map(formatFamilies.map((family) => [family.name, family]));

/** The format of a name: a row of `formats`, or a member of a family, `float(e2m3)`. */
export function findFormat(name: string): NumberFormat | undefined {
  const known = byName.get(name);
  if (known !== undefined) return known;
  const parts = splitName(name);
  const family = parts && families.get(parts.family);
  const member = family && memberOf(family, parts.given);
  if (member === undefined || 'what' in member) return undefined;
  // Under both spellings: making a format works out its levels.
  const first = byName.get(member.name) ?? member;
  byName.set(first.name, first);
  byName.set(name, first);
  return first;
}

/** @throws FindingError `format/unknown` naming the formats there are. */
export function formatNamed(name: string): NumberFormat {
  const format = findFormat(name);
  if (format === undefined) {
    const known = [...formats.map((format) => format.name), ...formatFamilies.map((family) => `${family.name}(…)`)];
    return fail('format/unknown', `There is no number format \`${name}\`.`, { fix: `Use one of ${known.join(', ')}.` });
  }
  return format;
}
