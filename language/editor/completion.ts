import { recipeNumbers } from '../../engine/training/recipe.ts';
import { exportFormats } from '../checks/exports.ts';
import type { CheckedSpec } from '../context.ts';
import { pruneWords, roleWords } from '../grammar/block-words.ts';
import { onOneLine } from '../grammar/heads.ts';
import { quoteText, textValue } from '../grammar/text.ts';
import { budgetKinds, expectationKinds, findBudgetKind, findExpectationKind } from '../quantities/measured.ts';
import type { Measure } from '../quantities/units.ts';
import type { Definitions } from '../resolve/definitions.ts';
import { meaningOf, type WordMeaning } from '../resolve/fields.ts';
import { measuresOf } from '../resolve/judgements.ts';
import type { RuleOutcome } from '../resolve/layer-fields.ts';
import { noPasses } from '../resolve/passes.ts';
import { fileNetwork, tensorNames } from '../selectors/network.ts';
import { findProperty, type Property, qualifiedOperator } from '../selectors/properties.ts';
import { roles } from '../selectors/roles.ts';
import { isPending } from '../selectors/select.ts';
import { codeRanges, find, float, granularities, scaleWords, schemes } from '../vocabulary.ts';
import { blockText } from './blocks.ts';
import { closedWords, keptWords, layouts } from './closed-words.ts';
import { counted, plain } from './markdown.ts';
import { type PathWish, pathWishAt } from './path-wishes.ts';
import { comparisonsOf, comparisonsOfProperty, propertiesOf, valuesOf } from './predicate-values.ts';
import { boundsOf, quantitiesOf, unitsOf } from './quantity-values.ts';
import { beginnings, type Situation, situationAt } from './situation.ts';
import { snippetOf } from './snippets.ts';
import { keywords, registered, type Suggestion } from './suggestion.ts';
import { byUse } from './usual-formats.ts';
import { documentationOf } from './words.ts';

export interface Completion {
  readonly suggestions: readonly Suggestion[];
  /** Offsets of what a suggestion replaces. */
  readonly start: number;
  readonly end: number;
  /** There are more; typing on narrows the choice, and asking again brings others. */
  readonly incomplete?: boolean;
  /** What is under the cursor names a file: whoever can look at files has the suggestions. */
  readonly path?: PathWish;
}

/** Names of layers offered at most; a longer list is of no use, and typing narrows it. */
const mostLayers = 200;

/** What may stand at an offset of the spec, by the words before it. */
export function completionsAt(spec: CheckedSpec, offset: number): Completion {
  const situation = situationAt(spec.spec.text, offset);
  if (!situation) return { suggestions: [], start: offset, end: offset };
  const { partial, start, end } = situation;
  const path = partial.startsWith('"') ? pathWishAt(situation, spec) : undefined;
  if (path) return { suggestions: [], start, end, path };
  const suggestions = partial.startsWith('"')
    ? texts(situation, spec)
    : partial.startsWith('re"')
      ? []
      : words(situation, spec);
  const incomplete = suggestions.filter(({ kind }) => kind === 'layer' || kind === 'name').length >= mostLayers;
  return { suggestions, start, end, incomplete };
}

/** Keywords that begin a statement or an item here: as a whole one, where nothing stands behind the cursor yet. */
function beginning({ block, end }: Situation, spec: CheckedSpec): readonly Suggestion[] {
  const starts = block === 'target' ? budgets() : keywords(beginnings[block]);
  const isFree = /^(?:[ \t]*(?:$|[\r\n]|\/\/)|\s*\})/.test(spec.spec.text.slice(end, end + 200));
  return starts.map((start) => {
    const snippet = isFree ? snippetOf(start.label, block, spec) : undefined;
    return snippet === undefined ? start : { ...start, snippet };
  });
}

function texts(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
  const { item, partial } = situation;
  if (item[0] !== 'layers' && item[0] !== 'layer') return [];
  const typed = textValue({ raw: `${partial}"` });
  const last = item.at(-1);
  return last === 'reading' || last === 'writing' ? tensors(spec, last, typed) : layers(situation, spec, typed);
}

