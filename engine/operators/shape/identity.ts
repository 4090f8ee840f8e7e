import { lowerIdentity } from '../../executor/lowerings/movement.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { random } from '../shared/random.ts';
import { anyInputType, hasOutput, inputType, valueType } from '../shared/types.ts';

export const identity: Operator = {
  op: 'Identity',
  domain: '',
  opsets: [1, newestOpset],
  infer: (node, context) => [anyInputType(node, 0, context)],
  inferElements: (node, context) => context.dimensions(node.inputs[0] ?? ''),
  evaluate: (_node, [x]) => [x!],
  evaluateValues: (_node, [x]) => [x!],
  lower: lowerIdentity,
  quantization: { kind: 'same-scale' },
};

/** Identity, unless training is asked for: then each element is dropped with probability `ratio` and the rest scaled. */
export const dropout: Operator = {
  op: 'Dropout',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    // Before operator set 10 the mask had the type of the data.
    return hasOutput(node, 1) ? [x, valueType(context.opset < 10 ? x.dtype : 'bool', x.dims)] : [x];
  },
  evaluate(node, [x, ratio, training], { opset, seed }) {
    const active = training !== undefined && scalarOf(training) !== 0;
    const rate = active ? (ratio ? scalarOf(ratio) : 0.5) : 0;
    const mask = dropMask(node, x!, rate, seed);
    const values = numbersOf(x!);
    const y =
      rate === 0
        ? x!
        : tensorOf(
            x!.dtype,
            x!.dims,
            mask.map((kept, i) => (kept * values[i]!) / (1 - rate)),
          );
    return hasOutput(node, 1) ? [y, tensorOf(opset < 10 ? x!.dtype : 'bool', x!.dims, mask)] : [y];
  },
  lower: lowerIdentity,
  quantization: { kind: 'same-scale' },
};

function dropMask(node: GraphNode, x: Tensor, rate: number, seed: number): Float64Array {
  const next = random(intAttribute(node, 'seed', seed));
  const count = x.dims.reduce((a, b) => a * b, 1);
  return Float64Array.from({ length: count }, () => (rate > 0 && next() < rate ? 0 : 1));
}
