import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount } from '../../tensor.ts';
import { describe, floatAttribute, stringAttribute } from '../shared/attributes.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { costCount, costDims, inputType, requireRank, unifyDimension } from '../shared/types.ts';
import { inQonnxDomains } from './quantizer.ts';

/**
 * out_scale · (number of thresholds that x reaches) + out_bias. Inputs: x, thresholds [channels or 1, steps], ascending;
 * the channels of x lie where `data_layout` has its C.
 */
export const multiThreshold = inQonnxDomains({
  op: 'MultiThreshold',
  infer(node, context) {
    const x = inputType(node, 0, context);
    const thresholds = inputType(node, 1, context);
    requireRank(node, 'The input', x, 2, 8);
    requireRank(node, 'The thresholds', thresholds, 2);
    if (x.dims !== undefined && thresholds.dims !== undefined && thresholds.dims[0] !== 1)
      unifyDimension(
        node,
        'The channels of input and thresholds',
        x.dims[channelAxis(node, x.dims)],
        thresholds.dims[0],
      );
    return [x];
  },
  evaluate(node, [x, thresholds]) {
    const axis = channelAxis(node, x!.dims);
    const inner = elementCount(x!.dims.slice(axis + 1));
    const [rows, steps] = thresholds!.dims as [number, number];
    const values = numbersOf(x!);
    const levels = numbersOf(thresholds!);
    const scale = floatAttribute(node, 'out_scale', 1);
    const bias = floatAttribute(node, 'out_bias', 0);
    const out = Float64Array.from({ length: values.length }, (_, i) => {
      const row = rows === 1 ? 0 : Math.floor(i / inner) % rows;
      let reached = 0;
      for (let step = 0; step < steps; step++) if (values[i]! >= levels[row * steps + step]!) reached++;
      return scale * reached + bias;
    });
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  cost(node, context) {
    const steps = costDims(context.type(node.inputs[1] ?? '')?.dims)[1] ?? 1;
    return { macs: 0, operations: costCount(context.type(node.inputs[0] ?? '')?.dims) * steps };
  },
});

function channelAxis(node: GraphNode, dims: readonly Dimension[]): number {
  const layout = stringAttribute(node, 'data_layout', 'NCHW');
  if (!/^N[CHW]+$/.test(layout)) fail('model/attribute', `The data_layout of ${describe(node)} is “${layout}”.`);
  return layout.endsWith('C') ? dims.length - 1 : 1;
}