function layers({ block }: Situation, spec: CheckedSpec, typed: string): readonly Suggestion[] {
  const wanted = typed.toLowerCase();
  const known = spec.network && (block.startsWith('quantize') ? spec.network : fileNetwork(spec.network));
  const found = (known?.layers ?? []).filter((layer) => layer.name.toLowerCase().includes(wanted));
  return found.slice(0, mostLayers).map((layer) => ({
    label: layer.name,
    kind: 'layer',
    detail: layer.op,
    documentation: `${layer.op}, ${counted(layer.parameters, 'parameter')}`,
    text: quoteText(layer.name),
  }));
}

function tensors({ network }: CheckedSpec, direction: 'reading' | 'writing', typed: string): readonly Suggestion[] {
  if (!network) return [];
  const wanted = typed.toLowerCase();
  const found = [...tensorNames(network, direction)].filter((name) => name.toLowerCase().includes(wanted));
  const documentation = direction === 'reading' ? 'A tensor that layers read.' : 'A tensor that a layer writes.';
  return found
    .slice(0, mostLayers)
    .map((name) => ({ label: name, kind: 'name', documentation, text: quoteText(name) }));
}

function words(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
  if (/^[0-9]/.test(situation.item.at(-1) ?? '') && !isFinished(situation))
    return [...unitsOf(measuresAt(situation)), ...continuing(situation, spec)];
  return continuing(situation, spec);
}

/** A number that takes no unit: the item is complete and another may begin. */
function isFinished({ item }: Situation): boolean {
  return /^(?:resize|crop|take|skip|seed|scale|mean|std|qspec|opset|matches)$/.test(item[0] ?? '');
}

/** What the number under the cursor, or the one that ends where it stands, may measure. */
function measuresAt({ block, item }: Situation): readonly Measure[] {
  if (item[0] === 'expect') {
    const kind = findExpectationKind(item[1]);
    return kind ? measuresOf(kind, item[2] === 'drop' ? 'drop' : undefined) : [];
  }
  if (block.startsWith('prune') && /^(?:sparsity|channels|rank)$/.test(item[0] ?? '')) return ['ratio'];
  const before = item.at(isComparison(item.at(-1)) ? -2 : -3);
  const budget = block === 'target' || item[0] === 'subject' ? findBudgetKind(before) : undefined;
  if (budget) return [budget.measure];
  return item.includes('where') ? (findProperty(before)?.measures ?? []) : [];
}

function continuing(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
  const { block, item } = situation;
  const last = item.at(-1);
  const starts = beginning(situation, spec);
  if (last === undefined) return starts;
  const slot = slotAfter(situation, spec);
  if (slot) return slot;
  if (block === 'train' && item[0] === 'data') return starts;
  switch (item[0]) {
    case 'data':
      return [...keywords(['like']), ...starts];
    case 'model':
      // Who types `quan` mostly means the block, which is one of the beginnings.
      return item.length === 2 ? [...starts, ...keywords(['quantized'])] : starts;
    case 'format':
    case 'weights':
    case 'activations':
    case 'inputs':
    case 'outputs':
    case 'bias':
    case 'lock':
    case 'reset':
      if (ruleWords[block]) return keywords(['all']);
      return [...formatWords(situation, spec), ...starts];
    case 'layers':
      return afterSelector(situation);
    case 'layer':
      return keywords(['keep', 'optional']);
    case 'passes':
      return item.length === 2 && last === 'all' ? [...keywords(['without']), ...starts] : starts;
    case 'distil':
      return [...keywords(['temperature', 'from']), ...starts];
    default:
      return starts;
  }
}

function isComparison(word: string | undefined): boolean {
  return word !== undefined && /^(?:<=|>=|==|!=|<|>)$/.test(word);
}

