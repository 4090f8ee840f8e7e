import { lowerLstm } from '../../executor/lowerings/recurrent.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { recurrentCost, recurrentQuantization, recurrentTypes, rowProduct, runRecurrent, type Step } from './cell.ts';

/** Long short-term memory; gates in the order input, output, forget, cell. */
export const lstm: Operator = {
  op: 'LSTM',
  domain: '',
  opsets: [1, newestOpset],
  infer: (node, context) => recurrentTypes(node, context, 4, 2),
  evaluate(node, [x, w, r, bias, lengths, h, c, peepholes]) {
    const coupled = intAttribute(node, 'input_forget', 0) !== 0;
    return runRecurrent(
      node,
      { x: x!, w: w!, r: r!, bias, lengths, initial: [h, c], peepholes },
      4,
      ['sigmoid', 'tanh', 'tanh'],
      coupled ? coupledStep : plainStep,
    );
  },
  lower: lowerLstm,
  cost: recurrentCost,
  quantization: recurrentQuantization,
};

function stepWith(coupled: boolean): Step {
  return (direction, x, [h, c]) => {
    const { hidden, w, r, inputBias, recurrentBias, peepholes: p, clip } = direction;
    const [f, g, out] = direction.activations as [(v: number) => number, (v: number) => number, (v: number) => number];
    const before = Float64Array.from(h!);
    const gate = (row: number) =>
      rowProduct(w, row, x) + rowProduct(r, row, before) + inputBias[row]! + recurrentBias[row]!;
    for (let i = 0; i < hidden; i++) {
      const cell = c![i]!;
      const input = f(clip(gate(i) + (p ? p[i]! * cell : 0)));
      const forget = coupled ? 1 - input : f(clip(gate(2 * hidden + i) + (p ? p[2 * hidden + i]! * cell : 0)));
      const next = forget * cell + input * g(clip(gate(3 * hidden + i)));
      const output = f(clip(gate(hidden + i) + (p ? p[hidden + i]! * next : 0)));
      c![i] = next;
      h![i] = output * out(next);
    }
  };
}

const plainStep = stepWith(false);
const coupledStep = stepWith(true);
