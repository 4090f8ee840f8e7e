import { recipeNumbers } from '../../engine/training/recipe.ts';
import { exportFormats } from '../checks/exports.ts';
import type { CheckedSpec } from '../context.ts';
import { quoteText, textValue } from '../grammar/text.ts';
import { budgetKinds, expectationKinds, findBudgetKind, findExpectationKind } from '../quantities/measured.ts';
import { findUnit, type Measure, unitNames } from '../quantities/units.ts';
import { channelOrders, filters } from '../resolve/data.ts';
import { measuresOf } from '../resolve/judgements.ts';
import { noPasses } from '../resolve/passes.ts';
import { dense } from '../resolve/prune.ts';
import { frozen } from '../resolve/train.ts';
import { tensorNames } from '../selectors/network.ts';
import { findProperty, properties, qualifiedOperator } from '../selectors/properties.ts';
import { roles } from '../selectors/roles.ts';
import { arithmetics, float, granularities, schemes } from '../vocabulary.ts';
import { blockText } from './blocks.ts';
import { beginnings, type Situation, situationAt } from './situation.ts';
import { documentationOf } from './words.ts';

export interface Suggestion {
  readonly label: string;
  readonly kind: 'keyword' | 'format' | 'function' | 'layer' | 'name' | 'property' | 'unit' | 'value';
  readonly documentation?: string | undefined;
  /** What is written; the label unless stated. */
  readonly text?: string;
}

export interface Completion {
  readonly suggestions: readonly Suggestion[];
  /** Offsets of what a suggestion replaces. */
  readonly start: number;
  readonly end: number;
}

/** Names of layers offered at most; a longer list is of no use, and typing narrows it. */
const mostLayers = 200;

/** What may stand at an offset of the spec, by the words before it. */
export function completionsAt(spec: CheckedSpec, offset: number): Completion {
  const situation = situationAt(spec.spec.text, offset);
  if (!situation) return { suggestions: [], start: offset, end: offset };
  const { partial, start, end } = situation;
  const suggestions = partial.startsWith('"')
    ? texts(situation, spec)
    : partial.startsWith('re"')
      ? []
      : words(situation, spec);
  return { suggestions, start, end };
}

function texts(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
  const { item, partial } = situation;
  if (item[0] !== 'layers' && item[0] !== 'layer') return [];
  const typed = textValue({ raw: `${partial}"` });
  const last = item.at(-1);
  return last === 'reading' || last === 'writing' ? tensors(spec, last, typed) : layers(spec, typed);
}

function layers(spec: CheckedSpec, typed: string): readonly Suggestion[] {
  const wanted = typed.toLowerCase();
  const found = (spec.model?.layers ?? []).filter((layer) => layer.name.toLowerCase().includes(wanted));
  return found.slice(0, mostLayers).map((layer) => ({
    label: layer.name,
    kind: 'layer',
    documentation: `${layer.op}, ${layer.parameters} parameters`,
    text: quoteText(layer.name),
  }));
}

function tensors({ network }: CheckedSpec, direction: 'reading' | 'writing', typed: string): readonly Suggestion[] {
  if (!network) return [];
  const wanted = typed.toLowerCase();
  const found = [...tensorNames(network, direction)].filter((name) => name.toLowerCase().includes(wanted));
  return found.slice(0, mostLayers).map((name) => ({ label: name, kind: 'name', text: quoteText(name) }));
}

function words(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
  if (/^[0-9]/.test(situation.item.at(-1) ?? '') && !isFinished(situation))
    return [...units(situation), ...continuing(situation, spec)];
  return continuing(situation, spec);
}

/** A number that takes no unit: the item is complete and another may begin. */
function isFinished({ item }: Situation): boolean {
  return /^(?:resize|crop|take|skip|seed|scale|mean|std|qspec|opset|matches)$/.test(item[0] ?? '');
}

function units({ block, item }: Situation): readonly Suggestion[] {
  const measures = measuresAt(block, item);
  return measures.flatMap((measure) =>
    unitNames(measure).map((name) => ({
      label: name,
      kind: 'unit' as const,
      documentation: findUnit(name)?.description,
    })),
  );
}

function measuresAt(block: Situation['block'], item: readonly string[]): readonly Measure[] {
  if (item[0] === 'expect') {
    const kind = findExpectationKind(item[1]);
    return kind ? measuresOf(kind, item[2] === 'drop' ? 'drop' : undefined) : [];
  }
  const before = item.at(-3);
  if (block.startsWith('prune') && (item[0] === 'sparsity' || item[0] === 'channels')) return ['ratio'];
  const budget = block === 'target' || item[0] === 'subject' ? findBudgetKind(before) : undefined;
  if (budget) return [budget.measure];
  return item.includes('where') ? (findProperty(before)?.measures ?? []) : [];
}

