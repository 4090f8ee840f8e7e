import { granularityOf } from '../../engine/formats/granularity.ts';
import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { Arithmetic, Choice, Plan, Recipe, Role } from '../../engine/plan.ts';
import { layersInCodes } from '../../engine/quantized/layers-in-codes.ts';
import type { Network } from '../selectors/network.ts';
import {
  arithmetics,
  type CodeRangeWord,
  float,
  formatOf,
  type Granularity,
  recipes,
  type Scheme,
  type Vocabulary,
} from '../vocabulary.ts';
import { backendOfBlock } from './backend.ts';
import type { Quantize } from './definitions.ts';
import type { CallValue, Setting } from './fields.ts';
import type { LayerState, RoleGroup, RoleState, RuleResolution } from './rules.ts';

/** What is chosen where a spec is silent. */
export const defaults = {
  observer: { name: 'min-max', arguments: {} },
  arithmetic: 'ort',
  granularity: { weights: 'per-channel', bias: 'per-channel', inputs: 'per-tensor', outputs: 'per-tensor' },
  bias: 'int32',
} as const;

/** What a recipe begins with where a spec is silent: it measures whether something else does better. */
const beginnings: Readonly<Record<Recipe, Silent>> = {
  auto: { observer: { name: 'mse', arguments: {} }, method: { name: 'fisher-rounding', arguments: {} } },
};

interface Silent {
  readonly observer: CallValue;
  /** Of the weights; absent: round to nearest. */
  readonly method?: CallValue;
}

type Roles = Readonly<Partial<Record<Role, Choice>>>;

/**
 * The Plan for the layers that have a part in quantisation; all others stay float and are not in it. Layers of one form about
 * which the same was said share what they get.
 */
export function planOf(block: Quantize, resolution: RuleResolution, network: Network, vocabulary: Vocabulary): Plan {
  const nodes: [string, Roles][] = [];
  const recipe = recipeOf(block);
  const silent: Silent = recipe ? beginnings[recipe] : defaults;
  const made = new Map<LayerState, Map<Form, Roles>>();
  const kept = block.keepsCodes ? layersInCodes(network.layers) : undefined;
  for (const [index, form] of formsOf(network).entries()) {
    if (!form || kept?.has(index)) continue;
    const state = resolution.states[index]!;
    const byForm = made.get(state) ?? new Map<Form, Roles>();
    if (byForm.size === 0) made.set(state, byForm);
    const roles = byForm.get(form) ?? choicesOf(form, state, vocabulary, silent);
    byForm.set(form, roles);
    if (roles !== nothing) nodes.push([network.layers[index]!.name, roles]);
  }
  // fromEntries defines own properties, so that a layer named `__proto__` is a layer like any other.
  const backend = backendOfBlock(block);
  return {
    arithmetic: arithmeticOf(block),
    ...(backend && { backend: backend.name }),
    ...(recipe && { recipe }),
    ...(kept && kept.size > 0 && { keepsCodes: true as const }),
    nodes: Object.fromEntries(nodes),
  };
}

function recipeOf({ recipe }: Quantize): Recipe | undefined {
  return recipes.find((known) => known === recipe?.text);
}

/** What of a layer takes a format. Layers alike have the same object. */
interface Form {
  readonly weighted: boolean;
  /** Its bias is in codes beside its weights. */
  readonly hasBias: boolean;
  readonly roles: readonly (`input[${number}]` | `output[${number}]`)[];
}

const forms = new WeakMap<Network, readonly (Form | undefined)[]>();

/** By layer index; undefined where nothing of a layer can be quantised. */
function formsOf(network: Network): readonly (Form | undefined)[] {
  let known = forms.get(network);
  if (!known) {
    const different = new Map<string, Form>();
    known = network.layers.map((layer) => {
      if (layer.quantization === null) return undefined;
      const form = formOf(layer);
      const key = JSON.stringify(form);
      if (!different.has(key)) different.set(key, form);
      return different.get(key);
    });
    forms.set(network, known);
  }
  return known;
}

function formOf({ inputs, outputs, weightInput, recurrentInput, quantization }: LayerSummary): Form {
  const isStored = (index: number) => inputs[index]?.kind === 'constant';
  const isFull = quantization !== 'weight-only';
  return {
    weighted:
      weightInput !== null && isStored(weightInput) && (recurrentInput === undefined || isStored(recurrentInput)),
    hasBias: isFull,
    roles: !isFull
      ? []
      : [
          ...inputs.flatMap(({ kind, dtype }, i) =>
            kind === 'activation' && isFloat(dtype) ? [`input[${i}]` as const] : [],
          ),
          ...outputs.flatMap(({ name, dtype }, i) => (name !== '' && isFloat(dtype) ? [`output[${i}]` as const] : [])),
        ],
  };
}

