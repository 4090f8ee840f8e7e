import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { broadcastOffsets, broadcastShape } from '../shared/broadcast.ts';
import { binaryOperator, unaryOperator } from '../shared/elementwise.ts';

/** Comparisons and logic: outputs are bool. */
const flag = (condition: boolean) => (condition ? 1 : 0);
const wideFlag = (condition: boolean) => (condition ? 1n : 0n);

const numericEqual = binaryOperator('Equal', (a, b) => flag(a === b), {
  output: 'bool',
  wide: (a, b) => wideFlag(a === b),
});
export const equal: Operator = {
  ...numericEqual,
  evaluate(node, inputs, context) {
    const [a, b] = inputs;
    return a!.dtype === 'string' ? [equalTexts(a!, b!)] : numericEqual.evaluate!(node, inputs, context);
  },
};

function equalTexts(a: Tensor, b: Tensor): Tensor {
  const dims = broadcastShape([a.dims, b.dims]);
  const left = broadcastOffsets(a.dims, dims);
  const right = broadcastOffsets(b.dims, dims);
  const data = new Uint8Array(elementCount(dims));
  for (let i = 0; i < data.length; i++)
    data[i] = flag((a.data as string[])[left?.[i] ?? i] === (b.data as string[])[right?.[i] ?? i]);
  return { dtype: 'bool', dims, data };
}

export const greater = binaryOperator('Greater', (a, b) => flag(a > b), {
  output: 'bool',
  wide: (a, b) => wideFlag(a > b),
});
export const greaterOrEqual = binaryOperator('GreaterOrEqual', (a, b) => flag(a >= b), {
  output: 'bool',
  wide: (a, b) => wideFlag(a >= b),
  from: 12,
});
export const less = binaryOperator('Less', (a, b) => flag(a < b), { output: 'bool', wide: (a, b) => wideFlag(a < b) });
export const lessOrEqual = binaryOperator('LessOrEqual', (a, b) => flag(a <= b), {
  output: 'bool',
  wide: (a, b) => wideFlag(a <= b),
  from: 12,
});

export const and = binaryOperator('And', (a, b) => a & b, { output: 'bool' });
export const or = binaryOperator('Or', (a, b) => a | b, { output: 'bool' });
export const xor = binaryOperator('Xor', (a, b) => a ^ b, { output: 'bool' });
export const not = unaryOperator('Not', (x) => flag(x === 0));
