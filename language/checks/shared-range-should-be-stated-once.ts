import { isInRule } from '../flow/blame.ts';
import { observerOf } from '../flow/codes.ts';
import { constant } from '../flow/flow.ts';
import { heldIn } from '../flow/held.ts';
import { shown } from '../grammar/messages.ts';
import { type CallValue, type Setting, valueText } from '../resolve/fields.ts';
import type { RoleState, Statement } from '../resolve/rules.ts';
import type { Check } from './check.ts';
import { line, plural } from './remarks.ts';

type Observer = Setting<CallValue>;

/** Tensors of one kind whose range some words are meant for and others decide. */
interface Unheard {
  readonly role: 'inputs' | 'outputs';
  readonly layer: string;
  readonly own: Observer;
  readonly by: Statement;
  readonly deciding: RoleState;
  count: number;
}

/**
 * Two observers for tensors that are held with one scale: what a Concat joins, what a pool or a Reshape gives on, a Relu and the
 * layer before it, and a tensor that is read as it was written.
 */
export const sharedRangeShouldBeStatedOnce: Check = {
  code: 'rule/shared-scale',
  severity: 'information',
  section: 'rules',
  what: 'Two observers are stated for tensors that share one scale. The finding says which of the two holds; it is a warning where the other has no effect at all.',
  why: 'Concat, pooling, Reshape, Transpose, Max, Min, Resize and the like give back the codes that they read, a Relu folds into the layer before it, and a tensor is read with the range that it was written with.',
  fix: 'Say the same of both, or say it of the layers whose words hold.',
  example:
    'data calibration npz "c.npz"\nquantize {\n  weights int8 activations uint8\n  layers op Flatten { outputs observe mse }\n}',
  needs: 'model',
  *remarks(spec) {
    const held = heldIn(spec);
    if (!held) return;
    const { flow, codes, rules, network } = held;
    const heard = new Set<Observer>();
    const unheard = new Map<Observer, Unheard>();
    const judge = (state: RoleState, slot: number, layer: number, role: Unheard['role']) => {
      const own = state.fields.observer as Observer | undefined;
      if (!own || codes.written[slot] === 0) return;
      const deciding = codes.rangeOf(slot);
      if (deciding.fields.observer === own || valueText(observerOf(deciding)) === valueText(own.value)) {
        heard.add(own);
        return;
      }
      const known = unheard.get(own);
      if (known) known.count++;
      else
        unheard.set(own, { role, layer: network.layers[layer]!.name, own, by: state.by.observer!, deciding, count: 1 });
    };
    for (let i = 0; i < flow.layers; i++) {
      if (codes.runs[i] === 0) continue;
      const { inputs, outputs } = rules.states[i]!;
      judge(outputs, i, i, 'outputs');
      // What only moves codes, and what folds, has no inputs of its own to speak of.
      if (flow.forms[i]!.kind === 'same-scale' || flow.forms[i]!.kind === 'activation') continue;
      const sources = flow.sources[i]!;
      for (let k = 0; k < sources.length; k++) {
        const source = sources[k]!;
        if (source === constant) continue;
        if (codes.readsOwn(i, k)) {
          if (inputs.fields.observer) heard.add(inputs.fields.observer as Observer);
        } else judge(inputs, source, i, 'inputs');
      }
    }
    for (const { role, layer, own, by, deciding, count } of unheard.values()) {
      const idle = !heard.has(own);
      const winner = deciding.by.observer;
      // `activations` is heard where it counts, at the outputs; and what speaks of all layers gives way to a rule without a word.
      if (!idle && (role === 'inputs' ? isOfActivations(by) : !isInRule(by))) continue;
      if (!isInRule(by) && !(idle && !(winner && isInRule(winner)))) continue;
      const tensors =
        count === 1
          ? `The ${role === 'inputs' ? 'input' : 'output'} of ${shown(layer)} shares its`
          : `${plural(count, 'tensor')}, such as the ${role === 'inputs' ? 'input' : 'output'} of ${shown(layer)}, share their`;
      const words = deciding.fields.observer as Observer | undefined;
      yield {
        ...(idle ? { severity: 'warning' } : {}),
        what: `${tensors} scale with others: \`${valueText(observerOf(deciding))}\` (${
          words ? line(words.range) : 'the default'
        }) decides the range, and not this.`,
        why:
          role === 'inputs'
            ? 'A tensor is read with the range that it was written with, unless format or scheme differ.'
            : 'Concat, pools and what only moves codes give on the codes that they read; a Relu or Clip folds into the layer before it.',
        fix: 'Say it of the layers that write the tensor, or leave it out.',
        range: own.range,
      };
    }
  },
};

function isOfActivations(statement: Statement): boolean {
  return statement.$type === 'RoleStatement' && statement.role === 'activations';
}
