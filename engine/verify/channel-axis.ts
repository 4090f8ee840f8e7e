import type { Finding } from '../findings.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { describe, intAttribute } from '../operators/shared/attributes.ts';

/**
 * Weights whose scales lie along another axis than the one that runtimes take for granted. Fused kernels apply per-channel
 * scales along the output channels whatever the file says, so such a model runs, silently wrong, as soon as the number
 * of scales fits that axis too (a square weight). Comparing optimisation levels shows it only when the error is large.
 */
export function channelAxisFindings(graph: Graph): Finding[] {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  return graph.nodes.flatMap((node) => {
    const weight = producers.get(node.inputs[1] ?? '');
    if (node.domain !== '' || weight?.op !== 'DequantizeLinear') return [];
    const rank = graph.types.get(node.inputs[1]!)?.dims?.length;
    const scale = graph.types.get(weight.inputs[1]!)?.dims;
    const wanted = rank === undefined ? undefined : outputChannelAxis(node, rank);
    if (wanted === undefined || rank === undefined || scale?.length !== 1 || scale[0] === 1) return [];
    const given = intAttribute(weight, 'axis', 1);
    const axis = given < 0 ? given + rank : given;
    if (axis === wanted) return [];
    return [
      {
        code: 'verify/channel-axis',
        severity: 'warning',
        what: `The weight of ${describe(node)} has its scales along axis ${axis}; its output channels are axis ${wanted}.`,
        why: 'Optimised runtimes apply the scales to the output channels all the same and compute something else than the file says.',
        fix: `Write the scales along axis ${wanted}.`,
      },
    ];
  });
}

/** Axis of a weight that holds the output channels (the per-channel axis of ONNX Runtime's quantised kernels). */
function outputChannelAxis(node: GraphNode, rank: number): number | undefined {
  switch (node.op) {
    case 'Conv':
      return 0;
    case 'ConvTranspose':
      return 1;
    case 'Gemm':
      return intAttribute(node, 'transB', 0) ? 0 : 1;
    case 'MatMul':
      return rank - 1;
    default:
      return undefined;
  }
}
