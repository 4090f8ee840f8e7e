import type { PoolGeometry } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { intAttribute } from '../../operators/shared/attributes.ts';
import type { Declined, Lower, Lowering } from '../lowering.ts';
import { channelsLastOrder } from '../order.ts';
import { window } from './window.ts';

/** MaxPool and AveragePool over one or two spatial axes, channels-last. */
export function lowerPool(kind: 'max' | 'average'): Lower {
  return (node, lowering) => {
    const [x] = node.inputs as [string];
    const input = lowering.type(x);
    const rank = input.dims.length;
    if (rank !== 3 && rank !== 4) return `no kernel for ${rank - 2} spatial axes`;
    if (node.outputs[1]) return 'no kernel gives the indices of the maxima';
    const codes = input.dtype === 'uint8' || input.dtype === 'int8';
    if (input.dtype !== 'float32' && !(codes && kind === 'max')) return `no kernel for ${input.dtype}`;
    const geometry = poolGeometry(node, lowering);
    const order = channelsLastOrder(rank);
    const source = lowering.input(x, order);
    const target = lowering.output(0, order);
    const countIncludePad = intAttribute(node, 'count_include_pad', 0) !== 0;
    lowering.emit({
      kernel: codes ? 'qmaxPool' : `${kind}Pool`,
      reads: [source],
      writes: [target],
      build: (workspace, at) => {
        const ends = { geometry, input: at(source), output: at(target) };
        if (codes) return workspace.qmaxPool({ ...ends, type: input.dtype === 'uint8' ? 'u8' : 's8' });
        return kind === 'max' ? workspace.maxPool(ends) : workspace.averagePool({ ...ends, countIncludePad });
      },
    });
    return undefined;
  };
}

export function poolGeometry(node: GraphNode, lowering: Lowering): PoolGeometry {
  const input = lowering.type(node.inputs[0]!).dims;
  const output = lowering.type(node.outputs[0]!).dims;
  const { height, width, outputHeight, outputWidth, kernel, strides, dilations, pads } = window(
    node,
    input,
    output,
    undefined,
  );
  return {
    batch: input[0]!,
    inputHeight: height,
    inputWidth: width,
    channels: input[1]!,
    outputHeight,
    outputWidth,
    kernel,
    strides,
    dilations,
    pads,
  };
}

/** GlobalAveragePool and GlobalMaxPool over any number of spatial axes. */
export function lowerGlobalPool(kind: 'average' | 'max'): Lower {
  return (node, lowering): Declined => {
    const [x] = node.inputs as [string];
    const { dtype, dims } = lowering.type(x);
    if (dtype !== 'float32') return `no kernel for ${dtype}`;
    if (dims.length < 3) return 'there is no spatial axis';
    const order = channelsLastOrder(dims.length);
    const source = lowering.input(x, order);
    const target = lowering.output(0, order);
    const [batch, channels, ...spatial] = dims as [number, number, ...number[]];
    lowering.emit({
      kernel: 'globalPool',
      reads: [source],
      writes: [target],
      build: (workspace, at) =>
        workspace.globalPool({
          kind,
          batch,
          channels,
          pixels: spatial.reduce((a, b) => a * b, 1),
          input: at(source),
          output: at(target),
        }),
    });
    return undefined;
  };
}