/** What the grammar demands after the last word; undefined where it demands nothing. */
function slotAfter(situation: Situation, spec: CheckedSpec): readonly Suggestion[] | undefined {
  const { block, item } = situation;
  const { vocabulary, definitions, model } = spec;
  const last = item.at(-1)!;
  const [first] = item;
  if (isComparison(last)) return compared(situation, spec);
  switch (last) {
    case 'target':
      return registered(vocabulary.targets, 'target');
    case 'like':
      return dataNames(definitions, item[1]);
    case 'observe':
      return registered(vocabulary.observers, 'function');
    case 'using':
      return registered(vocabulary.methods, 'function');
    case 'op':
      return operators(spec);
    case 'role':
      return registered(roles, 'value');
    case 'passes':
      return [...registered(vocabulary.passes, 'function'), ...keywords(['all']), noPass];
    case 'without':
      return registered(vocabulary.passes, 'function');
    case 'by':
      return block.startsWith('prune') ? registered(vocabulary.criteria, 'function') : undefined;
    case 'optimizer':
      return block === 'train' ? registered(vocabulary.optimizers, 'function') : undefined;
    case 'schedule':
      return block === 'train' ? registered(vocabulary.schedules, 'function') : undefined;
    case 'data':
      return block === 'train' ? dataNames(definitions, undefined) : undefined;
    case 'keep':
      return keptWords[block];
    case 'input':
      return (model?.inputs ?? []).map((input) => ({
        label: input.name,
        kind: 'name',
        documentation: 'An input of the model.',
        detail: input.dtype ?? undefined,
        text: nameText(input.name),
      }));
    case 'to':
      return first === 'layout' ? layouts.toReversed() : first === 'subject' ? budgets() : selectors(situation, spec);
    case 'of':
      return first === 'layers' ? selectors(situation, spec) : formats(spec);
    case 'lock':
      if (ruleWords[block]) return [...ruleWords[block], ...keywords(['all'])];
      return keywords(roleWords);
    case 'reset':
      if (ruleWords[block]) return keywords(['all']);
      return keywords(['all', ...roleWords]);
    case 'export':
      return registered(exportFormats, 'value');
    case 'container':
      return block === 'export' ? registered(exportWords(last), 'value') : undefined;
    case 'expect':
      return registered(expectationKinds, 'value');
    case 'subject':
      return keywords(['to']);
    case 'where':
      return propertiesOf(model);
    case 'layers':
    case '(':
    case 'and':
    case 'or':
    case 'not':
    case 'before':
    case 'after':
    case 'from':
      if (first !== 'layers') return undefined;
      return inPredicate(item) ? propertiesOf(model) : selectors(situation, spec);
    case 'reading':
    case 'writing':
      return first === 'layers' ? tensors(spec, last, '') : undefined;
    case 'block':
    case 'blocks':
      return first === 'layers' ? blocks(spec) : undefined;
    case 'layer':
      return layers(situation, spec, '');
    case 'matches':
      return first === 'layers' ? counts(situation, spec) : undefined;
    case ',':
      if (first === 'layer') return layers(situation, spec, '');
      if (first === 'passes') return registered(vocabulary.passes, 'function');
      if (first === 'layers') return /^[0-9]/.test(item.at(-2) ?? '') ? blocks(spec) : operators(spec);
      return first === 'subject' ? budgets() : formats(spec);
    case '=':
      return first === 'format' ? formatWords(situation, spec) : undefined;
    case 'consumers':
    case 'producers':
    case 'one':
      return keywords(['of']);
    case 'quantized':
      return first === 'model' ? closedWords.get(last) : undefined;
    default: {
      const words = item.length === 1 && !block.startsWith('prune') ? closedWords.get(last) : undefined;
      if (words) return words;
    }
  }
  if (block === 'train') return undefined;
  if (first === 'expect' && item.length <= 3) return judged(item);
  if ((block === 'target' && item.length === 1) || (first === 'subject' && findBudgetKind(last))) return bounds;
  if (first === 'data' && item.length === 2) return registered(vocabulary.dataKinds, 'value');
  if (first === 'data' && item.length === 3) return [];
  if (first === 'export' && item.length === 2) {
    return registered(exportFormats.find((format) => format.name === last)?.styles ?? [], 'value');
  }
  if (block === 'search' && item.length === 1 && (first === 'weights' || first === 'activations'))
    return keywords(['one']);
  return undefined;
}

