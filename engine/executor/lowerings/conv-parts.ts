import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor } from '../../tensor.ts';
import type { Lowering } from '../lowering.ts';

interface ConvParts {
  readonly input: ReturnType<Lowering['type']>;
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
}

/** What a convolution in float32 over one or two spatial axes computes with, or why there is no kernel for the node. */
export function floatConvParts(node: GraphNode, lowering: Lowering): ConvParts | string {
  const [x, w, b] = node.inputs as [string, string, string | undefined];
  const input = lowering.type(x);
  const weights = lowering.constant(w);
  const bias = b ? lowering.constant(b) : undefined;
  if (input.dtype !== 'float32') return `no kernel for ${input.dtype}`;
  if (weights?.dtype !== 'float32') return 'the weights are only known while running';
  if (b && bias?.dtype !== 'float32') return 'the bias is only known while running';
  const axes = input.dims.length - 2;
  return axes === 1 || axes === 2 ? { input, weights, bias } : `no kernel for ${axes} spatial axes`;
}
