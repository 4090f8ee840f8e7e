import type { Container } from '../../engine/formats/carrier.ts';
import { type LayerFormats, type Limit, limitOf } from '../../engine/quantize/limits.ts';
import type { Setting } from '../resolve/fields.ts';
import type { RoleState } from '../resolve/rules.ts';
import type { Held } from './held.ts';

/** Layers that meet a limit, by the words that give the format which the limit is about. */
export interface Limited {
  readonly limit: Limit;
  readonly words: Setting<unknown>;
  readonly formats: LayerFormats;
  readonly layer: string;
  count: number;
}

/** Of the layers that run on codes, those that meet one of the limits (`limitOf`); no layer twice. */
export function limitedLayers(
  { flow, codes, rules, network }: Held,
  limits: readonly Limit[],
  container?: Container,
): readonly Limited[] {
  const { kinds } = codes;
  /** By operator, weights and what is read: most layers are like one before. */
  const answers = new Map<number, Limit | undefined>();
  const found = new Map<Limit, Map<Setting<unknown>, Limited>>();
  const formatsOf = (i: number): LayerFormats => ({
    op: flow.operators[flow.operatorOf[i]!]!,
    activations: kinds[codes.wanted[i]!]!,
    ...(codes.weights[i] !== 0 && { weights: kinds[codes.weights[i]!]! }),
  });
  for (let i = 0; i < flow.layers; i++) {
    if (codes.runs[i] === 0 || codes.written[i] === 0 || flow.reads[i] === 0) continue;
    const { kind } = flow.forms[i]!;
    // What only moves codes takes those that it is given.
    if (kind !== 'compute' && kind !== 'elementwise') continue;
    const key = (flow.operatorOf[i]! * kinds.length + codes.weights[i]!) * kinds.length + codes.wanted[i]!;
    if (!answers.has(key)) answers.set(key, limitOf(limits, formatsOf(i), container));
    const limit = answers.get(key);
    if (!limit) continue;
    const words = decidingWords(limit, rules.states[i]!);
    const byWords = found.get(limit) ?? new Map<Setting<unknown>, Limited>();
    found.set(limit, byWords);
    const known = byWords.get(words);
    if (known) known.count++;
    else byWords.set(words, { limit, words, formats: formatsOf(i), layer: network.layers[i]!.name, count: 1 });
  }
  return [...found.values()].flatMap((byWords) => [...byWords.values()]);
}

/** The words that are to be others. */
function decidingWords(limit: Limit, { weights, inputs, outputs }: RoleUses): Setting<unknown> {
  return limit.blames === 'weights' ? weights.fields.format! : (inputs.fields.format ?? outputs.fields.format)!;
}

type RoleUses = Readonly<Record<'weights' | 'inputs' | 'outputs', RoleState>>;
