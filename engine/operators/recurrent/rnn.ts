import { lowerRnn } from '../../executor/lowerings/recurrent.ts';
import type { Operator } from '../operator.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { recurrentCost, recurrentQuantization, recurrentTypes, rowProduct, runRecurrent } from './cell.ts';

/** Plain recurrent layer: h = f(W·x + R·h + biases). */
export const rnn: Operator = {
  op: 'RNN',
  domain: '',
  opsets: [1, newestOpset],
  infer: (node, context) => recurrentTypes(node, context, 1, 1),
  evaluate: (node, [x, w, r, bias, lengths, h]) =>
    runRecurrent(
      node,
      { x: x!, w: w!, r: r!, bias, lengths, initial: [h] },
      1,
      ['tanh'],
      (direction, input, [state]) => {
        const before = Float64Array.from(state!);
        for (let i = 0; i < direction.hidden; i++) {
          const sum = rowProduct(direction.w, i, input) + rowProduct(direction.r, i, before);
          state![i] = direction.activations[0]!(
            direction.clip(sum + direction.inputBias[i]! + direction.recurrentBias[i]!),
          );
        }
      },
    ),
  lower: lowerRnn,
  cost: recurrentCost,
  quantization: recurrentQuantization,
};
