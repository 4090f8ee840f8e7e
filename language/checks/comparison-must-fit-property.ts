import type { Test } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { sidesValue, wordValue } from '../selectors/predicate.ts';
import { findProperty, type Property } from '../selectors/properties.ts';
import type { Check, Remark } from './check.ts';

/** `kernel > 3`, `macs == 3x3`, `depthwise == 1`: tests that could never be true. */
export const comparisonMustFitProperty: Check = {
  code: 'selector/comparison',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'A comparison that can never be true.',
  why: 'The rule would match nothing.',
  fix: 'Compare with something that the property can be.',
  example: 'quantize { layers op Conv where kernel > 3 optional { weights int8 } }',
  *remarks({ ast }) {
    for (const test of nodesOf(ast, 'Test')) {
      const property = findProperty(test.property?.name);
      if (property && !property.name.startsWith('attribute.')) yield* judge(test, property);
    }
  },
};

function* judge(test: Test, property: Property): Iterable<Remark> {
  const { name, type } = property;
  if (test.comparison === undefined) {
    if (type !== 'flag') {
      yield { what: `\`${name}\` must be compared with something.`, fix: example(property), range: rangeOf(test) };
    }
    return;
  }
  if (!test.value) return;
  const ordered = test.comparison !== '==' && test.comparison !== '!=';
  if (ordered && type !== 'number') {
    yield {
      what: `\`${name}\` has no order: only \`==\` and \`!=\` compare it.`,
      fix: example(property),
      range: rangeOfProperty(test, 'comparison'),
    };
    return;
  }
  const value = test.value;
  const fits = {
    number: value.$type === 'Quantity',
    sides: sidesValue(value) !== undefined,
    text: wordValue(value) !== undefined,
    flag: ['true', 'false'].includes(wordValue(value) ?? ''),
  }[type];
  if (!fits) yield { what: `\`${name}\` is never equal to this.`, fix: example(property), range: rangeOf(value) };
}

function example({ name, type }: Property): string {
  const written = {
    number: `${name} > 1000`,
    sides: name.endsWith('shape') ? `${name} == [1, 3, 224, 224]` : `${name} == 3x3`,
    text: `${name} == "Conv"`,
    flag: name,
  }[type];
  return `Write, for example, \`${written}\`.`;
}
