import { lowerDynamicQuantizeLinear } from '../../executor/lowerings/qlinear.ts';
import { roundHalfEven } from '../../formats/rounding.ts';
import type { Operator } from '../operator.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inputType, valueType } from '../shared/types.ts';

/** uint8 codes, scale and zero point from the tensor's own range, which is made to hold 0. float32 arithmetic throughout. */
export const dynamicQuantizeLinear: Operator = {
  op: 'DynamicQuantizeLinear',
  domain: '',
  opsets: [11, newestOpset],
  infer: (node, context) => [
    valueType('uint8', inputType(node, 0, context).dims),
    valueType('float32', []),
    valueType('uint8', []),
  ],
  evaluate(_node, [x]) {
    const values = numbersOf(x!);
    let low = 0;
    let high = 0;
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
    const scale = Math.fround(Math.fround(high - low) / 255);
    const clamp = (value: number) => Math.min(255, Math.max(0, value));
    const zero = scale === 0 ? 0 : roundHalfEven(clamp(Math.fround(-low / scale)));
    const codes = new Float64Array(values.length);
    for (let i = 0; i < codes.length; i++)
      codes[i] = clamp(scale === 0 ? zero : roundHalfEven(Math.fround(values[i]! / scale)) + zero);
    return [tensorOf('uint8', x!.dims, codes), tensorOf('float32', [], [scale]), tensorOf('uint8', [], [zero])];
  },
  lower: lowerDynamicQuantizeLinear,
};
