import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { Arithmetic, Choice, Plan, Recipe, Role } from '../../engine/plan.ts';
import type { Network } from '../selectors/network.ts';
import { arithmetics, find, float, type Granularity, recipes, type Scheme, type Vocabulary } from '../vocabulary.ts';
import type { Quantize } from './definitions.ts';
import type { CallValue, Setting } from './fields.ts';
import type { RoleGroup, RoleState, RuleResolution } from './rules.ts';

/** What is chosen where a spec is silent. */
export const defaults = {
  observer: { name: 'min-max', arguments: {} },
  arithmetic: 'ort',
  granularity: { weights: 'per-channel', bias: 'per-channel', inputs: 'per-tensor', outputs: 'per-tensor' },
  bias: 'int32',
} as const;

/** What a recipe begins with where a spec is silent: it measures whether something else does better. */
const beginnings: Readonly<Record<Recipe, Silent>> = {
  auto: { observer: { name: 'mse', arguments: {} }, method: { name: 'layer-by-layer', arguments: {} } },
};

interface Silent {
  readonly observer: CallValue;
  /** Of the weights; absent: round to nearest. */
  readonly method?: CallValue;
}

/** The Plan for the layers that have a part in quantisation; all others stay float and are not in it. */
export function planOf(block: Quantize, resolution: RuleResolution, network: Network, vocabulary: Vocabulary): Plan {
  const nodes: [string, Partial<Record<Role, Choice>>][] = [];
  const recipe = recipeOf(block);
  const silent: Silent = recipe ? beginnings[recipe] : defaults;
  for (const [index, layer] of network.layers.entries()) {
    const roles = choicesOf(layer, resolution.states[index]!, vocabulary, silent);
    if (Object.keys(roles).length > 0) nodes.push([layer.name, roles]);
  }
  // fromEntries defines own properties, so that a layer named `__proto__` is a layer like any other.
  return { arithmetic: arithmeticOf(block), ...(recipe && { recipe }), nodes: Object.fromEntries(nodes) };
}

function recipeOf({ recipe }: Quantize): Recipe | undefined {
  return recipes.find((known) => known === recipe?.text);
}

export function arithmeticOf(block: Quantize): Arithmetic {
  const written = block.items.filter((item) => item.$type === 'ArithmeticStatement').at(-1)?.name?.text;
  return arithmetics.find((known) => known === written) ?? defaults.arithmetic;
}

function choicesOf(
  layer: LayerSummary,
  states: Readonly<Record<RoleGroup, RoleState>>,
  vocabulary: Vocabulary,
  silent: Silent,
): Partial<Record<Role, Choice>> {
  const roles: Partial<Record<Role, Choice>> = {};
  if (layer.quantization === null) return roles;
  if (layer.weightInput !== null && layer.inputs[layer.weightInput]?.kind === 'constant') {
    const choice = choiceOf('weights', states.weights, vocabulary, silent);
    if (choice) {
      roles.weight = choice;
      // Folding gives a bias to layers that have none in the file.
      const bias = biasChoice(states.bias, choice, vocabulary);
      if (bias) roles.bias = bias;
    }
  }
  for (const [i, input] of layer.inputs.entries()) {
    if (input.kind !== 'activation' || !isFloat(input.dtype)) continue;
    const choice = choiceOf('inputs', states.inputs, vocabulary, silent);
    if (choice) roles[`input[${i}]`] = choice;
  }
  for (const [i, output] of layer.outputs.entries()) {
    if (output.name === '' || !isFloat(output.dtype)) continue;
    const choice = choiceOf('outputs', states.outputs, vocabulary, silent);
    if (choice) roles[`output[${i}]`] = choice;
  }
  return roles;
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
  const observer = state.fields.observer as Setting<CallValue> | undefined;
  const method = state.fields.method as Setting<CallValue> | undefined;
  // Activations seldom lie evenly around zero; weights do, and signed codes with zero point 0 are what runtimes want of them.
  const activation = group === 'inputs' || group === 'outputs';
  const symmetric = !activation && (find(vocabulary.formats, format.value)?.signed ?? true);
  const chosen =
    format.value === float ? undefined : (method?.value ?? (group === 'weights' ? silent.method : undefined));
  return {
    format: format.value,
    scheme: scheme?.value ?? (symmetric ? 'symmetric' : 'affine'),
    granularity: granularity?.value ?? defaults.granularity[group],
    observer: observer?.value ?? silent.observer,
    ...(chosen ? { method: chosen } : {}),
    ...(state.locks.format ? { locked: true as const } : {}),
    origin: {
      format: format.range,
      ...(scheme ? { scheme: scheme.range } : {}),
      ...(granularity ? { granularity: granularity.range } : {}),
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
    granularity: weight.granularity,
    observer: defaults.observer,
    origin: weight.origin.format ? { format: weight.origin.format } : {},
  };
}
