import { describe, expect, it } from 'vitest';
import type { Quantity } from '../../../language/generated/ast.ts';
import { numberOf, readQuantity } from '../../../language/quantities/quantity.ts';
import { findUnit, type Measure, units } from '../../../language/quantities/units.ts';

const quantity = (text: string) => {
  const [number, unit] = text.split(' ');
  return { $type: 'Quantity', number, ...(unit ? { unit: { text: unit } } : {}) } as unknown as Quantity;
};

describe('quantities', () => {
  it.each<[string, Measure, number]>([
    ['1 MiB', 'bytes', 1048576],
    ['500 kB', 'bytes', 500_000],
    ['80 ms', 'time', 0.08],
    ['5 us', 'time', 5e-6],
    ['5 µs', 'time', 5e-6],
    ['2 mJ', 'energy', 2e-3],
    ['1 M', 'count', 1e6],
    ['90 %', 'ratio', 0.9],
    ['0.9', 'ratio', 0.9],
    ['1 points', 'points', 1],
    ['0', 'bytes', 0],
  ])('%s', (text, measure, value) => {
    expect(readQuantity(quantity(text), [measure])).toMatchObject({ kind: 'value' });
    const reading = readQuantity(quantity(text), [measure]);
    expect(reading.kind === 'value' && reading.value).toBeCloseTo(value, 12);
  });

  it.each<[string, Measure, string]>([
    ['1 mib', 'bytes', 'unknown-unit'],
    ['1 ms', 'bytes', 'wrong-measure'],
    ['1', 'bytes', 'no-unit'],
    ['1e999 B', 'bytes', 'no-number'],
  ])('%s is no number of %s: %s', (text, measure, kind) => {
    expect(readQuantity(quantity(text), [measure]).kind).toBe(kind);
  });

  it('read fractions', () => {
    expect(numberOf({ number: '1', denominator: '255' })).toBe(1 / 255);
    expect(numberOf({ number: '1', denominator: '0' })).toBeNaN();
    expect(numberOf(undefined)).toBeNaN();
  });
});

describe('units', () => {
  it('are case-sensitive and listed once', () => {
    expect(new Set(units.map((unit) => unit.name)).size).toBe(units.length);
    expect(findUnit('mJ')?.factor).toBe(1e-3);
    expect(findUnit('MJ')).toBeUndefined();
  });
});
