import { describe, expect, it } from 'vitest';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { type BitFloat, bitsOfNumber, numberOfBits } from '../../../engine/numbers.ts';

const plain = (name: string) => {
  const format = formatNamed(name);
  return { format, ...format.coder({ scale: 1, zeroPoint: 0 }, [format.low, format.high]) };
};

/** METHODS A7, computed with `ml_dtypes`. */
describe('HFP8', () => {
  it.each([
    [0.1, 0.1015625, 0x3d],
    [0.3, 0.3125, 0x4a],
    [1 / 3, 0.34375, 0x4b],
    [1.06, 1, 0x58],
    [1.0625, 1, 0x58],
    [1.1875, 1.25, 0x5a],
    [17, 16, 0x78],
    [29, 28, 0x7e],
    [31, 30, 0x7f],
    [100, 30, 0x7f],
    [2 ** -13, 2 ** -13, 0x01],
    [2 ** -14, 0, 0x00],
    [1.5 * 2 ** -13, 2 ** -12, 0x02],
    [-0.7, -0.6875, 0xd3],
  ])('1-4-3 with bias 11: %d → %d', (x, value, code) => {
    const { encode, decode } = plain('hfp8-143');
    expect(encode(x)).toBe(code);
    expect(decode(code)).toBe(value);
  });

  it.each([
    [0.1, 0.09375],
    [0.3, 0.3125],
    [17, 16],
    [31, 32],
    [100, 96],
    [1e-5, 2 ** -16],
    [-0.7, -0.75],
    [1e9, 57344],
  ])('1-5-2: %d → %d', (x, value) => {
    const { encode, decode } = plain('hfp8-152');
    expect(decode(encode(x))).toBe(value);
  });
});

/** The codes are those of the ONNX types, bit for bit. */
describe.each([
  ['e4m3fn', 'float8e4m3fn'],
  ['e5m2', 'float8e5m2'],
  ['e2m1', 'float4e2m1'],
  ['fp16', 'float16'],
  ['bf16', 'bfloat16'],
] as readonly [string, BitFloat][])('%s', (name, dtype) => {
  const { format, encode, decode } = plain(name);
  it('reads every finite code as ONNX does', () => {
    const differing = Array.from({ length: 2 ** format.bits }, (_, code) => code).filter((code) => {
      const wanted = numberOfBits(dtype, code);
      return Number.isFinite(wanted) ? decode(code) !== wanted : Number.isFinite(decode(code));
    });
    expect(differing).toEqual([]);
  });
  it('writes numbers, ties and both sides of them as ONNX does', () => {
    const reach = decode(encode(Number.POSITIVE_INFINITY));
    for (let code = 1; code < Math.min(2 ** (format.bits - 1), 4096); code++) {
      const [below, above] = [decode(code - 1), decode(code)];
      if (!Number.isFinite(above) || above > reach) break;
      const middle = Math.fround((below + above) / 2);
      for (const x of [above, middle, Math.fround(middle * (1 - 2 ** -20)), Math.fround(middle * (1 + 2 ** -20))])
        expect(encode(x)).toBe(bitsOfNumber(dtype, x));
    }
  });
});

describe('a minifloat', () => {
  it('of one exponent bit is an integer: E1M4 has the levels of int6', () => {
    const { decode } = plain('float(e1m4)');
    const levels = new Set(Array.from({ length: 64 }, (_, code) => decode(code) / decode(1)));
    expect([...levels].sort((a, b) => a - b)).toEqual(Array.from({ length: 63 }, (_, i) => i - 31));
  });
  it('takes bias, infinities and subnormals as arguments', () => {
    expect(plain('float(e4m3, bias = 11)').decode(0x7f)).toBe(30);
    expect(plain('float(e5m2, finite = 0)').encode(1e9)).toBe(0x7b);
    expect(plain('float(e5m2)').encode(1e9)).toBe(0x7f);
    // Without subnormals code 1 is the first number above the one that gave its place to zero.
    expect(plain('float(e3m2, subnormals = 0)').decode(1)).toBe(1.25 * 2 ** -3);
  });
  it('goes by one name however it is written', () => {
    expect(formatNamed('float( e4m3 , bias=11 )').name).toBe('float(e4m3, bias = 11)');
    expect(formatNamed('float(e2m3, finite = 1)').name).toBe('float(e2m3)');
    expect(() => formatNamed('float(e9m3)')).toThrow(/no number format/);
    expect(() => formatNamed('float(bias = 3)')).toThrow(/no number format/);
  });
});

/** METHODS A6. */
describe('SFP', () => {
  const format = formatNamed('sfp(e4m3)');
  it('has no code that is no number, one zero, and ascending magnitudes', () => {
    const { decode } = plain('sfp(e4m3)');
    const levels = Array.from({ length: 128 }, (_, code) => decode(code));
    expect(levels.every((level, i) => Number.isFinite(level) && (i === 0 || level > levels[i - 1]!))).toBe(true);
    expect(levels[0]).toBe(0);
  });
  it.each([1, 1.9, 1.93, 1.94, 1.99, 0.02, 300])('lets the largest magnitude %d just fit', (reach) => {
    const parameters = format.fit!(Float32Array.of(reach, -reach / 3));
    expect(Number.isInteger(Math.log2(parameters.scale))).toBe(true);
    const { encode, decode } = format.coder(parameters, [format.low, format.high]);
    const most = decode(0x7f);
    expect(Math.abs(decode(encode(reach)) - reach)).toBeLessThanOrEqual(reach * 2 ** -4);
    // One exponent less would saturate.
    expect(most / 2).toBeLessThan(reach);
  });
  it('keeps the relative error of what is not flushed to zero below half a unit in the last place', () => {
    const { encode, decode } = plain('sfp(e4m3)');
    for (let x = decode(1); x < decode(0x7f); x *= 1.013)
      expect(Math.abs(decode(encode(x)) - x) / x).toBeLessThanOrEqual(2 ** -4);
  });
});
