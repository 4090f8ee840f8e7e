import { compileRegex } from '../../engine/regex/matcher.ts';
import { remembered } from '../../engine/remembered.ts';
import type { BlockRange, Predicate, Selector, Step, TensorSelector, Test, Text } from '../generated/ast.ts';
import { type AnyRule, selects } from '../grammar/rules.ts';
import { decodeRegex, textValue } from '../grammar/text.ts';
import { walk } from '../grammar/walk.ts';
import { compileGlob, isGlob, unescapeGlob } from './glob.ts';
import { LayerSet } from './layer-set.ts';
import { layersOfOperator, type Network, namesBeginning, neighbours, pathsBetween, reachable } from './network.ts';
import { compilePredicate } from './predicate.ts';
import { findProperty, properties } from './properties.ts';
import { findRole } from './roles.ts';

/** Selections remembered per model: while a person types, one rule changes and the others are asked again. */
const mostRemembered = 4000;
const selectedAs = new WeakMap<Network, Map<string, LayerSet>>();
const selectedBy = new WeakMap<Network, WeakMap<Selector | Predicate, LayerSet>>();

const measuredNames = properties.filter(({ measured }) => measured).map(({ name }) => name);
const asking = new WeakMap<Selector | Predicate, boolean>();

/** Whether a selector or what narrows it asks for a property that only a measurement tells. */
export function asksForMeasurements(...parts: readonly (Selector | Predicate | undefined)[]): boolean {
  return parts.some((part) => {
    if (!part) return false;
    return remembered(asking, part, () => asksAnew(part));
  });
}

function asksAnew(part: Selector | Predicate): boolean {
  const text = part.$cstNode?.text;
  // Most rules do not so much as contain the word.
  if (!measuredNames.some((name) => text?.includes(name))) return false;
  return walk(part).some((node) => node.$type === 'Test' && findProperty((node as Test).property?.name)?.measured);
}

/** Whether what a rule matches is not known before something is measured. */
export function isPending(rule: AnyRule, network: Network): boolean {
  return !network.measured && selects(rule) && asksForMeasurements(rule.selector, rule.predicate);
}

/** As `select`, remembered by the text of the rule. None while it asks for what is not measured: the rule is pending. */
export function selectOnce(selector: Selector | undefined, where: Predicate | undefined, network: Network): LayerSet {
  if (!network.measured && asksForMeasurements(selector, where)) return none(network);
  // A rule that did not change is the same node as at the keystroke before.
  const rule = selector && (where ?? selector);
  if (!rule) return select(selector, where, network);
  const ofRules = remembered(selectedBy, network, () => new WeakMap());
  return remembered(ofRules, rule, () => selectLike(selector, where, network));
}

/** What a rule that is written alike selected. */
function selectLike(selector: Selector, where: Predicate | undefined, network: Network): LayerSet {
  const text = selector.$cstNode?.text;
  if (text === undefined) return select(selector, where, network);
  const known = remembered(selectedAs, network, () => new Map());
  if (known.size > mostRemembered) known.clear();
  return remembered(known, `${text}\u0000${where?.$cstNode?.text ?? ''}`, () => select(selector, where, network));
}

/** The layers that a selector names, narrowed by `where`. Whatever in it cannot be understood names none. */
export function select(selector: Selector | undefined, where: Predicate | undefined, network: Network): LayerSet {
  const all = selectAll(selector, network);
  if (!where) return all;
  const holds = compilePredicate(where, network.measured);
  return all.filter((index) => holds(network.layers[index]!));
}