/** Words that an option of an export takes. */
function exportWords(name: string): readonly { readonly name: string; readonly description: string }[] {
  return exportFormats.flatMap(({ options }) => options.find((option) => option.name === name)?.words ?? []);
}

const noPass: Suggestion = { label: noPasses, kind: 'value', documentation: 'The network is compressed as it is.' };

const pruneSettings = keywords(pruneWords);
const trainWords = registered(
  recipeNumbers.filter(({ perLayer }) => perLayer),
  'property',
);

/** What a lock in these blocks can speak of. */
const ruleWords: Partial<Record<Situation['block'], readonly Suggestion[]>> = {
  ...{ prune: pruneSettings, 'prune-rule': pruneSettings },
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

/** What bounds a budget. */
const bounds = comparisonsOf(['<=', '<', '>=', '>']);

/** After the quantity of an `expect` line, or its `drop`. */
function judged(item: readonly string[]): readonly Suggestion[] {
  const drops = item.length === 2 && findExpectationKind(item[1])?.drops === true;
  return [...keywords(drops ? ['drop'] : []), ...comparisonsOf(['>=', '>', '<=', '<', '=='])];
}

/** After `<=` and its like: what the property, budget or expectation may be compared with. */
function compared(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
  const { item, outer } = situation;
  const measures = measuresAt(situation);
  if (item[0] === 'layers') {
    if (item.at(-2) === 'matches') return counts(situation, spec);
    const property = inPredicate(item) ? findProperty(item.at(-2)) : undefined;
    const values = property ? valuesOf(property, item.at(-1)!, spec.model) : [];
    return values.length > 0 ? values : quantitiesOf(measures);
  }
  const about = item[0] === 'expect' ? item[1]! : (item.at(-2) ?? '');
  // What is lost against the float model has no bound that is known beforehand.
  const known = item[2] === 'drop' ? [] : boundsOf(about, outer[0] === 'target' ? outer[1] : undefined, spec);
  return [...known, ...quantitiesOf(measures)];
}

/** How many layers the rule under the cursor matches as it stands. */
function counts({ start }: Situation, { outcomes, network }: CheckedSpec): readonly Suggestion[] {
  const offsetOf = ({ rule }: RuleOutcome['matches'][number]) => rule.$cstNode?.offset ?? start;
  const match = outcomes
    .flatMap(({ matches }) => matches)
    .filter((own) => offsetOf(own) < start)
    .reduce<RuleOutcome['matches'][number] | undefined>(
      (last, own) => (last && offsetOf(last) > offsetOf(own) ? last : own),
      undefined,
    );
  if (!match || isPending(match.rule, network!)) return [];
  return [{ label: String(match.layers.size), kind: 'value', documentation: 'What the rule matches now.' }];
}

function afterSelector({ item }: Situation): readonly Suggestion[] {
  const joining = ['and', 'or'];
  const inside = item.filter((word) => word === '(').length > item.filter((word) => word === ')').length;
  const ending = inside ? [] : ['matches', 'optional', 'keep'];
  if (inPredicate(item)) return [...signsAfter(item), ...keywords([...joining, ...ending])];
  const path = item.includes('from') && !item.includes('to') ? ['to'] : [];
  return keywords([...path, ...joining, 'where', ...ending]);
}

/** After a property that nothing is compared with yet. */
function signsAfter(item: readonly string[]): readonly Suggestion[] {
  const property: Property | undefined = isComparison(item.at(-2)) ? undefined : findProperty(item.at(-1));
  return property ? comparisonsOfProperty(property) : [];
}

function selectors(situation: Situation, spec: CheckedSpec): readonly Suggestion[] {
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
  return [...keywords(starters), ...layers(situation, spec, '')];
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
  const own = new Map<string, number>();
  for (const layer of model?.layers ?? []) {
    const name = qualifiedOperator(layer);
    own.set(name, (own.get(name) ?? 0) + 1);
  }
  if (own.size === 0)
    return vocabulary.operators.map((name) => ({
      label: name,
      kind: 'operator',
      documentation: 'An operator of ONNX.',
    }));
  return [...own].map(([name, count]) => ({
    label: name,
    kind: 'operator',
    detail: counted(count, 'layer'),
    documentation: `${counted(count, 'layer')} of the model.`,
  }));
}

/** The spec's own first, then the registered: those that its targets run before the others, in the order of their use. */
function formats({ vocabulary, definitions }: CheckedSpec, role?: string): readonly Suggestion[] {
  const targets = vocabulary.targets.filter(({ name }) => definitions.targets.some((own) => own.name?.text === name));
  const unable = (name: string) => targets.find((target) => !target.formats.includes(name));
  const known = byUse(vocabulary.formats, role).map((format): Suggestion => {
    const target = unable(format.name);
    const detail = target ? `not on ${target.name}` : format.title;
    return { label: format.name, kind: 'format', detail, documentation: format.description };
  });
  const members = vocabulary.families.flatMap(({ examples, title, description }) =>
    examples.map((label): Suggestion => ({ label, kind: 'format', detail: title, documentation: description })),
  );
  const own = [...definitions.formats].map(
    ([name, { format }]): Suggestion => ({
      label: name,
      kind: 'name',
      detail: 'format',
      documentation: plain(onOneLine(format?.$cstNode?.text)) || 'A format of this spec.',
    }),
  );
  const runs = known.filter(({ label }) => !unable(label));
  return [...own, ...runs, ...known.filter(({ label }) => unable(label)), ...members];
}

/** Granularities with a usual argument; others are typed. */
const granularityExamples: Readonly<Record<string, string>> = {
  'per-group': 'per-group(32)',
  'per-block': 'per-block(16x16)',
};

const notQuantised: Suggestion = { label: float, kind: 'format', documentation: 'Not quantised.' };
const ofRoles: ReadonlySet<string> = new Set(roleWords);

/** What a word is of, whatever arguments it has. */
function meaningWithout(word: string, { definitions, vocabulary }: CheckedSpec): WordMeaning {
  if (granularities.includes(word)) return 'granularity';
  return find(vocabulary.families, word) ? 'format' : meaningOf(word, definitions.formats, vocabulary);
}

/** After a role or `format NAME =`: words for what the statement does not say yet. */
function formatWords({ item }: Situation, spec: CheckedSpec): readonly Suggestion[] {
  // The name before `=` is none of the words.
  const words = item.slice(item.indexOf('=') + 1);
  const said = new Set(words.map((word) => meaningWithout(word, spec)));
  const hasFormat = said.has('format') || said.has('named');
  const choices = [
    ...(said.has('scheme') ? [] : schemes),
    ...(said.has('granularity') ? [] : granularities.map((word) => granularityExamples[word] ?? word)),
    ...(said.has('scale') ? [] : scaleWords),
    ...(said.has('codes') ? [] : codeRanges),
  ];
  const calls = ['observe', 'using'].filter((word) => !item.includes(word));

  return [
    ...(hasFormat
      ? []
      : [
          ...formats(
            spec,
            item.find((word) => ofRoles.has(word)),
          ),
          notQuantised,
        ]),
    ...choices.map(
      (word): Suggestion => ({
        label: word,
        kind: 'value',
        documentation: documentationOf(word.replace(/\(.*/, '')) ?? '',
      }),
    ),
    ...keywords(calls),
  ];
}

function budgets(): readonly Suggestion[] {
  return registered(budgetKinds, 'property');
}

function dataNames({ dataByName }: Definitions, except: string | undefined): readonly Suggestion[] {
  return [...dataByName]
    .filter(([name]) => name !== except)
    .map(([name, { kind, path }]) => ({
      label: name,
      kind: 'name',
      detail: 'data',
      documentation: plain(`${kind?.text ?? ''} ${textValue(path)}`),
    }));
}

function nameText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoteText(name);
}
