import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import type { DimensionList, Predicate, Quantity, Test, TestValue } from '../generated/ast.ts';
import { textValue } from '../grammar/text.ts';
import { numberOf, readQuantity } from '../quantities/quantity.ts';
import { findProperty, type Property } from './properties.ts';

type Side = number | string | null;

type LayerTest = (layer: LayerSummary) => boolean;
type Measured = Measurements | undefined;

const never: LayerTest = () => false;

/** A predicate as a function, its values read once. Whatever in it cannot be understood (a check has said so) does not hold. */
export function compilePredicate(predicate: Predicate | undefined, measured?: Measured): LayerTest {
  switch (predicate?.$type) {
    case 'OrPredicate': {
      const parts = predicate.parts.map((part) => compilePredicate(part, measured));
      return (layer) => parts.some((part) => part(layer));
    }
    case 'AndPredicate': {
      const parts = predicate.parts.map((part) => compilePredicate(part, measured));
      return (layer) => parts.every((part) => part(layer));
    }
    case 'NotPredicate': {
      const operand = compilePredicate(predicate.operand, measured);
      const negated = predicate.negations.length % 2 === 1;
      return (layer) => operand(layer) !== negated;
    }
    case 'GroupPredicate':
      return compilePredicate(predicate.predicate, measured);
    case 'Test':
      return compileTest(predicate, measured);
    default:
      return never;
  }
}

function compileTest({ property: written, comparison, value }: Test, measured: Measured): LayerTest {
  const property = findProperty(written?.name);
  if (!property) return never;
  if (comparison === undefined) {
    return (layer) => {
      const actual = property.read(layer, measured);
      return actual !== undefined && actual !== false && actual !== 0;
    };
  }
  const number = numberValue(value, property);
  const word = wordValue(value);
  const sides = sidesValue(value);
  return (layer) => {
    const actual = property.read(layer, measured);
    switch (typeof actual) {
      case 'undefined':
        return false;
      case 'number':
        return number !== undefined && compare(actual, comparison, number);
      case 'boolean':
        return (word === 'true' || word === 'false') && equality(comparison, String(actual) === word);
      case 'string':
        return word !== undefined && equality(comparison, actual === word);
      default:
        return sides !== undefined && equality(comparison, sameSides(actual, sides));
    }
  };
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
