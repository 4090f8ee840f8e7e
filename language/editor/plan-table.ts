import type { TextRange } from '../../engine/findings.ts';
import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { Choice, Role } from '../../engine/plan.ts';
import { layersInCodes } from '../../engine/quantized/layers-in-codes.ts';
import type { CheckedSpec } from '../context.ts';
import { type Head, headOf, onOneLine } from '../grammar/heads.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { isRule } from '../grammar/rules.ts';
import { howText } from '../resolve/choice-text.ts';
import { type FieldName, valueText } from '../resolve/fields.ts';
import { prunePlanOf, pruneText } from '../resolve/prune.ts';
import { type RoleGroup, type RoleState, roleGroups, rolesSetBy, type Statement } from '../resolve/rules.ts';
import { blockNumber, type Network } from '../selectors/network.ts';
import { qualifiedOperator } from '../selectors/properties.ts';
import { float } from '../vocabulary.ts';
import { type Planned, plannedOf } from './planned.ts';

/** What a spec decides for every layer of its model, as plain JSON. Layers and rules refer to each other by index. */
export interface PlanTable {
  /** Title of the target that times are estimated for; null: the spec names none. */
  readonly target: string | null;
  /** Joules of the whole, before and after compression; null: no target, or one without a model of energy. */
  readonly energy: readonly [before: number, after: number] | null;
  /** The statements of the `quantize` block in the order of the file. */
  readonly rules: readonly PlanRule[];
  /** What layers get and why, once for all that get it for the same reasons: ten thousand layers have a handful. */
  readonly verdicts: readonly Verdict[];
  /** In topological order. */
  readonly rows: readonly PlanRow[];
  readonly totals: Cost;
  /** What of the figures after is a limit, and why, as the end of a sentence; null: they are those of a run. */
  readonly atMost: string | null;
}

/** From one layer, inclusive, to another, exclusive. */
export type Span = readonly [from: number, to: number];

/** A rule, or a statement about all layers. */
export interface PlanRule {
  /** The rule's head, or the whole statement, on one line. */
  readonly text: string;
  readonly head: TextRange;
  readonly range: TextRange;
  /** A statement that speaks of all layers, outside of any rule. */
  readonly ofAll: boolean;
  /** Layers of which it decides a field. */
  readonly decides: readonly Span[];
  /** Layers of which it sets a field, but a later statement or a lock decides all that it sets. */
  readonly overridden: readonly Span[];
  /** Layers that it matches and that have nothing of what it sets: a format of weights, for a layer without. */
  readonly idle: readonly Span[];
}

/** Why nothing of a layer is quantised. */
export type FloatReason =
  /** The engine does not know the operator. */
  | 'unsupported'
  /** There is no integer form of the operator. */
  | 'no-integer-form'
  /** Neither weights nor float activations. */
  | 'nothing-to-quantize'
  /** No statement names a format. */
  | 'no-format'
  /** The spec says float. */
  | 'kept'
  /** It reads or leaves what the model holds in codes already, and the spec keeps those. */
  | 'in-codes';

export interface Verdict {
  /** Null: the layer has none that are constant, or the spec names no format for them. */
  readonly weights: Formats | null;
  readonly bias: Formats | null;
  /** What is taken out of the weights before: `pattern 2:4 by magnitude`; null: nothing. */
  readonly prune: string | null;
  readonly inputs: Formats | null;
  readonly outputs: Formats | null;
  /** Null: something of the layer is quantised. */
  readonly float: FloatReason | null;
  /** The statements that decide a field which the layer has, in the order of the file. */
  readonly by: readonly Decision[];
  /** The one that a person would look for: the last rule, else what decides the weights, else the activations. */
  readonly decider: number | null;
}

export interface Formats {
  readonly format: string;
  /** `symmetric per-channel`; empty where the format is float. */
  readonly how: string;
  /** `gptq(damp = 0.01)`; empty without. */
  readonly method: string;
}

export interface Decision {
  /** Index of the rule. */
  readonly rule: number;
  /** What it decides, by role: `weights: format, scheme`. */
  readonly what: string;
}

/** Parameters, bytes of weights and, on a target, seconds; before and after compression. */
export interface Cost {
  readonly parameters: readonly [before: number, after: number];
  readonly bytes: readonly [before: number, after: number];
  readonly time: readonly [before: number, after: number] | null;
}

export interface PlanRow extends Cost {
  readonly name: string;
  readonly op: string;
  /** Of the first output: `1×16×16×16`, `?` where unknown; `1×16×16×16 → 1×11×16×16` where channels go. */
  readonly shape: string;
  /** Number of the block that it is part of, as `block N` selects it; null: it is in none. */
  readonly block: number | null;
  /** It has no time of its own: a view, or folded into the layer before. */
  readonly folded: boolean;
  /** Index of its verdict. */
  readonly verdict: number;
}

