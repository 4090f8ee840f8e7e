import type { NumberFormat } from '../../engine/formats/format.ts';

/** Widths in the order in which people reach for them. */
const widths = [8, 4, 16, 2, 3, 5, 6, 7];

/** Formats as they are most used: integers, 8 bits first; of a width, with a sign for weights and without for activations. */
export function byUse(formats: readonly NumberFormat[], role?: string): readonly NumberFormat[] {
  const rank = ({ kind, bits, signed }: NumberFormat) => {
    const width = widths.indexOf(bits);
    const place = 2 * (width < 0 ? widths.length : width) + (signed === isActivation(role) ? 1 : 0);
    return place + (kind === 'integer' ? 0 : 4 * widths.length);
  };
  return formats.toSorted((a, b) => rank(a) - rank(b));
}

export function isActivation(role: string | undefined): boolean {
  return role === 'activations' || role === 'inputs' || role === 'outputs';
}
