import { clipBounds as kernelBounds, lowerUnary } from '../../executor/lowerings/elementwise.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor } from '../../tensor.ts';
import type { EvaluateContext, Operator } from '../operator.ts';
import { floatAttribute } from '../shared/attributes.ts';
import { mapTensor, mapWide, newestOpset } from '../shared/elementwise.ts';
import { bigintsOf, isWide, scalarOf } from '../shared/numbers.ts';
import { sameAsInput } from '../shared/types.ts';

/** Limits to [min, max]: attributes before operator set 11, optional scalar inputs since. */
export const clip: Operator = {
  op: 'Clip',
  domain: '',
  opsets: [1, newestOpset],
  infer: sameAsInput,
  evaluate(node, inputs, context) {
    const [x, min, max] = inputs;
    if (isWide(x!.dtype)) {
      const low = min && bigintsOf(min)[0];
      const high = max && bigintsOf(max)[0];
      return [
        mapWide(x!, (value) => {
          const raised = low !== undefined && value < low ? low : value;
          return high !== undefined && raised > high ? high : raised;
        }),
      ];
    }
    const [low, high] = clipBounds(node, min, max, context);
    return [mapTensor(x!, (value) => (value < low && low > high ? high : value < low ? low : Math.min(value, high)))];
  },
  lower: lowerUnary('clip', kernelBounds),
  quantization: { kind: 'activation' },
};

function clipBounds(
  node: GraphNode,
  min: Tensor | undefined,
  max: Tensor | undefined,
  { opset }: EvaluateContext,
): readonly [number, number] {
  if (opset < 11) return [floatAttribute(node, 'min', -Infinity), floatAttribute(node, 'max', Infinity)];
  return [min ? scalarOf(min) : -Infinity, max ? scalarOf(max) : Infinity];
}
