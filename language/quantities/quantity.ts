import type { Numeric, Quantity } from '../generated/ast.ts';
import { findUnit, type Measure, type Unit } from './units.ts';

type Written = { readonly number?: string; readonly denominator?: string };

/** Value of `99.99` or `1/255`; NaN when it is missing, divides by zero or does not fit a double. */
export function numberOf(numeric: Written | Numeric | undefined): number {
  if (numeric?.number === undefined) return Number.NaN;
  const value = Number(numeric.number) / (numeric.denominator === undefined ? 1 : Number(numeric.denominator));
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Sides of `3x3` or `224`, or undefined where they are no sizes. */
export function sidesOf(size: { readonly text?: string } | undefined): readonly number[] | undefined {
  const parts = size?.text?.split('x').map(Number);
  return parts?.every((part) => Number.isSafeInteger(part)) ? parts : undefined;
}

export type Reading =
  | { readonly kind: 'value'; readonly value: number; readonly unit: Unit | undefined }
  | { readonly kind: 'no-number' }
  | { readonly kind: 'unknown-unit'; readonly name: string }
  | { readonly kind: 'wrong-measure'; readonly unit: Unit }
  | { readonly kind: 'no-unit' };

/**
 * Reads a quantity that must measure one of `measures` and gives it in base units. A bare number passes where a count or a
 * ratio is asked for, and zero passes everywhere: it is zero in any unit.
 */
export function readQuantity(quantity: Quantity | undefined, measures: readonly Measure[]): Reading {
  const number = numberOf(quantity);
  if (Number.isNaN(number)) return { kind: 'no-number' };
  const name = quantity?.unit?.text;
  if (name === undefined) {
    const bare = number === 0 || measures.includes('count') || measures.includes('ratio') || measures.length === 0;
    return bare ? { kind: 'value', value: number, unit: undefined } : { kind: 'no-unit' };
  }
  const unit = findUnit(name);
  if (!unit) return { kind: 'unknown-unit', name };
  if (!measures.includes(unit.measure)) return { kind: 'wrong-measure', unit };
  return { kind: 'value', value: number * unit.factor, unit };
}