function selectAll(selector: Selector | undefined, network: Network): LayerSet {
  switch (selector?.$type) {
    case 'AnyOf':
      return LayerSet.anyOf(network.layers.length, selectEach(selector.parts, network));
    case 'AllOf':
      return selector.parts.map((part) => selectAll(part, network)).reduce((a, b) => a.intersection(b));
    case 'Stepped':
      return selector.steps.reduceRight((set, step) => apply(step, set, network), selectAll(selector.operand, network));
    case 'GroupSelector':
      return select(selector.selector, selector.predicate, network);
    case 'PathSelector':
      return pathsBetween(selectAll(selector.from, network), selectAll(selector.to, network), network);
    case 'NameSelector':
      return byName(selector.pattern, undefined, network);
    case 'RegexSelector':
      return byName(undefined, selector.regex, network);
    case 'OperatorSelector':
      return LayerSet.anyOf(
        network.layers.length,
        selector.operators.map((operator) => layersOfOperator(network, operator.name ?? '')),
      );
    case 'RoleSelector': {
      const role = findRole(selector.role?.text);
      return role ? where(network, (index) => role.holds(network.layers[index]!)) : none(network);
    }
    case 'TensorSelector':
      return byTensor(selector, network);
    case 'PositionSelector':
      return where(network, (index) => {
        const { first, last } = network.layers[index]!.position;
        return selector.position === 'first' ? first : last;
      });
    case 'BlockSelector':
      return LayerSet.of(
        network.layers.length,
        selector.ranges.flatMap((range) => {
          const { from, to } = blocksNamed(range);
          return network.blocks.slice(Math.max(0, from - 1), to).flat();
        }),
      );
    case 'AllSelector':
      return ofFile(LayerSet.all(network.layers.length), network);
    default:
      return none(network);
  }
}

function* selectEach(parts: readonly Selector[], network: Network): Iterable<LayerSet> {
  for (const part of parts) yield selectAll(part, network);
}

function apply(step: Step, set: LayerSet, network: Network): LayerSet {
  switch (step.kind) {
    case 'not':
      return ofFile(set.complement(), network);
    case 'before':
      return reachable(set, network.producers).difference(set);
    case 'after':
      return reachable(set, network.consumers).difference(set);
    case 'consumers':
      return neighbours(set, network.consumers);
    case 'producers':
      return neighbours(set, network.producers);
    case 'first':
      return only(network, set.indices[0]);
    case 'last':
      return only(network, set.indices.at(-1));
    default:
      return none(network);
  }
}

/** First and last of the blocks that are meant, counted from 1; one that is no whole number from 1 on means none. */
export function blocksNamed(range: BlockRange): { readonly from: number; readonly to: number } {
  const from = Number(range.from ?? Number.NaN);
  const to = range.to === undefined ? from : Number(range.to);
  const isBlock = (number: number) => Number.isSafeInteger(number) && number >= 1;
  return isBlock(from) && isBlock(to) ? { from, to } : { from: 1, to: 0 };
}

function byName(pattern: Text | undefined, regex: string | undefined, network: Network): LayerSet {
  const text = textValue(pattern);
  if (regex === undefined && !isGlob(text)) {
    return only(network, network.indexOf.get(unescapeGlob(text)));
  }
  if (regex === undefined) {
    const glob = compileGlob(text);
    const names = namesBeginning(network, glob.prefix).filter((name) => glob.test(name));
    return LayerSet.of(
      network.layers.length,
      names.map((name) => network.indexOf.get(name)!),
    );
  }
  const matches = nameMatcher(pattern, regex);
  return LayerSet.where(network.layers.length, (index) => matches(network.layers[index]!.name));
}

/** Layers with a tensor of such a name on one side; constants among what is read. */
function byTensor({ direction, pattern, regex }: TensorSelector, network: Network): LayerSet {
  const matches = nameMatcher(pattern, regex);
  return where(network, (index) => {
    const { inputs, outputs } = network.layers[index]!;
    return (direction === 'reading' ? inputs : outputs).some(({ name }) => name !== '' && matches(name));
  });
}

/** Whether a name is meant by a text (exact, or with wildcards) or by a pattern; one that cannot be read means none. */
function nameMatcher(pattern: Text | undefined, regex: string | undefined): (name: string) => boolean {
  if (regex !== undefined) {
    try {
      const matcher = compileRegex(decodeRegex(regex).pattern);
      return (name) => matcher.test(name);
    } catch {
      return () => false;
    }
  }
  const text = textValue(pattern);
  if (!isGlob(text)) return (name) => name === unescapeGlob(text);
  const glob = compileGlob(text);
  return (name) => glob.test(name);
}

function where(network: Network, holdsFor: (index: number) => boolean): LayerSet {
  return ofFile(LayerSet.where(network.layers.length, holdsFor), network);
}

/** Without layers that pruning adds, which only their names select. */
function ofFile(set: LayerSet, { added }: Network): LayerSet {
  return added ? set.filter((index) => !added.before.has(index)) : set;
}

function none(network: Network): LayerSet {
  return LayerSet.none(network.layers.length);
}

function only(network: Network, index: number | undefined): LayerSet {
  return LayerSet.of(network.layers.length, index === undefined ? [] : [index]);
}
