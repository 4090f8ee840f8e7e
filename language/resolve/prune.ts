import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { NamedCall, PruneAmount, PruneChoice, PrunePlan } from '../../engine/plan.ts';
import type { PruneItem, PruneRank, PruneSetting, PruneStatement } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { isRule } from '../grammar/rules.ts';
import { readQuantity } from '../quantities/quantity.ts';
import type { Network } from '../selectors/network.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { readCall, type Setting, valueText } from './fields.ts';
import {
  type FieldRule,
  type FieldStatement,
  type LayerFieldEvent,
  type LayerFields,
  resolveLayerFields,
} from './layer-fields.ts';

export type PruneField = 'amount' | 'criterion';
export const pruneFields: readonly PruneField[] = ['amount', 'criterion'];

/** What rules say of layers that are to keep all their weights: `keep dense`. */
export const dense = 'dense';

export function resolvePrune(
  items: readonly PruneItem[],
  network: Network,
  vocabulary: Vocabulary,
  tell?: (event: LayerFieldEvent) => void,
): LayerFields<PruneField> {
  const read = items.map((item): FieldStatement | FieldRule => {
    if (!isRule(item)) return statementOf(item, vocabulary);
    const kept = item.keep && {
      node: item,
      sets: { amount: { value: dense, range: rangeOfProperty(item, 'keep') } },
    };
    return {
      rule: item,
      statements: [...(kept ? [kept] : []), ...item.items.map((statement) => statementOf(statement, vocabulary))],
    };
  });
  return resolveLayerFields(read, pruneFields, network, tell);
}

function statementOf(node: PruneStatement, vocabulary: Vocabulary): FieldStatement {
  return {
    node,
    sets: settingOf(node.setting, vocabulary),
    ...(node.lock && { lock: rangeOf(node) }),
    ...(node.all && { all: true }),
  };
}

/** Empty where the setting makes no sense; a check has said so. */
function settingOf(setting: PruneSetting | undefined, vocabulary: Vocabulary): Record<string, Setting<unknown>> {
  if (setting?.$type === 'PruneCriterion') {
    const criterion = readCall(setting.criterion, vocabulary.criteria);
    return criterion ? { criterion } : {};
  }
  const value = setting && amountOf(setting);
  return value ? { amount: { value, range: rangeOf(setting) } } : {};
}

export function amountOf(setting: Exclude<PruneSetting, { $type: 'PruneCriterion' }>): PruneAmount | undefined {
  if (setting.$type === 'PrunePattern') {
    const [kept, of] = [Number(setting.kept ?? Number.NaN), Number(setting.of ?? Number.NaN)];
    const sensible =
      Number.isSafeInteger(kept) && Number.isSafeInteger(of) && kept >= 1 && kept < of && of <= largestGroup;
    return sensible ? { kind: 'pattern', kept, of } : undefined;
  }
  if (setting.$type === 'PruneRank') return rankOf(setting);
  const reading = readQuantity(setting.share, ['ratio']);
  if (reading.kind !== 'value' || reading.value < 0 || reading.value > 1) return undefined;
  return { kind: setting.of === 'channels' ? 'channels' : 'weights', share: reading.value };
}

/** What a rank can be a share of, beside the full rank. */
export const energy = 'energy';

function rankOf({ rank, whole }: PruneRank): PruneAmount | undefined {
  const reading = readQuantity(rank, ['ratio', 'count']);
  if (reading.kind !== 'value' || (whole && whole.text !== energy)) return undefined;
  const { value, unit } = reading;
  const isShare = unit?.measure === 'ratio' || value < 1;
  if (isShare) return value > 0 && value <= 1 ? { kind: 'rank', by: whole ? 'energy' : 'share', value } : undefined;
  return !whole && Number.isSafeInteger(value) ? { kind: 'rank', by: 'count', value } : undefined;
}

/** Of a pattern `N:M`, the most that M can be. */
export const largestGroup = 64;

/** Whether a layer has stored weights that can be pruned. */
export function hasWeights(layer: LayerSummary): boolean {
  return (
    layer.quantization === 'compute' &&
    layer.weightInput !== null &&
    layer.inputs[layer.weightInput]?.kind === 'constant'
  );
}

/** The plan for the layers that have weights; all others are not in it. */
export function prunePlanOf({ fields }: LayerFields<PruneField>, network: Network, vocabulary: Vocabulary): PrunePlan {
  const nodes: [string, PruneChoice][] = [];
  for (const [index, { amount, criterion }] of fields.entries()) {
    const layer = network.layers[index]!;
    if (!amount || amount.value === dense || !hasWeights(layer)) continue;
    nodes.push([
      layer.name,
      {
        amount: amount.value as PruneAmount,
        criterion: (criterion?.value as NamedCall | undefined) ?? { name: vocabulary.criteria[0]!.name, arguments: {} },
        origin: { amount: amount.range, ...(criterion && { criterion: criterion.range }) },
      },
    ]);
  }
  return { nodes: Object.fromEntries(nodes) };
}

/** Whether a spec takes channels or ranks out of layers, which are smaller then. */
export function makesLayersSmaller({ prune }: { readonly prune: LayerFields<PruneField> | undefined }): boolean {
  return !!prune?.fields.some(({ amount }) => {
    const { kind } = (amount?.value ?? {}) as Partial<PruneAmount>;
    return kind === 'channels' || kind === 'rank';
  });
}

/** An amount as the language writes it: `sparsity 50 %`, `pattern 2:4`, `rank 95 % of energy`. */
export function amountText(amount: PruneAmount | typeof dense): string {
  if (amount === dense) return dense;
  if (amount.kind === 'pattern') return `pattern ${amount.kept}:${amount.of}`;
  if (amount.kind !== 'rank')
    return `${amount.kind === 'channels' ? 'channels' : 'sparsity'} ${percentOf(amount.share)}`;
  return `rank ${amount.by === 'count' ? amount.value : percentOf(amount.value)}${amount.by === 'energy' ? ` of ${energy}` : ''}`;
}

function percentOf(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`;
}

/** What a layer loses and, where there is a choice, what decides it: `channels 25 % by magnitude`. */
export function pruneText({ amount, criterion }: PruneChoice): string {
  return amount.kind === 'rank' ? amountText(amount) : `${amountText(amount)} by ${valueText(criterion)}`;
}
