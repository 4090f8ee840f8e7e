import type { LayerTraining, TrainingPlan } from '../../engine/plan.ts';
import { recipeNumbers } from '../../engine/training/recipe.ts';
import type { Amount, Text, TrainItem, TrainStatement } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { isRule } from '../grammar/rules.ts';
import { numberOf } from '../quantities/quantity.ts';
import { fileNetwork, type Network } from '../selectors/network.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { readCall, type Setting } from './fields.ts';
import {
  type FieldRule,
  type FieldStatement,
  type LayerFieldEvent,
  type LayerFields,
  resolveLayerFields,
} from './layer-fields.ts';

export type TrainField = 'rate' | 'decay' | 'frozen';
export const trainFields: readonly TrainField[] = ['rate', 'decay', 'frozen'];

/** What rules say of layers whose weights stay as they are: `keep frozen`. */
export const frozen = 'frozen';
export const defaultTemperature = 1;

/** What layers have of their own. What the block says of all of them is the recipe's, not theirs. */
export function resolveTrain(
  items: readonly TrainItem[],
  network: Network,
  tell?: (event: LayerFieldEvent) => void,
): LayerFields<TrainField> {
  const read = items.flatMap((item): (FieldStatement | FieldRule)[] => {
    if (item.$type === 'TrainStatement') return perLayer(item.key?.text) || item.all ? [statementOf(item)] : [];
    if (!isRule(item)) return [];
    const kept = item.keep && { node: item, sets: { frozen: { value: true, range: rangeOfProperty(item, 'keep') } } };
    return [{ rule: item, statements: [...(kept ? [kept] : []), ...item.items.map(statementOf)] }];
  });
  return resolveLayerFields(read, trainFields, network, tell);
}

function perLayer(key: string | undefined): boolean {
  return recipeNumbers.some((number) => number.name === key && number.perLayer);
}

function statementOf(node: TrainStatement): FieldStatement {
  const value = numberIn(node);
  return {
    node,
    // A rate of its own is how a layer that was frozen for all is trained again.
    sets:
      value !== undefined && perLayer(node.key?.text)
        ? { [node.key!.text]: value, ...(node.key!.text === 'rate' && { frozen: { ...value, value: false } }) }
        : {},
    ...(node.lock && { lock: rangeOf(node) }),
    ...(node.all && { all: true }),
  };
}

export function amountValue(amount: Amount | undefined): number {
  return numberOf(amount) * (amount?.percent ? 0.01 : 1);
}

/** Undefined where the word or its number makes no sense; a check has said so. */
function numberIn({ key, value }: TrainStatement): Setting<number> | undefined {
  const word = recipeNumbers.find(({ name }) => name === key?.text);
  const number = amountValue(value);
  const fits = word && number >= word.min && number <= word.max && (!word.whole || Number.isSafeInteger(number));
  return fits ? { value: number, range: rangeOf(value) } : undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function trainingPlanOf(
  items: readonly TrainItem[],
  { fields }: LayerFields<TrainField>,
  network: Network,
  vocabulary: Vocabulary,
  absolute: (path: Text) => string,
): TrainingPlan {
  const plan: Mutable<TrainingPlan> = { seed: 0, nodes: {} };
  for (const item of items) {
    if (item.$type === 'TrainStatement') {
      const number = numberIn(item);
      if (number) (plan as Record<string, unknown>)[item.key!.text] = number.value;
    } else if (item.$type === 'TrainCall') {
      const words = item.kind === 'optimizer' ? vocabulary.optimizers : vocabulary.schedules;
      const call = readCall(item.call, words);
      if (call) plan[item.kind] = call.value;
    } else if (item.$type === 'TrainData') {
      if (item.name) plan.data = item.name.text;
    } else if (item.$type === 'TrainDistil') {
      plan.distil = {
        share: item.share ? amountValue(item.share) : 1,
        temperature: item.temperature ? numberOf(item.temperature) : defaultTemperature,
        ...(item.teacher && { teacher: absolute(item.teacher) }),
      };
    }
  }
  const nodes = fileNetwork(network).layers.flatMap((layer, index) => {
    const own = layerTraining(fields[index]!, plan);
    return own && layer.parameters > 0 ? [[layer.name, own] as const] : [];
  });
  return { ...plan, nodes: Object.fromEntries(nodes) };
}

/** Undefined where the layer has nothing that the recipe does not say of all. */
function layerTraining(
  { rate, decay, frozen: kept }: LayerFields<TrainField>['fields'][number],
  plan: Pick<TrainingPlan, 'rate' | 'decay'>,
): LayerTraining | undefined {
  const own: Mutable<LayerTraining> = { origin: {} };
  const origin: Mutable<LayerTraining['origin']> = {};
  if (rate && rate.value !== plan.rate) {
    own.rate = rate.value as number;
    origin.rate = rate.range;
  }
  if (decay && decay.value !== plan.decay) {
    own.decay = decay.value as number;
    origin.decay = decay.range;
  }
  if (kept?.value === true) {
    own.frozen = true;
    origin.frozen = kept.range;
  }
  return Object.keys(origin).length > 0 ? { ...own, origin } : undefined;
}
