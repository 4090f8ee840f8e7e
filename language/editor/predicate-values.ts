import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import { quoteText } from '../grammar/text.ts';
import { compare } from '../selectors/predicate.ts';
import { type Property, type PropertyValue, properties } from '../selectors/properties.ts';
import { counted } from './markdown.ts';
import type { Suggestion } from './suggestion.ts';

/** Values offered at most. */
const mostValues = 20;
/** Of numbers, shares of the layers that a threshold should part off, where there are too many values to list. */
const shares = [0.1, 0.25, 0.5, 0.75, 0.9];

const comparisonDescriptions = {
  '==': 'Equal to.',
  '!=': 'Other than; a layer without the property does not match.',
  '>=': 'At least.',
  '>': 'More than.',
  '<=': 'At most.',
  '<': 'Less than.',
} as const;

export function comparisonsOf(list: readonly (keyof typeof comparisonDescriptions)[]): readonly Suggestion[] {
  return list.map((sign) => ({ label: sign, kind: 'keyword', documentation: comparisonDescriptions[sign] }));
}

/** What a property can be compared by; a flag stands alone. */
export function comparisonsOfProperty({ type }: Property): readonly Suggestion[] {
  if (type === 'flag') return [];
  return comparisonsOf(type === 'number' ? ['>', '>=', '<', '<=', '==', '!='] : ['==', '!=']);
}

/** Every property, with the attributes that nodes of the model have. */
export function propertiesOf(model: ModelSummary | undefined): readonly Suggestion[] {
  const attributes = new Set<string>();
  for (const layer of model?.layers ?? []) for (const name of Object.keys(layer.attributes)) attributes.add(name);
  return [
    ...properties.map(
      ({ name, description, type }): Suggestion => ({
        label: name,
        kind: 'property',
        detail: typeNames[type],
        documentation: description,
      }),
    ),
    ...[...attributes]
      .filter((name) => /^[A-Za-z_]\w*$/.test(name))
      .sort()
      .slice(0, mostValues)
      .map(
        (name): Suggestion => ({
          label: `attribute.${name}`,
          kind: 'property',
          detail: 'attribute',
          documentation: 'An attribute of the node.',
        }),
      ),
  ];
}

const typeNames: Readonly<Record<Property['type'], string>> = {
  number: 'number',
  sides: 'size',
  text: 'text',
  flag: 'true or false',
};

/** Values of a property that layers of the model have, with how many of them a test against each would match. */
export function valuesOf(
  property: Property,
  comparison: string,
  model: ModelSummary | undefined,
): readonly Suggestion[] {
  const read = (layer: LayerSummary) => property.read(layer);
  const found = (model?.layers ?? []).map(read).filter((value) => value !== undefined);
  const numbers = found.filter((value): value is number => typeof value === 'number');
  const values = numbers.length > 0 ? thresholds(numbers, comparison) : found;
  const byText = new Map<string, PropertyValue>();
  for (const value of values) {
    const text = written(value, property);
    if (text !== undefined && !byText.has(text)) byText.set(text, value);
  }
  const suggestions = [...byText].map(([text, value]) => {
    const matching =
      typeof value === 'number'
        ? numbers.filter((own) => compare(own, comparison, value)).length
        : same(found, value, comparison);
    return { text, matching, numeric: typeof value === 'number' };
  });
  // What most layers have comes first; numbers stay in their order.
  const ordered = numbers.length > 0 ? suggestions : suggestions.toSorted((a, b) => b.matching - a.matching);
  return ordered.slice(0, mostValues).map(({ text, matching }) => ({
    label: text,
    kind: 'value',
    detail: counted(matching, 'layer'),
    documentation: `The test holds for ${counted(matching, 'layer')} of the model.`,
  }));
}

function same(found: readonly PropertyValue[], value: PropertyValue, comparison: string): number {
  const key = JSON.stringify(value);
  const equal = found.filter((own) => JSON.stringify(own) === key).length;
  return comparison === '!=' ? found.length - equal : equal;
}

/** All different numbers, or, where those are many and order matters, few that part the layers at telling places. */
function thresholds(numbers: readonly number[], comparison: string): readonly number[] {
  const different = [...new Set(numbers)].sort((a, b) => a - b);
  if (different.length <= mostValues || comparison === '==' || comparison === '!=') return different;
  const sorted = numbers.toSorted((a, b) => a - b);
  const chosen = shares.map((share) => Number(sorted[Math.floor(share * sorted.length)]!.toPrecision(2)));
  return [...new Set(chosen)];
}

/** As the language writes it; undefined where it cannot be written (a side that is not known). */
function written(value: PropertyValue, { name, measures }: Property): string | undefined {
  if (typeof value === 'number') return measures.includes('bytes') ? bytesText(value) : countText(value);
  if (typeof value === 'string') return quoteText(value);
  if (typeof value !== 'object') return value === undefined ? undefined : String(value);
  if (!value.every((side) => typeof side === 'number')) return undefined;
  return value.length > 1 && ['kernel', 'strides', 'dilations'].includes(name)
    ? value.join('x')
    : `[${value.join(', ')}]`;
}

/** Exactly: `64 KiB`, `1.5M`, `110592`. */
function bytesText(value: number): string {
  for (const [unit, factor] of [
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (value >= factor && isShort(value / factor)) return `${value / factor} ${unit}`;
  }
  return `${value} B`;
}

function countText(value: number): string {
  for (const [unit, factor] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value >= factor && isShort(value / factor)) return `${value / factor}${unit}`;
  }
  return String(value);
}

function isShort(value: number): boolean {
  return String(value).length <= 5;
}
