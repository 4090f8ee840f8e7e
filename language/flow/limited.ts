import { type LayerFormats, type Limit, limitOf } from '../../engine/quantize/limits.ts';
import type { Setting } from '../resolve/fields.ts';
import type { RoleState } from '../resolve/rules.ts';
import { find, type Vocabulary } from '../vocabulary.ts';
import { constant } from './flow.ts';
import type { Held } from './held.ts';

/** Layers that meet a limit, by the words that give the format which the limit is about. */
export interface Limited {
  readonly limit: Limit;
  readonly words: Setting<unknown>;
  readonly formats: LayerFormats;
  readonly layer: string;
  count: number;
}

/** Of the layers that run on codes, those that meet one of the limits; no layer twice. */
export function limitedLayers(held: Held, limits: readonly Limit[], vocabulary: Vocabulary): readonly Limited[] {
  const { flow, codes, rules, network } = held;
  /** Most layers are like one before: operator, weights' format and scheme, and what they read. */
  const answers = new Map<string, Limit | null>();
  const found = new Map<Limit, Map<Setting<unknown>, Limited>>();
  for (let i = 0; i < flow.layers; i++) {
    const form = flow.forms[i];
    // What only moves codes takes any; what it is given by.
    if (codes.runs[i] === 0 || (form!.kind !== 'compute' && form!.kind !== 'elementwise')) continue;
    if (flow.sources[i]!.every((source) => source === constant)) continue;
    const state = rules.states[i]!;
    const { op } = network.layers[i]!;
    const weights = form!.kind === 'compute' ? state.weights.fields : undefined;
    const key = `${op} ${weights?.format?.value} ${weights?.scheme?.value} ${codes.wanted[i]}`;
    let limit = answers.get(key);
    const formats = (): LayerFormats => ({
      op,
      activations: codes.kinds[codes.wanted[i]!]!,
      ...(weights && { weights: weightsOf(weights, vocabulary) }),
    });
    if (limit === undefined) {
      limit = limitOf(limits, formats()) ?? null;
      answers.set(key, limit);
    }
    if (limit === null) continue;
    const words = decidingWords(limit, state);
    const byWords = found.get(limit) ?? new Map<Setting<unknown>, Limited>();
    found.set(limit, byWords);
    const known = byWords.get(words);
    if (known) known.count++;
    else byWords.set(words, { limit, words, formats: formats(), layer: network.layers[i]!.name, count: 1 });
  }
  return [...found.values()].flatMap((byWords) => [...byWords.values()]);
}

function weightsOf(fields: RoleState['fields'], vocabulary: Vocabulary): LayerFormats['weights'] & object {
  const format = fields.format!.value as string;
  const unsaid = (find(vocabulary.formats, format)?.signed ?? true) ? 'symmetric' : 'affine';
  return { format, scheme: (fields.scheme?.value as string | undefined) ?? unsaid };
}

/** The words that are to be others. */
function decidingWords(limit: Limit, { weights, inputs, outputs }: RoleUses): Setting<unknown> {
  return limit.blames === 'weights' ? weights.fields.format! : (inputs.fields.format ?? outputs.fields.format)!;
}

type RoleUses = Readonly<Record<'weights' | 'inputs' | 'outputs', RoleState>>;
