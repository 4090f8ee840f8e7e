import { type Flow, flowOf } from '../flow/flow.ts';
import { headOf } from '../grammar/heads.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { readFields } from '../resolve/fields.ts';
import { groupsOf } from '../resolve/rules.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
import type { Network } from '../selectors/network.ts';
import { float } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { plural } from './remarks.ts';

/** Layers that have a part in quantisation by their operator, and not as this model uses it. */
export const ruleShouldQuantize: Check = {
  code: 'rule/stays-float',
  severity: 'information',
  section: 'rules',
  what: 'A rule gives formats to layers that stay float whatever it says: a product whose weight the model computes, a pooling over three axes. It is a warning where that is all that it matches. Or one to activations of layers of which weights alone are held in codes: recurrent ones, transposed convolutions, convolutions over three axes.',
  why: 'Integer kernels know these operators in some forms alone: the finding says what is in the way.',
  fix: 'Leave these layers out of the rule, or the rule out of the spec.',
  example: 'quantize { layers op ConvTranspose { weights int8  activations uint8 } }',
  needs: 'model',
  *remarks({ rules, network, model, definitions, vocabulary }) {
    if (!rules || !network || !model) return;
    const flow = flowOf(model);
    for (const { rule, layers } of rules.matches) {
      if (rule.keep || rule.items.every(({ format }) => !format)) continue;
      const { floats, weightOnly, others } = floatsIn(layers, flow, network);
      const activations = rule.items.find(
        ({ role, format }) =>
          groupsOf(role).some((group) => group === 'inputs' || group === 'outputs') &&
          (readFields(format, definitions.formats, vocabulary).format?.value ?? float) !== float,
      );
      const [held] = activations ? weightOnly : [];
      if (activations && held !== undefined) {
        const { name, op } = network.layers[held]!;
        const { reason } = flow.weightOnly[held]!;
        yield {
          what:
            weightOnly.length === 1
              ? `${op} ${shown(name)}, which this rule matches, keeps its activations float: ${reason}.`
              : `${plural(weightOnly.length, 'layer')} that this rule matches keep their activations float, such as ${op} ${shown(name)}: ${reason}.`,
          fix: 'Say `weights` alone of them.',
          range: rangeOf(activations),
        };
      }
      const [first] = floats;
      if (first === undefined) continue;
      const { name, op } = network.layers[first]!;
      yield {
        ...(others ? {} : { severity: 'warning' }),
        what:
          floats.length === 1
            ? `${op} ${shown(name)}, which this rule matches, stays float: ${reasonOf(first, flow)}.`
            : `${plural(floats.length, 'layer')} that this rule matches stay float, such as ${op} ${shown(name)}: ${reasonOf(first, flow)}.`,
        fix: others ? 'Nothing, if the others are what the rule is for.' : 'Remove the rule, or select other layers.',
        range: headOf(rule).range,
      };
    }
  },
};

const reasonOf = (layer: number, { reasons, weightOnly }: Flow) => reasons[layer] ?? weightOnly[layer]?.reason;

interface Floats {
  readonly floats: readonly number[];
  /** Those whose weights alone are in codes. */
  readonly weightOnly: readonly number[];
  /** Some of the others can be quantised. */
  readonly others: boolean;
}

/** Sets of layers are remembered by their selectors, so most rules are looked at once and not at every keystroke. */
const known = new WeakMap<LayerSet, Floats>();

function floatsIn(layers: LayerSet, flow: Flow, network: Network): Floats {
  const found = known.get(layers);
  if (found) return found;
  const floats: number[] = [];
  const weightOnly: number[] = [];
  let others = false;
  for (const index of layers) {
    const held = flow.weightOnly[index]?.held;
    if (held) weightOnly.push(index);
    if (!held && reasonOf(index, flow) !== undefined) floats.push(index);
    else if (network.layers[index]!.quantization !== null) others = true;
  }
  floats.sort((a, b) => a - b);
  weightOnly.sort((a, b) => a - b);
  const split = { floats, weightOnly, others };
  known.set(layers, split);
  return split;
}