function continuing(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
  const { block, item } = situation;
  const last = item.at(-1);
  const starts = keywords(beginnings[block]);
  if (last === undefined) return block === 'target' ? budgets() : starts;
  const slot = slotAfter(situation, spec);
  if (slot) return slot;
  if (block === 'train' && item[0] === 'data') return starts;
  switch (item[0]) {
    case 'target':
      return block === 'file' ? starts : budgets();
    case 'data':
      return [...keywords(['like']), ...starts];
    case 'format':
    case 'weights':
    case 'activations':
    case 'inputs':
    case 'outputs':
    case 'bias':
    case 'lock':
    case 'reset':
      if (ruleWords[block]) return keywords(['all']);
      return [...formatWords(spec), ...keywords(['observe', 'using']), ...starts];
    case 'layers':
      return afterSelector(situation);
    case 'layer':
      return keywords(['keep', 'optional']);
    case 'passes':
      return item.length === 2 && last === 'all' ? [...keywords(['without']), ...starts] : starts;
    case 'distil':
      return [...keywords(['temperature', 'from']), ...starts];
    case 'expect':
      return item.length === 2 ? keywords(['drop']) : starts;
    default:
      return block === 'target' ? budgets() : starts;
  }
}

/** What the grammar demands after the last word; undefined where it demands nothing. */
function slotAfter({ block, item }: Situation, spec: CheckedSpec): readonly Suggestion[] | undefined {
  const { vocabulary, definitions, model } = spec;
  const last = item.at(-1)!;
  const [first] = item;
  const passes = () => registry(vocabulary.passes, 'function');
  const registry = (entries: readonly { name: string; description: string }[], kind: Suggestion['kind']) =>
    entries.map((entry) => ({ label: entry.name, kind, documentation: entry.description }));
  const values = (names: readonly string[]) => names.map((name): Suggestion => ({ label: name, kind: 'value' }));

  switch (last) {
    case 'qspec':
      return values(['1']);
    case 'target':
      return registry(vocabulary.targets, 'name');
    case 'like':
      return names(definitions.dataByName.keys(), item[1]);
    case 'observe':
      return registry(vocabulary.observers, 'function');
    case 'using':
      return registry(vocabulary.methods, 'function');
    case 'op':
      return operators(spec);
    case 'role':
      return registry(roles, 'value');
    case 'passes':
      return [...passes(), ...keywords(['all']), ...values([noPasses])];
    case 'without':
      return passes();
    case 'by':
      return block.startsWith('prune') ? registry(vocabulary.criteria, 'function') : undefined;
    case 'optimizer':
      return block === 'train' ? registry(vocabulary.optimizers, 'function') : undefined;
    case 'schedule':
      return block === 'train' ? registry(vocabulary.schedules, 'function') : undefined;
    case 'data':
      return block === 'train' ? names(definitions.dataByName.keys()) : undefined;
    case 'keep':
      return values([kept[block] ?? float]);
    case 'arithmetic':
      return values(arithmetics);
    case 'filter':
      return values(filters);
    case 'channels':
      return values(channelOrders);
    case 'input':
      return (model?.inputs ?? []).map((input) => ({ label: input.name, kind: 'name', text: nameText(input.name) }));
    case 'labels':
      return keywords(['folder', 'file']);
    case 'layout':
      return values(['nhwc', 'nchw']);
    case 'to':
      return first === 'layout' ? values(['nchw', 'nhwc']) : first === 'subject' ? budgets() : selectors(spec);
    case 'of':
      return first === 'layers' ? selectors(spec) : formats(spec);
    case 'lock':
      if (ruleWords[block]) return [...ruleWords[block], ...keywords(['all'])];
      return keywords(['weights', 'activations', 'inputs', 'outputs', 'bias']);
    case 'reset':
      if (ruleWords[block]) return keywords(['all']);
      return keywords(['all', 'weights', 'activations', 'inputs', 'outputs', 'bias']);
    case 'export':
      return registry(exportFormats, 'value');
    case 'expect':
      return registry(expectationKinds, 'value');
    case 'minimize':
    case 'maximize':
      return values(['loss', 'size', 'latency', 'energy', 'ram', 'flash']);
    case 'subject':
      return keywords(['to']);
    case 'where':
      return registry(properties, 'property');
    case 'layers':
    case '(':
    case 'and':
    case 'or':
    case 'not':
    case 'before':
    case 'after':
    case 'from':
      if (first !== 'layers') return undefined;
      return inPredicate(item) ? registry(properties, 'property') : selectors(spec);
    case 'reading':
    case 'writing':
      return first === 'layers' ? tensors(spec, last, '') : undefined;
    case 'block':
    case 'blocks':
      return first === 'layers' ? blocks(spec) : undefined;
    case 'layer':
      return layers(spec, '');
    case ',':
      if (first === 'layer') return layers(spec, '');
      if (first === 'passes') return passes();
      if (first === 'layers') return /^[0-9]/.test(item.at(-2) ?? '') ? blocks(spec) : operators(spec);
      return first === 'subject' ? budgets() : formats(spec);
    case '=':
      return first === 'format' ? [...formatWords(spec), ...keywords(['observe', 'using'])] : undefined;
    case 'consumers':
    case 'producers':
    case 'one':
      return keywords(['of']);
    default:
      break;
  }
  if (block === 'train') return undefined;
  if (first === 'data' && item.length === 2) return registry(vocabulary.dataKinds, 'value');
  if (first === 'data' && item.length === 3) return [];
  if (first === 'export' && item.length === 2) {
    return registry(exportFormats.find((format) => format.name === last)?.styles ?? [], 'value');
  }
  if (block === 'search' && item.length === 1 && (first === 'weights' || first === 'activations'))
    return keywords(['one']);
  return undefined;
}

