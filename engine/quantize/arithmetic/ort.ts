import { roundHalfEven } from '../../formats/rounding.ts';
import { type ArithmeticKind, int32Accumulator } from './arithmetic.ts';

const { fround } = Math;

/** ONNX Runtime: float32 multiplier, rounded half to even. What an exported QDQ model computes after fusion. */
export const ort: ArithmeticKind = {
  name: 'ort',
  title: 'ONNX Runtime',
  description: 'Rescales by a float32 multiplier and rounds half to even, as ONNX Runtime does.',
  accumulator: int32Accumulator,
  rescale: (a, b, c) => ({ multiplier: fround(fround(a * b) / c), shift: 0, preShift: 0 }),
  apply: (accumulator, { multiplier }) => roundHalfEven(fround(fround(accumulator) * multiplier)),
  add: (scales) => (a, b) => roundHalfEven(fround(fround(fround(a * scales.a) + fround(b * scales.b)) / scales.output)),
};
