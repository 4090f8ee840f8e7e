import type { DataSource } from '../../engine/plan.ts';
import type { DataOption, DataStatement, LabelsOption, NameOrText, NumberList, Size, Text } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import { numberOf, sidesOf } from '../quantities/quantity.ts';
import type { Definitions } from './definitions.ts';

export const filters = ['nearest', 'bilinear', 'bicubic', 'lanczos', 'box'] as const;
export const channelOrders = ['rgb', 'bgr', 'gray'] as const;
/** Images and arrays that a spec names no seed for are drawn with this one. */
export const defaultSeed = 0;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type OptionType = DataOption['$type'];
type OptionOf<K extends OptionType> = Extract<DataOption, { $type: K }>;
type Options = { [K in OptionType]?: OptionOf<K> };

const known = new WeakMap<Definitions, Map<DataStatement, Options>>();

/** Options in force, an own one before an inherited one; the last of several. Inheritance ends where a cycle would begin. */
export function optionsOf(statement: DataStatement, definitions: Definitions): Options {
  let options = known.get(definitions);
  if (!options) {
    options = new Map();
    known.set(definitions, options);
  }
  // Up to the first ancestor whose options are known, then down again: every data set is looked at once.
  const line: DataStatement[] = [];
  const seen = new Set<DataStatement>();
  let ancestor: DataStatement | undefined = statement;
  while (ancestor && !options.has(ancestor) && !seen.has(ancestor)) {
    seen.add(ancestor);
    line.push(ancestor);
    ancestor = definitions.dataByName.get(ancestor.base?.text ?? '');
  }
  let inherited = (ancestor && options.get(ancestor)) ?? {};
  for (const descendant of line.reverse()) {
    const own: Options = { ...inherited };
    for (const option of descendant.options) (own as Record<string, DataOption>)[option.$type] = option;
    options.set(descendant, own);
    inherited = own;
  }
  return options.get(statement)!;
}

/** The data set as the engine opens it. Options whose values make no sense are left out; checks tell of them. */
export function dataSourceOf(
  statement: DataStatement,
  definitions: Definitions,
  absolute: (path: Text) => string,
): DataSource {
  const options = optionsOf(statement, definitions);
  const source: Mutable<DataSource> = {
    name: statement.name?.text ?? '',
    kind: (statement.kind?.text ?? '') as DataSource['kind'],
    path: absolute(statement.path),
    range: rangeOf(statement),
    seed: integer(options.SeedOption?.number, 0) ?? defaultSeed,
  };
  set(source, 'input', nameValue(options.InputOption?.name));
  set(source, 'array', nameValue(options.ArrayOption?.name));
  set(source, 'offsets', nameValue(options.OffsetsOption?.name));
  set(source, 'labels', labelsOf(options.LabelsOption, absolute));
  set(source, 'resize', resizeOf(options.ResizeOption?.size));
  set(source, 'filter', oneOf(filters, options.FilterOption?.name?.text));
  set(source, 'crop', cropOf(options.CropOption?.size));
  set(source, 'channels', oneOf(channelOrders, options.ChannelsOption?.order?.text));
  const layout = options.LayoutOption;
  if (layout?.from && layout.to) source.layout = { from: layout.from.text, to: layout.to.text };
  set(source, 'scale', finite(numberOf(options.ScaleOption?.factor)));
  set(source, 'mean', numbersOf(options.MeanOption?.values));
  set(source, 'std', numbersOf(options.StdOption?.values));
  set(source, 'skip', integer(options.SkipOption?.count, 0));
  set(source, 'take', integer(options.TakeOption?.count, 1));
  const split = options.SplitOption;
  if (split?.path) {
    const part = nameValue(split.part);
    source.split = { path: absolute(split.path), ...(part === undefined ? {} : { part }) };
  }
  return source;
}

function set<K extends keyof DataSource>(source: Mutable<DataSource>, key: K, value: DataSource[K] | undefined): void {
  if (value !== undefined) source[key] = value;
}

export function nameValue(name: NameOrText | undefined): string | undefined {
  if (!name) return undefined;
  return name.raw === undefined ? name.text : textValue(name as { raw: string });
}

function labelsOf(
  option: LabelsOption | undefined,
  absolute: (path: Text) => string,
): NonNullable<DataSource['labels']> | undefined {
  if (!option) return undefined;
  const offset = integer(option.offset, Number.MIN_SAFE_INTEGER) ?? 0;
  if (option.array) return { kind: 'array', array: textValue(option.array), offset };
  const source = option.source?.text;
  if (source === 'folder') return { kind: 'folder', offset };
  if (source === 'file' && option.path) return { kind: 'file', path: absolute(option.path), offset };
  return source === undefined ? undefined : { kind: 'array', array: source, offset };
}

function resizeOf(size: Size | undefined): NonNullable<DataSource['resize']> | undefined {
  const sides = sidesOf(size);
  if (!sides?.every((side) => side > 0)) return undefined;
  if (sides.length === 1) return { kind: 'shortest', size: sides[0]! };
  return sides.length === 2 ? { kind: 'exact', width: sides[0]!, height: sides[1]! } : undefined;
}

function cropOf(size: Size | undefined): NonNullable<DataSource['crop']> | undefined {
  const sides = sidesOf(size);
  if (!sides?.every((side) => side > 0) || sides.length > 2) return undefined;
  return { width: sides[0]!, height: sides[1] ?? sides[0]! };
}

function numbersOf(list: NumberList | undefined): readonly number[] | undefined {
  const values = list?.values.map(numberOf);
  return values && values.length > 0 && values.every(Number.isFinite) ? values : undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

export function integer(numeric: Parameters<typeof numberOf>[0], low: number): number | undefined {
  const value = numberOf(numeric);
  return Number.isSafeInteger(value) && value >= low ? value : undefined;
}

function oneOf<T extends string>(words: readonly T[], word: string | undefined): T | undefined {
  return words.find((known) => known === word);
}
