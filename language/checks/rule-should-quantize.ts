import { type Flow, flowOf } from '../flow/flow.ts';
import { headOf } from '../grammar/heads.ts';
import { shown } from '../grammar/messages.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
import type { Network } from '../selectors/network.ts';
import type { Check } from './check.ts';
import { plural } from './remarks.ts';

/** Layers that have a part in quantisation by their operator, and not as this model uses it. */
export const ruleShouldQuantize: Check = {
  code: 'rule/stays-float',
  severity: 'information',
  section: 'rules',
  what: 'A rule gives formats to layers that stay float whatever it says: a ConvTranspose, a convolution over three axes, a product whose weight the model computes. It is a warning where that is all that it matches.',
  why: 'Integer kernels know these operators in some forms alone: the finding says what is in the way.',
  fix: 'Leave these layers out of the rule, or the rule out of the spec.',
  example: 'quantize { layers op ConvTranspose { weights int8 } }',
  needs: 'model',
  *remarks({ rules, network, model }) {
    if (!rules || !network || !model) return;
    const flow = flowOf(model);
    for (const { rule, layers } of rules.matches) {
      if (rule.keep || rule.items.every(({ format }) => !format)) continue;
      const { floats, others } = floatsIn(layers, flow, network);
      const [first] = floats;
      if (first === undefined) continue;
      const { name, op } = network.layers[first]!;
      yield {
        ...(others ? {} : { severity: 'warning' }),
        what:
          floats.length === 1
            ? `${op} ${shown(name)}, which this rule matches, stays float: ${flow.reasons[first]}.`
            : `${plural(floats.length, 'layer')} that this rule matches stay float, such as ${op} ${shown(name)}: ${flow.reasons[first]}.`,
        fix: others ? 'Nothing, if the others are what the rule is for.' : 'Remove the rule, or select other layers.',
        range: headOf(rule).range,
      };
    }
  },
};

interface Floats {
  readonly floats: readonly number[];
  /** Some of the others can be quantised. */
  readonly others: boolean;
}

/** Sets of layers are remembered by their selectors, so most rules are looked at once and not at every keystroke. */
const known = new WeakMap<LayerSet, Floats>();

function floatsIn(layers: LayerSet, flow: Flow, network: Network): Floats {
  const found = known.get(layers);
  if (found) return found;
  const floats: number[] = [];
  let others = false;
  for (const index of layers) {
    if (flow.reasons[index] !== undefined) floats.push(index);
    else if (network.layers[index]!.quantization !== null) others = true;
  }
  floats.sort((a, b) => a - b);
  known.set(layers, { floats, others });
  return { floats, others };
}
