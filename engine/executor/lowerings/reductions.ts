import type { ReduceFunction } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { floatAttribute, intAttribute, intsAttribute } from '../../operators/shared/attributes.ts';
import { elementCount } from '../../tensor.ts';
import type { Declined, Lower, Lowering } from '../lowering.ts';
import { memoryDims, type Order, plainOrder, sameOrder } from '../order.ts';

const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

/** Softmax and LogSoftmax along one axis wherever it lies; before operator set 13 over all axes from `axis` on. */
export function lowerSoftmax(log: boolean): Lower {
  return (node, lowering): Declined => {
    const [x] = node.inputs as [string];
    const { dtype, dims } = lowering.type(x);
    if (dtype !== 'float32') return `no kernel for ${dtype}`;
    const given = intAttribute(node, 'axis', lowering.opset < 13 ? 1 : -1);
    const axis = given < 0 ? given + dims.length : given;
    if (axis === dims.length) return 'no kernel for rows of one element';
    const isJoint = lowering.opset < 13 && product(dims.slice(axis + 1)) !== 1;
    const source = lowering.input(x, isJoint ? plainOrder(dims.length) : undefined);
    const target = lowering.output(0, source.order);
    const sizes = memoryDims(dims, source.order);
    const at = source.order.indexOf(axis);
    const [outer, length, inner] = isJoint
      ? [product(dims.slice(0, axis)), product(dims.slice(axis)), 1]
      : [product(sizes.slice(0, at)), dims[axis]!, product(sizes.slice(at + 1))];
    lowering.emit({
      kernel: log ? 'logSoftmax' : 'softmax',
      reads: [source],
      writes: [target],
      build: (workspace, place) =>
        workspace.softmax({ log, input: place(source), output: place(target), outer, axis: length, inner }),
    });
    return undefined;
  };
}

/** ReduceMean and its kin over constant axes, in the input's own order. */
export function lowerReduce(fn: ReduceFunction): Lower {
  return (node, lowering): Declined => {
    const [x, axesName] = node.inputs as [string, string?];
    const { dtype, dims } = lowering.type(x);
    if (dtype !== 'float32') return `no kernel for ${dtype}`;
    let given = intsAttribute(node, 'axes');
    if (axesName) {
      const tensor = lowering.constant(axesName);
      if (!tensor) return 'the axes are only known while running';
      given = Array.from(tensor.data as Int32Array, Number);
    }
    if (!given?.length && intAttribute(node, 'noop_with_empty_axes', 0) !== 0) return 'there is nothing to reduce';
    const axes = given?.length ? given.map((axis) => (axis + dims.length) % dims.length) : dims.map((_, axis) => axis);
    const source = lowering.input(x);
    const target = lowering.output(0, reducedOrder(source.order, axes, intAttribute(node, 'keepdims', 1) !== 0));
    lowering.emit({
      kernel: `reduce ${fn}`,
      reads: [source],
      writes: [target],
      build: (workspace, at) =>
        workspace.reduce({
          fn,
          input: at(source),
          output: at(target),
          dims: memoryDims(dims, source.order),
          axes: source.order.flatMap((axis, position) => (axes.includes(axis) ? [position] : [])),
        }),
    });
    return undefined;
  };
}

function reducedOrder(order: Order, axes: readonly number[], keep: boolean): Order {
  if (keep) return order;
  return order.filter((axis) => !axes.includes(axis)).map((axis) => axis - axes.filter((gone) => gone < axis).length);
}

