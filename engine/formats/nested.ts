import type { FormatFamily } from './family.ts';
import { gridFormat } from './grid.ts';

/**
 * Vertical layering (METHODS B15): codes of `stored` bits, q = clip(⌊w/s⌋), of which the upper `bits` are used, q ≫ 1 for
 * each bit less; a code stands for the middle of its cell. Members with one `stored` and one scale are cut from the same codes.
 */
export const nestedFamily: FormatFamily = {
  name: 'nested',
  title: 'Nested (vertical layering)',
  description: 'The upper bits of wider codes: one stored model serves every precision down to two bits.',
  source: 'METHODS B15, after Wu et al. 2023',
  arguments: [
    { name: 'stored', description: 'Bits of the codes that are stored.', min: 2, max: 8, required: true },
    { name: 'bits', description: 'Upper bits that are used.', min: 2, max: 8, required: true },
  ],
  examples: ['nested(8, 8)', 'nested(8, 4)', 'nested(8, 2)'],
  refuse: ({ stored, bits }) =>
    Number(bits) > Number(stored) ? `Of ${stored} stored bits, ${bits} cannot be used.` : undefined,
  make(name, { stored, bits }) {
    const width = Number(bits);
    const cell = 2 ** (Number(stored) - width);
    const low = -(2 ** (width - 1));
    const high = -low - 1;
    return gridFormat(
      {
        name,
        title: `${width} of ${stored} nested bits`,
        description: `The upper ${width} bits of codes of ${stored} bits, each code the middle of its cell.`,
        bits: width,
        low,
        multiplier: { bits: width + 1, kind: 'multiply' },
        source: 'METHODS B15, after Wu et al. 2023',
      },
      {
        nearest: (x) => Math.min(high, Math.max(low, Math.floor(x / cell))),
        level: (code) => (code + 0.5) * cell,
      },
    );
  },
};