type Choices = { readonly [K in RoleGroup]?: Choice };

/** Undefined without a model or a `quantize` block. */
export function planTableOf(spec: CheckedSpec): PlanTable | undefined {
  const planned = plannedOf(spec);
  const { network, rules: resolution, prune, definitions, vocabulary } = spec;
  if (!planned || !network || !resolution || !definitions.quantize) return undefined;
  const { plan, target, named, before, after, table } = planned;
  const items = definitions.quantize.items.filter((item): item is Statement => item.$type !== 'ArithmeticStatement');
  const indexOf = new Map(items.map((item, i) => [item, i]));
  const matched = new Map(resolution.matches.map(({ rule, layers }) => [rule as Statement, layers]));
  const speaksOf = items.map((item) => rolesSetBy(item, definitions.formats, vocabulary));
  const outcomes = items.map(() => ({ decides: new Spans(), overridden: new Spans(), idle: new Spans() }));

  const pruned = prune && prunePlanOf(prune, network, vocabulary);
  const inCodes = definitions.quantize.keepsCodes ? layersInCodes(network.layers) : undefined;
  const shapesLeft = new Map(planned.left.layers.map((layer) => [layer.name, shapeText(layer)]));
  const verdicts: Verdict[] = [];
  const known = new Map<string, number>();
  const order = inOrder(network);
  const rows = order.map((i, place): PlanRow => {
    const layer = network.layers[i]!;
    const choices = byGroup(plan.nodes[layer.name] ?? {});
    const gone = pruned?.nodes[layer.name];
    const deciding = decisionsOf(choices, resolution.states[i]!, indexOf);
    const has = Object.keys(choices) as RoleGroup[];
    for (const [r, item] of items.entries()) {
      if (matched.get(item)?.has(i) === false && !deciding.has(r)) continue;
      const outcome = deciding.has(r)
        ? 'decides'
        : has.some((group) => speaksOf[r]!.has(group))
          ? 'overridden'
          : 'idle';
      outcomes[r]![outcome].add(place);
    }
    const own = verdictOf(layer, choices, deciding, items);
    const kept = inCodes?.has(i) ? { float: 'in-codes' as const } : {};
    const verdict = { ...own, ...kept, prune: gone ? pruneText(gone) : null };
    const key = JSON.stringify(verdict);
    const index = known.get(key) ?? verdicts.push(verdict) - 1;
    known.set(key, index);
    return {
      name: layer.name,
      op: qualifiedOperator(layer),
      shape: shapeChange(layer, shapesLeft),
      block: blockNumber(i, network) ?? null,
      parameters: [table.before.parameters[i]!, table.after.parameters[i]!],
      bytes: [table.before.bytes[i]!, table.after.bytes[i]!],
      time: named ? [table.before.time[i]!, table.after.time[i]!] : null,
      folded: before.layers[i]?.folded ?? false,
      verdict: index,
    };
  });

  const total = (pick: (row: PlanRow) => number) => rows.reduce((sum, row) => sum + pick(row), 0);
  return {
    target: named ? target.title : null,
    energy: named && before.energy !== undefined && after.energy !== undefined ? [before.energy, after.energy] : null,
    rules: items.map((item, i) => {
      const head: Pick<Head, 'text' | 'range'> = isRule(item)
        ? headOf(item)
        : { text: onOneLine(item.$cstNode?.text), range: rangeOf(item) };
      const { decides, overridden, idle } = outcomes[i]!;
      return {
        text: shortened(head.text),
        head: head.range,
        range: rangeOf(item),
        ofAll: !isRule(item),
        decides: decides.list,
        overridden: overridden.list,
        idle: idle.list,
      };
    }),
    verdicts,
    rows,
    totals: {
      parameters: [before.parameters, after.parameters],
      bytes: [total(({ bytes }) => bytes[0]), total(({ bytes }) => bytes[1])],
      time: named ? [before.latency, after.latency] : null,
    },
    atMost: limitText(planned),
  };
}

/** Indices of layers in the order in which they run: one that pruning adds stands in front of the one that it was split off. */
function inOrder({ layers, added }: Network): readonly number[] {
  if (!added) return [...layers.keys()];
  const before = new Map(Array.from(added.before, ([index, next]) => [next, index]));
  return [...added.file.layers.keys()].flatMap((index) => {
    const front = before.get(index);
    return front === undefined ? [index] : [front, index];
  });
}

