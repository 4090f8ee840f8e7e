import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { DimensionList, Predicate, Quantity, Test, TestValue } from '../generated/ast.ts';
import { textValue } from '../grammar/text.ts';
import { numberOf, readQuantity } from '../quantities/quantity.ts';
import { findProperty, type Property } from './properties.ts';

type Side = number | string | null;

/** Whether a predicate holds for a layer. Whatever in it cannot be understood (a check has said so) does not hold. */
export function holds(predicate: Predicate | undefined, layer: LayerSummary): boolean {
  switch (predicate?.$type) {
    case 'OrPredicate':
      return predicate.parts.some((part) => holds(part, layer));
    case 'AndPredicate':
      return predicate.parts.every((part) => holds(part, layer));
    case 'NotPredicate':
      return holds(predicate.operand, layer) !== (predicate.negations.length % 2 === 1);
    case 'GroupPredicate':
      return holds(predicate.predicate, layer);
    case 'Test':
      return passes(predicate, layer);
    default:
      return false;
  }
}

function passes(test: Test, layer: LayerSummary): boolean {
  const property = findProperty(test.property?.name);
  const actual = property?.read(layer);
  if (!property || actual === undefined) return false;
  if (test.comparison === undefined) return actual !== false && actual !== 0;
  if (typeof actual === 'number') {
    const wanted = numberValue(test.value, property);
    return wanted !== undefined && compare(actual, test.comparison, wanted);
  }
  if (typeof actual === 'boolean') {
    const wanted = wordValue(test.value);
    return (wanted === 'true' || wanted === 'false') && equality(test.comparison, String(actual) === wanted);
  }
  if (typeof actual === 'string') {
    const wanted = wordValue(test.value);
    return wanted !== undefined && equality(test.comparison, actual === wanted);
  }
  const wanted = sidesValue(test.value);
  return wanted !== undefined && equality(test.comparison, sameSides(actual, wanted));
}

function equality(comparison: string, equal: boolean): boolean {
  return comparison === '==' ? equal : comparison === '!=' ? !equal : false;
}

export function compare(actual: number, comparison: string | undefined, wanted: number): boolean {
  switch (comparison) {
    case '<=':
      return actual <= wanted;
    case '<':
      return actual < wanted;
    case '>=':
      return actual >= wanted;
    case '>':
      return actual > wanted;
    case '==':
    case undefined:
      return actual === wanted;
    case '!=':
      return actual !== wanted;
    default:
      return false;
  }
}

export function numberValue(value: TestValue | undefined, property: Property): number | undefined {
  if (value?.$type !== 'Quantity') return undefined;
  const reading = readQuantity(value, property.measures);
  return reading.kind === 'value' ? reading.value : undefined;
}

export function wordValue(value: TestValue | undefined): string | undefined {
  if (value?.$type === 'Word') return value.text;
  if (value?.$type === 'Text') return textValue(value);
  return undefined;
}

/** `3x3`, `[1, 3, 224, 224]`; a bare number is a shape of one side. */
export function sidesValue(value: TestValue | undefined): readonly number[] | undefined {
  if (value?.$type === 'Dimension') return value.text?.split('x').map(Number);
  if (value?.$type === 'DimensionList') return (value as DimensionList).values.map(numberOf);
  if (value?.$type === 'Quantity' && value.unit === undefined) return [numberOf(value as Quantity)];
  return undefined;
}

function sameSides(actual: readonly Side[], wanted: readonly number[]): boolean {
  return actual.length === wanted.length && actual.every((side, i) => side === wanted[i]);
}
