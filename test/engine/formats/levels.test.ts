import { describe, expect, it } from 'vitest';
import { levelsOf } from '../../../engine/formats/levels.ts';
import { findFormat, formats } from '../../../engine/formats/registry.ts';

describe('the levels of a format at scale 1', () => {
  it.each([
    ['int2', [-2, -1, 0, 1]],
    ['uint2', [0, 1, 2, 3]],
    ['ternary', [-1, 0, 1]],
    ['e2m1', [-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6]],
  ])('%s', (name, levels) => {
    expect(levelsOf(findFormat(name)!)).toEqual(levels);
  });

  it.each(formats.map((format) => [format.name, format] as const))(
    '%s: ascending, each once, no more than it has codes',
    (_, format) => {
      const levels = levelsOf(format);
      if (format.bits > 16 || format.kind === 'codebook') {
        expect(levels).toBeUndefined();
        return;
      }
      expect(levels!.length).toBeGreaterThan(1);
      expect(levels!.length).toBeLessThanOrEqual(format.high - format.low + 1);
      expect(levels!.every((level, i) => i === 0 || level > levels![i - 1]!)).toBe(true);
      const coder = format.coder({ scale: 1, zeroPoint: 0 }, [format.low, format.high]);
      const some = levels!.filter((_, i) => i % Math.ceil(levels!.length / 300) === 0);
      for (const level of some) expect(coder.decode(coder.encode(level))).toBe(level);
    },
  );

  it('are not known where they come of the data', () => {
    expect(levelsOf(findFormat('kmeans(4)')!)).toBeUndefined();
  });
});
