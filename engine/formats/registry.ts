import { fail } from '../findings.ts';
import type { NumberFormat } from './format.ts';
import { integerFormats } from './integers.ts';

/** Every number format; a new family adds its rows here. */
export const formats: readonly NumberFormat[] = [...integerFormats];

const byName = new Map(formats.map((format) => [format.name, format]));

export function findFormat(name: string): NumberFormat | undefined {
  return byName.get(name);
}

/** @throws FindingError `format/unknown` naming the formats there are. */
export function formatNamed(name: string): NumberFormat {
  const format = byName.get(name);
  if (format === undefined) {
    return fail('format/unknown', `There is no number format \`${name}\`.`, {
      fix: `Use one of ${formats.map((known) => known.name).join(', ')}.`,
    });
  }
  return format;
}
