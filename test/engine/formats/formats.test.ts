import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carriedElements } from '../../../engine/formats/carrier.ts';
import { memberOf } from '../../../engine/formats/family.ts';
import type { NumberFormat, Parameters } from '../../../engine/formats/format.ts';
import { formatFamilies, formatNamed, formats } from '../../../engine/formats/registry.ts';
import { elementLayouts } from '../../../engine/onnx/data-types.ts';
import { numbersOf } from '../../../engine/operators/shared/numbers.ts';
import { normalSample } from '../observers/gaussian.ts';

/** Every registered format and the examples of every family: what is registered is tested. */
const all = [...formats, ...formatFamilies.flatMap(({ examples }) => examples.map(formatNamed))];
const rows = all.map((format) => [format.name, format] as const);
const sample = normalSample(400);
const range = (format: NumberFormat) => [format.low, format.high] as const;

/** Parameters as they come of data: the format's own fit, or what covers it. */
function fitted(format: NumberFormat, values = sample): Parameters {
  if (format.fit) return format.fit(values);
  const [min, max] = values.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [0, 0]);
  return format.covering(min, max, format.signed ? 'symmetric' : 'affine', [...range(format)]);
}

/** Those that round otherwise are tested beside their formulas. */
function roundsToNearest({ name }: NumberFormat): boolean {
  return !/^(ternary|log|nested|bcq\(\d, rounds = 0)/.test(name);
}

/** All codes of narrow formats, some of wide ones. */
function codesOf({ low, high }: NumberFormat): number[] {
  const count = Math.min(high - low + 1, 4096);
  return Array.from({ length: count }, (_, i) => low + Math.floor((i / count) * (high - low + 1)));
}

describe.each(rows)('%s', (_, format) => {
  const parameters = fitted(format);
  const { encode, decode } = format.coder(parameters, [...range(format)]);
  const finite = codesOf(format).filter((code) => Number.isFinite(decode(code)));

  it('says what it is', () => {
    expect(format.title).not.toBe('');
    expect(format.description).toMatch(/\.$/);
    const { format: each, count } = format.sum ?? { format, count: 1 };
    expect(count * elementLayouts[each.dtype].bits).toBe(format.storageBits);
    expect(Number.isInteger(Math.log2(format.unit))).toBe(true);
    expect(format.high - format.low + 1).toBeLessThanOrEqual(2 ** format.bits);
  });

  it('is the identity on its levels: a value that a code stands for goes back to it', () => {
    const wrong = finite.filter((code) => decode(encode(decode(code))) !== decode(code));
    expect(wrong).toEqual([]);
  });

  it('gives codes among its codes, to infinities and NaN too', () => {
    for (const x of [...sample, 1e30, -1e30, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      const code = encode(x);
      expect(Number.isInteger(code) && code >= format.low && code <= format.high).toBe(true);
      expect(Number.isFinite(decode(code))).toBe(true);
    }
    expect(decode(encode(Number.NaN))).toBe(decode(encode(0)));
  });

  it('is monotone', () => {
    const float = fc.float({ noNaN: true, min: Math.fround(-6), max: Math.fround(6) });
    fc.assert(
      fc.property(float, float, (a, b) => {
        expect(decode(encode(Math.min(a, b)))).toBeLessThanOrEqual(decode(encode(Math.max(a, b))));
      }),
    );
  });

  it('has a carrier in ONNX that holds every level exactly, or none narrower than float32', () => {
    if (format.dtype === 'float32' || format.kind === 'integer') return;
    const plain = format.coder({ scale: 1, zeroPoint: 0 }, [...range(format)]);
    const codes = finite.filter((code) => Number.isFinite(plain.decode(code)));
    const elements = carriedElements(format, codes);
    const held = numbersOf({ dtype: format.dtype, dims: [codes.length], data: elements });
    expect(codes.filter((code, i) => held[i]! * format.unit !== plain.decode(code))).toEqual([]);
  });

  it('stays within half the distance of the levels on either side, inside the range', () => {
    if (!roundsToNearest(format)) return;
    const levels = [...new Set(finite.map(decode))].sort((a, b) => a - b);
    if (levels.length < 2 || finite.length < 2 ** format.bits / 4) return;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: levels.length - 2 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (at, t) => {
          const [below, above] = [levels[at]!, levels[at + 1]!];
          const x = Math.fround(below + t * (above - below));
          const slack = 1e-6 * Math.max(Math.abs(below), Math.abs(above));
          expect(Math.abs(decode(encode(x)) - x)).toBeLessThanOrEqual((above - below) / 2 + slack);
        },
      ),
    );
  });
});

describe('a family', () => {
  it.each(formatFamilies.map((family) => [family.name, family] as const))(
    '%s lists members by their own names',
    (_, family) => {
      for (const name of family.examples) expect(formatNamed(name).name).toBe(name);
    },
  );
  it('says what is wrong with arguments', () => {
    const float = formatFamilies.find(({ name }) => name === 'float')!;
    const what = (...given: readonly (readonly [string | undefined, string])[]) => {
      const member = memberOf(
        float,
        given.map(([name, value]) => ({ name, value })),
      );
      return 'what' in member ? member.what : undefined;
    };
    expect(what()).toBe('`float` needs split.');
    expect(what([undefined, 'e12m3'])).toBe('`e12m3` is no split of `float`.');
    expect(what([undefined, 'e4m3'], ['bais', '3'])).toBe('`float` has no argument `bais`.');
    expect(what([undefined, 'e4m3'], ['bias', '1.5'])).toBe('`bias` of `float` is a whole number from -64 to 255.');
    expect(what([undefined, 'e4m3'], ['bias', '7'], ['bias', '7'])).toBe('`bias` is given twice.');
    expect(what([undefined, 'e4m3'], ['bias', '7'])).toBeUndefined();
    expect(what([undefined, 'e8m10'])).toBe('A minifloat has at most 16 bits, and this one 19.');
    expect(what([undefined, 'e4m3'], ['bias', '200'])).toMatch(/go beyond those of float32/);
    expect(what([undefined, 'e8m2'])).toMatch(/go beyond those of float32/);
  });
});
