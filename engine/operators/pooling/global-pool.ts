import type { Lower } from '../../executor/lowering.ts';
import { lowerGlobalPool } from '../../executor/lowerings/pool.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount } from '../../tensor.ts';
import type { Operator, QuantizationRole } from '../operator.ts';
import { floatAttribute, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { costCount, inputType, requireRank, valueType } from '../shared/types.ts';

/** Pools over all spatial axes: x [N, C, spatial…] -> [N, C, 1…]. */
function globalPool(
  op: string,
  make: (node: GraphNode) => (values: ArrayLike<number>, from: number, to: number) => number,
  { quantization, lower }: { readonly quantization?: QuantizationRole; readonly lower?: Lower } = {},
): Operator {
  return {
    op,
    domain: '',
    opsets: [1, newestOpset],
    infer(node, context) {
      const x = inputType(node, 0, context);
      requireRank(node, 'The input', x, 2, 8);
      return [
        valueType(
          x.dtype,
          x.dims?.map((dim, i) => (i < 2 ? dim : 1)),
        ),
      ];
    },
    evaluate(node, [x]) {
      const reduce = make(node);
      const values = numbersOf(x!);
      const plane = elementCount(x!.dims.slice(2));
      const dims = x!.dims.map((dim, i) => (i < 2 ? dim : 1));
      const out = Float64Array.from({ length: elementCount(dims) }, (_, i) =>
        reduce(values, i * plane, (i + 1) * plane),
      );
      return [tensorOf(x!.dtype, dims, out)];
    },
    cost: (node, context) => ({ macs: 0, operations: costCount(context.type(node.inputs[0] ?? '')?.dims) }),
    ...(lower && { lower }),
    ...(quantization && { quantization }),
  };
}

export const globalAveragePool = globalPool(
  'GlobalAveragePool',
  () => (values, from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[i]!;
    return sum / (to - from);
  },
  { quantization: { kind: 'elementwise' }, lower: lowerGlobalPool('average') },
);

export const globalMaxPool = globalPool(
  'GlobalMaxPool',
  () => (values, from, to) => {
    let best = -Infinity;
    for (let i = from; i < to; i++) best = Math.max(best, values[i]!);
    return best;
  },
  { quantization: { kind: 'same-scale' }, lower: lowerGlobalPool('max') },
);

export const globalLpPool = globalPool('GlobalLpPool', (node) => {
  // Operator set 1 had a float here.
  const p = node.attributes['p']?.kind === 'float' ? floatAttribute(node, 'p', 2) : intAttribute(node, 'p', 2);
  return (values, from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += Math.abs(values[i]!) ** p;
    return sum ** (1 / p);
  };
});
