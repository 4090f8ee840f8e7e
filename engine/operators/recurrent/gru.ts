import { lowerGru } from '../../executor/lowerings/recurrent.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { recurrentCost, recurrentQuantization, recurrentTypes, rowProduct, runRecurrent, type Step } from './cell.ts';

/** Gated recurrent unit; gates in the order update, reset, hidden. */
export const gru: Operator = {
  op: 'GRU',
  domain: '',
  opsets: [1, newestOpset],
  infer: (node, context) => recurrentTypes(node, context, 3, 1),
  evaluate(node, [x, w, r, bias, lengths, h]) {
    const resetAfter = intAttribute(node, 'linear_before_reset', 0) !== 0;
    return runRecurrent(
      node,
      { x: x!, w: w!, r: r!, bias, lengths, initial: [h] },
      3,
      ['sigmoid', 'tanh'],
      resetAfter ? resetAfterProduct : resetBeforeProduct,
    );
  },
  lower: lowerGru,
  cost: recurrentCost,
  quantization: recurrentQuantization,
};

function stepWith(resetAfter: boolean): Step {
  return (direction, x, [h]) => {
    const { hidden, w, r, inputBias, recurrentBias, clip } = direction;
    const [f, g] = direction.activations as [(v: number) => number, (v: number) => number];
    const before = Float64Array.from(h!);
    const gate = (row: number) =>
      rowProduct(w, row, x) + rowProduct(r, row, before) + inputBias[row]! + recurrentBias[row]!;
    const update = Float64Array.from({ length: hidden }, (_, i) => f(clip(gate(i))));
    const reset = Float64Array.from({ length: hidden }, (_, i) => f(clip(gate(hidden + i))));
    const kept = before.map((value, i) => value * reset[i]!);
    for (let i = 0; i < hidden; i++) {
      const row = 2 * hidden + i;
      const memory = resetAfter
        ? reset[i]! * (rowProduct(r, row, before) + recurrentBias[row]!)
        : rowProduct(r, row, kept) + recurrentBias[row]!;
      const candidate = g(clip(rowProduct(w, row, x) + inputBias[row]! + memory));
      h![i] = (1 - update[i]!) * candidate + update[i]! * before[i]!;
    }
  };
}

const resetBeforeProduct = stepWith(false);
const resetAfterProduct = stepWith(true);
