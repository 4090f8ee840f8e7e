import type { AstNode } from 'langium';
import type { CheckedSpec } from '../context.ts';
import { type AnyRule, isRule } from '../grammar/rules.ts';
import { type ExplainedField, settingText } from '../resolve/explain.ts';
import type { LayerFieldEvent } from '../resolve/layer-fields.ts';
import { hasWeights, resolvePrune } from '../resolve/prune.ts';
import { resolveTrain } from '../resolve/train.ts';
import { fileNetwork } from '../selectors/network.ts';
import type { Overrides } from './owners.ts';

interface Said {
  /** Statement or rule of the block. */
  readonly item: AstNode;
  /** As the language writes it. */
  readonly value: string;
}

/** What a rule of a `prune` or `train` block takes from statements before it, and what those after it take from the rule. */
export function fieldOverridesOf(rule: AnyRule, spec: CheckedSpec): Overrides {
  const current = new Map<string, Said>();
  const before = new Map<string, Said | undefined>();
  const own = new Map<string, string>();
  replay(rule, spec, ({ statement, layer, field, setting, lockedAt }) => {
    if (lockedAt) return;
    const key = `${layer} ${field}`;
    const item = itemOf(statement);
    const value = setting ? settingText(field as ExplainedField, setting.value) : 'default';
    if (item === rule) {
      if (!before.has(key)) before.set(key, current.get(key));
      own.set(key, value);
    }
    current.set(key, { item, value });
  });
  const [taken, lost] = [new Counts(), new Counts()];
  for (const [key, value] of own) {
    const field = key.slice(key.indexOf(' ') + 1) as ExplainedField;
    const [earlier, final] = [before.get(key), current.get(key)];
    if (earlier && earlier.value !== value)
      taken.add({ item: earlier.item, field, before: earlier.value, after: value });
    if (final && final.item !== rule && final.value !== value)
      lost.add({ item: final.item, field, before: value, after: final.value });
  }
  return { taken: taken.list, lost: lost.list };
}

/** Tells of every field of a layer that the rule's block sets, in the order of the file; of layers only that have something to set. */
function replay(rule: AnyRule, spec: CheckedSpec, tell: (event: LayerFieldEvent) => void): void {
  const { vocabulary, definitions } = spec;
  const network = spec.network && fileNetwork(spec.network);
  if (!network) return;
  const prunes = rule.$container.$type === 'PruneBlock';
  const concerns = network.layers.map((layer) => (prunes ? hasWeights(layer) : layer.parameters > 0));
  const told = (event: LayerFieldEvent) => concerns[event.layer] && tell(event);
  if (prunes) resolvePrune(definitions.prune?.items ?? [], network, vocabulary, told);
  else resolveTrain(definitions.train?.items ?? [], network, told);
}

function itemOf(statement: AstNode): AstNode {
  const around = statement.$container;
  return around && isRule(around) ? around : statement;
}

type Override = Overrides['taken'][number];

/** The same said of many layers, counted. */
class Counts {
  readonly #found = new Map<AstNode, Map<string, Override>>();

  add(one: Omit<Override, 'layers'>): void {
    const same = this.#found.get(one.item) ?? new Map<string, Override>();
    this.#found.set(one.item, same);
    const key = `${one.field} ${one.before} → ${one.after}`;
    same.set(key, { ...one, layers: (same.get(key)?.layers ?? 0) + 1 });
  }

  get list(): readonly Override[] {
    return [...this.#found.values()].flatMap((same) => [...same.values()]);
  }
}