export function arithmeticOf(block: Quantize): Arithmetic {
  const written = block.items.filter((item) => item.$type === 'ArithmeticStatement').at(-1)?.name?.text;
  return arithmetics.find((known) => known === written) ?? defaults.arithmetic;
}

const nothing: Roles = {};

function choicesOf(form: Form, state: LayerState, vocabulary: Vocabulary, silent: Silent): Roles {
  const roles: Partial<Record<Role, Choice>> = {};
  const weight = form.weighted ? choiceOf('weights', state.weights, vocabulary, silent) : undefined;
  if (weight) {
    roles.weight = weight;
    // Folding gives a bias to layers that have none in the file.
    const bias = form.hasBias ? biasChoice(state.bias, weight, vocabulary) : undefined;
    if (bias) roles.bias = bias;
  }
  const inputs = choiceOf('inputs', state.inputs, vocabulary, silent);
  const outputs = choiceOf('outputs', state.outputs, vocabulary, silent);
  for (const role of form.roles) {
    const choice = role.startsWith('input') ? inputs : outputs;
    if (choice) roles[role] = choice;
  }
  return Object.keys(roles).length > 0 ? roles : nothing;
}

/** Indices and masks flow through quantised layers too (Gather, TopK); unknown types are given the benefit of the doubt. */
function isFloat(dtype: string | null): boolean {
  return dtype === null || dtype.startsWith('float') || dtype === 'bfloat16';
}

/** Undefined where the spec names no format for the role. */
function choiceOf(
  group: RoleGroup,
  state: RoleState,
  vocabulary: Vocabulary,
  silent: Silent = defaults,
): Choice | undefined {
  const format = state.fields.format as Setting<string> | undefined;
  if (!format) return undefined;
  const scheme = state.fields.scheme as Setting<Scheme> | undefined;
  const granularity = state.fields.granularity as Setting<Granularity> | undefined;
  const scale = state.fields.scale as Setting<string> | undefined;
  const codes = state.fields.codes as Setting<CodeRangeWord> | undefined;
  const observer = state.fields.observer as Setting<CallValue> | undefined;
  const method = state.fields.method as Setting<CallValue> | undefined;
  // Activations seldom lie evenly around zero; weights do, and signed codes with zero point 0 are what runtimes want of them.
  const activation = group === 'inputs' || group === 'outputs';
  const row = formatOf(vocabulary, format.value);
  const symmetric = row === undefined ? !activation : row.kind !== 'integer' || (!activation && row.signed);
  const usual = group === 'weights' ? silent.method : undefined;
  const chosen = format.value === float ? undefined : (method?.value ?? usual);
  return {
    format: format.value,
    scheme: scheme?.value ?? (symmetric ? 'symmetric' : 'affine'),
    granularity: row
      ? granularityOf(row, granularity?.value ?? defaults.granularity[group])
      : defaults.granularity[group],
    ...(scale ? { scale: scale.value } : {}),
    ...(codes ? { codes: codes.value } : {}),
    observer: observer?.value ?? silent.observer,
    ...(chosen ? { method: chosen } : {}),
    ...(state.isFormatLocked ? { locked: true as const } : {}),
    origin: {
      format: format.range,
      ...(scheme ? { scheme: scheme.range } : {}),
      ...(granularity ? { granularity: granularity.range } : {}),
      ...(scale ? { scale: scale.range } : {}),
      ...(codes ? { codes: codes.range } : {}),
      ...(observer ? { observer: observer.range } : {}),
      ...(method && chosen ? { method: method.range } : {}),
    },
  };
}

/** Biases follow the weights: int32 at the product of their scales, unless the spec says otherwise. */
function biasChoice(state: RoleState, weight: Choice, vocabulary: Vocabulary): Choice | undefined {
  const written = choiceOf('bias', state, vocabulary);
  if (written) return written;
  if (weight.format === float) return undefined;
  return {
    format: defaults.bias,
    scheme: 'symmetric',
    granularity: weight.granularity === 'per-tensor' ? 'per-tensor' : 'per-channel',
    observer: defaults.observer,
    origin: weight.origin.format ? { format: weight.origin.format } : {},
  };
}
