import type { GraphNode } from '../../graph/graph.ts';
import { nearestPosition, sourceCoordinate } from '../../operators/image/interpolation.ts';
import { resizing } from '../../operators/image/resize.ts';
import type { Declined, Lowering } from '../lowering.ts';
import { elementBytes } from '../operand.ts';
import { channelsLastOrder } from '../order.ts';

/** Resize and Upsample of the spatial axes of an image, nearest or linear; the operator's file maps the coordinates. */
export function lowerResize(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const { dims, dtype } = lowering.type(x);
  const output = lowering.type(node.outputs[0]!).dims;
  if (dims.length !== 4) return `no kernel for ${dims.length - 2} spatial axes`;
  const given = node.op === 'Upsample' || lowering.opset < 11 ? [node.inputs[1], undefined] : node.inputs.slice(2, 4);
  const [scales, sizes] = given.map((name) => (name ? lowering.constant(name) : undefined));
  if (given.some((name, index) => name && ![scales, sizes][index])) return 'the size is only known while running';
  const { axes, sampling } = resizing(node, lowering.opset, dims, scales, sizes);
  if (sampling.method === 'cubic' || sampling.antialias) return 'no kernel for cubic interpolation and antialiasing';
  if (sampling.coordinates === 'tf_crop_and_resize') return 'no kernel for crops';
  if (sampling.method === 'linear' && dtype !== 'float32') return `no kernel interpolates ${dtype}`;
  if (axes.some(({ axis, input, scale, output: size }) => axis < 2 && (scale !== 1 || input !== size))) {
    return 'no kernel resizes batch or channels';
  }
  const positions = (axis: number): Float64Array => {
    const plan = axes.find((candidate) => candidate.axis === axis);
    return Float64Array.from({ length: output[axis]! }, (_, index) => {
      if (!plan) return index;
      const at = sourceCoordinate(node, plan, sampling, index);
      if (sampling.method === 'linear') return at;
      return Math.min(Math.max(nearestPosition(node, sampling, at), 0), plan.input - 1);
    });
  };
  const [rows, columns] = [positions(2), positions(3)];
  const [batch, channels, inputHeight, inputWidth] = dims as [number, number, number, number];
  const order = channelsLastOrder(4);
  // Nearest only moves elements: four channels of codes are as good as one of float32.
  const bytes = elementBytes(dtype)!;
  if (bytes === 1 && channels % 4 !== 0) return 'no kernel for 8-bit images of so few channels';
  const source = lowering.input(x, order);
  const target = lowering.output(0, order);
  const kind = sampling.method === 'linear' ? 'linear' : 'nearest';
  lowering.emit({
    kernel: `resize ${kind}`,
    reads: [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.resize({
        kind,
        batch,
        inputHeight,
        inputWidth,
        channels: (channels * bytes) / 4,
        outputHeight: output[2]!,
        outputWidth: output[3]!,
        input: at(source),
        output: at(target),
        rows,
        columns,
      }),
  });
  return undefined;
}
