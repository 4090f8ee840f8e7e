import { fail } from '../../findings.ts';
import { sigmoidOf } from '../elementwise/unary.ts';
import type { Operator } from '../operator.ts';
import { describe, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, roundTo, tensorOf } from '../shared/numbers.ts';
import { costCount, inputType, requireRank, valueType } from '../shared/types.ts';

/**
 * Depthwise convolution that looks back only: x [batch, channels, length], w [channels, 1, k]. The last k − 1 inputs come
 * out as the state that the next call starts from.
 */
export const causalConvWithState: Operator = {
  op: 'CausalConvWithState',
  domain: '',
  opsets: [27, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const w = inputType(node, 1, context);
    requireRank(node, 'The input', x, 3);
    const taps = w.dims?.[2];
    return [x, valueType(x.dtype, [x.dims?.[0], x.dims?.[1], typeof taps === 'number' ? taps - 1 : undefined])];
  },
  evaluate(node, [x, w, bias, past]) {
    const activation = stringAttribute(node, 'activation', 'none');
    if (!['none', 'silu', 'swish'].includes(activation))
      fail('model/attribute', `The activation of ${describe(node)} is “${activation}”.`);
    const [batch, channels, length] = x!.dims as [number, number, number];
    const taps = w!.dims[2]!;
    const kept = taps - 1;
    const [values, weights] = [numbersOf(x!), numbersOf(w!)];
    const before = past && numbersOf(past);
    const shift = bias && numbersOf(bias);
    const out = new Float64Array(values.length);
    const state = new Float64Array(batch * channels * kept);
    for (let row = 0; row < batch * channels; row++) {
      const channel = row % channels;
      const at = (t: number) => (t >= 0 ? values[row * length + t]! : before ? before[row * kept + kept + t]! : 0);
      for (let t = 0; t < length; t++) {
        let sum = shift ? shift[channel]! : 0;
        for (let i = 0; i < taps; i++) sum += weights[channel * taps + i]! * at(t + i - kept);
        const rounded = roundTo(x!.dtype, sum);
        out[row * length + t] = activation === 'none' ? rounded : rounded * sigmoidOf(rounded);
      }
      for (let i = 0; i < kept; i++) state[row * kept + i] = at(length - kept + i);
    }
    return [tensorOf(x!.dtype, x!.dims, out), tensorOf(x!.dtype, [batch, channels, kept], state)];
  },
  cost(node, context) {
    const taps = inputType(node, 1, context).dims?.[2];
    return { macs: costCount(inputType(node, 0, context).dims) * (typeof taps === 'number' ? taps : 1), operations: 0 };
  },
};