/** What a rule decides of a layer, by index of the rule in the order of the file; fields that float makes meaningless do not count. */
function decisionsOf(
  choices: Choices,
  states: Readonly<Record<RoleGroup, RoleState>>,
  indexOf: ReadonlyMap<Statement, number>,
): Map<number, Map<RoleGroup, FieldName[]>> {
  const found = new Map<number, Map<RoleGroup, FieldName[]>>();
  for (const group of roleGroups) {
    const choice = choices[group];
    if (!choice) continue;
    for (const field of Object.keys(choice.origin) as FieldName[]) {
      if (choice.format === float && field !== 'format') continue;
      const by = states[group].by[field];
      if (!by) continue;
      const container = by.$container;
      const rule = indexOf.get(container.$type === 'QuantizeBlock' ? by : container);
      if (rule === undefined) continue;
      const own = found.get(rule) ?? new Map<RoleGroup, FieldName[]>();
      own.set(group, [...(own.get(group) ?? []), field]);
      found.set(rule, own);
    }
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

function verdictOf(
  layer: LayerSummary,
  choices: Choices,
  deciding: ReadonlyMap<number, ReadonlyMap<RoleGroup, readonly FieldName[]>>,
  items: readonly Statement[],
): Omit<Verdict, 'prune'> {
  const formats = (group: RoleGroup) => formatsOf(choices[group]);
  const rules = [...deciding.keys()];
  const bySpeaking = (group: RoleGroup) => rules.findLast((rule) => deciding.get(rule)!.get(group)?.includes('format'));
  return {
    weights: formats('weights'),
    bias: formats('bias'),
    inputs: formats('inputs'),
    outputs: formats('outputs'),
    float: floatReason(layer, Object.values(choices)),
    by: rules.map((rule) => ({ rule, what: whatText(deciding.get(rule)!) })),
    decider:
      rules.findLast((rule) => isRule(items[rule]!)) ??
      bySpeaking('weights') ??
      bySpeaking('outputs') ??
      bySpeaking('inputs') ??
      null,
  };
}

function floatReason(layer: LayerSummary, choices: readonly Choice[]): FloatReason | null {
  if (choices.some(({ format }) => format !== float)) return null;
  if (choices.length > 0) return 'kept';
  if (layer.quantization === null) return layer.supported ? 'no-integer-form' : 'unsupported';
  const values = [...layer.inputs.filter(({ kind }) => kind !== 'absent'), ...layer.outputs];
  return values.some(({ dtype }) => dtype === null || dtype.startsWith('float') || dtype === 'bfloat16')
    ? 'no-format'
    : 'nothing-to-quantize';
}

/** All inputs of a layer get one choice, all its outputs another. */
function byGroup(roles: Partial<Record<Role, Choice>>): Choices {
  const choices: { -readonly [K in RoleGroup]?: Choice } = {};
  for (const [role, choice] of Object.entries(roles) as [Role, Choice][]) choices[groupOf(role)] ??= choice;
  return choices;
}

function groupOf(role: Role): RoleGroup {
  if (role === 'weight') return 'weights';
  if (role === 'bias') return 'bias';
  return role.startsWith('input') ? 'inputs' : 'outputs';
}

function formatsOf(choice: Choice | undefined): Formats | null {
  if (!choice) return null;
  if (choice.format === float) return { format: float, how: '', method: '' };
  const { format, method } = choice;
  return { format, how: howText(choice), method: method ? valueText(method) : '' };
}

/** Inputs and outputs about which the same is said are activations. */
function whatText(fields: ReadonlyMap<RoleGroup, readonly FieldName[]>): string {
  const texts = new Map([...fields].map(([group, names]) => [group as string, names.join(', ')]));
  const inputs = texts.get('inputs');
  if (inputs !== undefined && inputs === texts.get('outputs')) {
    texts.delete('inputs');
    texts.delete('outputs');
    texts.set('activations', inputs);
  }
  return [...texts].map(([group, names]) => `${group}: ${names}`).join('; ');
}

function shapeText({ outputs }: LayerSummary): string {
  const shape = outputs[0]?.shape;
  if (!shape) return '?';
  return shape.length === 0 ? 'scalar' : shape.map((side) => side ?? '?').join('×');
}

function limitText({ open, atMost }: Planned): string | null {
  if (!atMost) return null;
  if (open.size === 0) return 'what pruning leaves of this network is not known before a run';
  return `weights decide how much of ${open.size} ${open.size === 1 ? 'layer' : 'layers'} is pruned`;
}

/** What pruning leaves of it beside what it is; of a layer that passes fold away, what it is. */
function shapeChange(layer: LayerSummary, left: ReadonlyMap<string, string>): string {
  const [own, after] = [shapeText(layer), left.get(layer.name)];
  return after === undefined || after === own ? own : `${own} → ${after}`;
}

/** A rule may list ten thousand names. */
const longest = 160;

function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Indices that come in order, as spans: most rules match runs of layers, or all. */
class Spans {
  readonly list: [from: number, to: number][] = [];

  add(index: number): void {
    const last = this.list.at(-1);
    if (last?.[1] === index) last[1]++;
    else this.list.push([index, index + 1]);
  }
}