const kept: Partial<Record<Situation['block'], string>> = { prune: dense, train: frozen };

const pruneWords = keywords(['sparsity', 'channels', 'pattern', 'by']);
const trainWords = recipeNumbers
  .filter(({ perLayer }) => perLayer)
  .map(({ name, description }): Suggestion => ({ label: name, kind: 'property', documentation: description }));

/** What a lock in these blocks can speak of. */
const ruleWords: Partial<Record<Situation['block'], readonly Suggestion[]>> = {
  ...{ prune: pruneWords, 'prune-rule': pruneWords },
  ...{ train: trainWords, 'train-rule': trainWords },
};

/** True after `where`, but not in a later parenthesis that holds selectors. */
function inPredicate(item: readonly string[]): boolean {
  const stack = [false];
  for (const word of item) {
    if (word === '(') stack.push(stack.at(-1)!);
    else if (word === ')') stack.pop();
    else if (word === 'where' && stack.length > 0) stack[stack.length - 1] = true;
  }
  return stack.at(-1) ?? false;
}

function afterSelector({ item }: Situation): readonly Suggestion[] {
  const joining = ['and', 'or'];
  const last = item.at(-1)!;
  if (/^(?:<=|>=|==|!=|<|>)$/.test(last)) return [];
  const inside = item.filter((word) => word === '(').length > item.filter((word) => word === ')').length;
  if (inPredicate(item)) return keywords(inside ? joining : [...joining, 'matches', 'optional', 'keep']);
  const path = item.includes('from') && !item.includes('to') ? ['to'] : [];
  return keywords([...path, ...joining, 'where', ...(inside ? [] : ['matches', 'optional', 'keep'])]);
}

function selectors(spec: CheckedSpec): readonly Suggestion[] {
  const starters = [
    'op',
    'role',
    'first',
    'last',
    'before',
    'after',
    'consumers',
    'producers',
    'from',
    'reading',
    'writing',
    'block',
    'all',
    'not',
  ];
  return [...keywords(starters), ...layers(spec, '')];
}

function blocks({ network }: CheckedSpec): readonly Suggestion[] {
  return (network?.blocks ?? []).slice(0, mostLayers).map((layers, i) => ({
    label: String(i + 1),
    kind: 'value',
    documentation: blockText(layers, network!),
  }));
}

function operators({ vocabulary, model }: CheckedSpec): readonly Suggestion[] {
  // The model's own come first: they are what a rule can match.
  const own = [...new Set(model?.layers.map(qualifiedOperator))];
  const all = own.length > 0 ? own : vocabulary.operators;
  return all.map((name) => ({ label: name, kind: 'value' }));
}

function formats({ vocabulary, definitions }: CheckedSpec): readonly Suggestion[] {
  return [
    ...vocabulary.formats.map(
      (format): Suggestion => ({ label: format.name, kind: 'format', documentation: format.description }),
    ),
    ...names(definitions.formats.keys()),
  ];
}

function formatWords(spec: CheckedSpec): readonly Suggestion[] {
  const more = [...schemes, ...granularities].map(
    (word): Suggestion => ({ label: word, kind: 'value', documentation: documentationOf(word) }),
  );
  return [...formats(spec), { label: float, kind: 'format', documentation: 'Not quantised.' }, ...more];
}

function budgets(): readonly Suggestion[] {
  return budgetKinds.map((kind) => ({ label: kind.name, kind: 'property', documentation: kind.description }));
}

function names(known: Iterable<string>, except?: string): readonly Suggestion[] {
  return [...known].filter((name) => name !== except).map((name) => ({ label: name, kind: 'name' }));
}

function keywords(list: readonly string[]): readonly Suggestion[] {
  return list.map((keyword) => ({
    label: keyword,
    kind: 'keyword',
    documentation: documentationOf(keyword) ?? recipeNumbers.find(({ name }) => name === keyword)?.description,
  }));
}

function nameText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoteText(name);
}
