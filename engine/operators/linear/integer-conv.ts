import { lowerConvInteger, lowerQLinearConv } from '../../executor/lowerings/qlinear.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { convolve } from '../shared/convolution.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { centred, requantized } from '../shared/integer.ts';
import { numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { inputType, valueType } from '../shared/types.ts';
import { convolutionCost, convolutionDims, convolutionWindow, outputDims } from './conv.ts';

/** Convolution of 8-bit codes into int32: padding stands for the zero point and contributes nothing. */
function accumulate(
  node: GraphNode,
  x: Tensor,
  xZero: Tensor | undefined,
  w: Tensor,
  wZero: Tensor | undefined,
  bias: Tensor | undefined,
): { dims: number[]; sums: Float64Array } {
  const dims = outputDims(node, x, w);
  const sums = convolve(
    centred(node, x, xZero, 1),
    centred(node, w, wZero, 0),
    bias && numbersOf(bias),
    {
      batch: x.dims[0]!,
      inputChannels: x.dims[1]!,
      outputChannels: w.dims[0]!,
      groups: intAttribute(node, 'group', 1),
    },
    convolutionWindow(node, x, w, dims),
  );
  return { dims, sums };
}

export const convInteger: Operator = {
  op: 'ConvInteger',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [
    valueType('int32', convolutionDims(node, inputType(node, 0, context), inputType(node, 1, context), context)),
  ],
  evaluate(node, [x, w, xZero, wZero]) {
    const { dims, sums } = accumulate(node, x!, xZero, w!, wZero, undefined);
    return [tensorOf('int32', dims, sums)];
  },
  cost: convolutionCost,
  lower: lowerConvInteger,
};

/** Inputs: x, its scale and zero point, w, its scale and zero point, y's scale and zero point, int32 bias. */
export const qlinearConv: Operator = {
  op: 'QLinearConv',
  domain: '',
  opsets: [10, newestOpset],
  infer: (node, context) => [
    valueType(
      inputType(node, 7, context).dtype,
      convolutionDims(node, inputType(node, 0, context), inputType(node, 3, context), context),
    ),
  ],
  evaluate(node, [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias]) {
    const { dims, sums } = accumulate(node, x!, xZero, w!, wZero, bias);
    const weightScales = numbersOf(wScale!);
    const plane = elementCount(dims.slice(2));
    const multipliers = Float64Array.from(weightScales, (scale) =>
      Math.fround(Math.fround(scalarOf(xScale!) * scale) / scalarOf(yScale!)),
    );
    const channel = (index: number) => Math.floor(index / plane) % dims[1]!;
    return [requantized(sums, dims, (i) => multipliers[multipliers.length === 1 ? 0 : channel(i)]!, yZero!)];
  },
  cost: convolutionCost,
  lower: lowerQLinearConv,
};