/** ArgMax and ArgMin along an axis wherever it lies; the indices go to the host. */
export function lowerArg(smallest: boolean): Lower {
  return (node, lowering): Declined => {
    const [x] = node.inputs as [string];
    const { dtype, dims } = lowering.type(x);
    if (dtype !== 'float32') return `no kernel for ${dtype}`;
    const given = intAttribute(node, 'axis', 0);
    const axis = given < 0 ? given + dims.length : given;
    // The host wants the other axes in their order; where the axis lies among them is the kernel's affair.
    const isPlain = (order: Order) =>
      sameOrder(
        dims.map((size, own) => (own === axis ? 1 : size)),
        order,
        plainOrder(dims.length),
      );
    const source = lowering.input(x, isPlain(lowering.order(x)) ? undefined : plainOrder(dims.length));
    const sizes = memoryDims(dims, source.order);
    const at = source.order.indexOf(axis);
    const { target, fetch } = lowering.outputOnHost(0, 8);
    lowering.emit({
      kernel: smallest ? 'argMin' : 'argMax',
      reads: [source],
      writes: [target],
      build: (workspace, place) =>
        workspace.arg({
          input: place(source),
          output: place(target),
          outer: product(sizes.slice(0, at)),
          axis: dims[axis]!,
          inner: product(sizes.slice(at + 1)),
          smallest,
          last: intAttribute(node, 'select_last_index', 0) !== 0,
        }),
    });
    fetch();
    return undefined;
  };
}

/** LayerNormalization over the last axes, plain. */
export function lowerLayerNorm(node: GraphNode, lowering: Lowering): Declined {
  const [x, scale, shift] = node.inputs as [string, string, string?];
  const { dtype, dims } = lowering.type(x);
  if (dtype !== 'float32') return `no kernel for ${dtype}`;
  if (node.outputs.slice(1).some((name) => name !== '')) return 'no kernel gives mean and deviation';
  const given = intAttribute(node, 'axis', -1);
  const width = product(dims.slice(given));
  if (elementCount(lowering.type(scale).dims) !== width) return 'the scale is broadcast';
  if (shift && elementCount(lowering.type(shift).dims) !== width) return 'the bias is broadcast';
  const place = (name: string) => lowering.input(name, plainOrder(lowering.type(name).dims.length));
  const source = place(x);
  const factors = place(scale);
  const addends = shift ? place(shift) : undefined;
  const target = lowering.output(0, plainOrder(dims.length));
  lowering.emit({
    kernel: 'layerNorm',
    reads: addends ? [source, factors, addends] : [source, factors],
    writes: [target],
    build: (workspace, at) =>
      workspace.layerNorm({
        input: at(source),
        output: at(target),
        rows: elementCount(dims) / width,
        width,
        scale: at(factors),
        shift: addends && at(addends),
        epsilon: floatAttribute(node, 'epsilon', 1e-5),
      }),
  });
  return undefined;
}

/** BatchNormalization that no Conv took in: one factor and one addend per channel, channels-last. */
export function lowerBatchNorm(node: GraphNode, lowering: Lowering): Declined {
  const [x, ...names] = node.inputs as [string, string, string, string, string];
  const { dtype, dims } = lowering.type(x);
  if (dtype !== 'float32') return `no kernel for ${dtype}`;
  if (node.outputs.slice(1).some((name) => name !== '') || intAttribute(node, 'training_mode', 0) !== 0)
    return 'it is in training mode';
  if (lowering.opset < 9 && intAttribute(node, 'spatial', 1) === 0) return 'it has statistics for every element';
  const constants = names.map((name) => lowering.constant(name)?.data as Float32Array | undefined);
  const [scale, shift, mean, variance] = constants;
  if (!scale || !shift || !mean || !variance) return 'the statistics are only known while running';
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const factor = Float32Array.from(scale, (value, channel) => value / Math.sqrt(variance[channel]! + epsilon));
  const addend = Float32Array.from(shift, (value, channel) => value - mean[channel]! * factor[channel]!);
  const order: Order = dims.length < 3 ? plainOrder(dims.length) : [0, ...dims.slice(2).map((_, i) => i + 2), 1];
  const source = lowering.input(x, order);
  const factors = lowering.data(factor);
  const addends = lowering.data(addend);
  const target = lowering.output(0, order, { overwrite: [source] });
  lowering.emit({
    kernel: 'affine',
    reads: [source, factors, addends],
    writes: [target],
    build: (workspace, at) =>
      workspace.affine({
        input: at(source),
        output: at(target),
        rows: elementCount(dims) / dims[1]!,
        channels: dims[1]!,
        scale: at(factors),
        shift: at(addends),
        clamp: lowering.epilogue.clamp,
      }),
  });
  return undefined;
}
