import { lowerResize } from '../../executor/lowerings/resize.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import {
  describe,
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  missing,
  stringAttribute,
} from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { integersOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { constantInput, costCount, dimensionInput, inputType, normalizeAxes, valueType } from '../shared/types.ts';
import { type AxisPlan, interpolate, type Sampling } from './interpolation.ts';

/** What the node asks for, before the input's size is known. */
interface Request {
  readonly axes: readonly number[];
  readonly scales: readonly number[] | undefined;
  readonly sizes: readonly Dimension[] | undefined;
}

/**
 * Resampling along any axes by nearest, linear or cubic interpolation. Operator set 10 and Upsample map coordinates by
 * x / scale and take the nearest below; since set 11 attributes choose.
 */
export const resize: Operator = {
  op: 'Resize',
  domain: '',
  opsets: [10, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [x];
    const request = inferredRequest(node, context, x.dims.length);
    if (request === undefined) return [valueType(x.dtype, unknownOn(node, x.dims))];
    return [valueType(x.dtype, requestedDims(node, x.dims, request))];
  },
  evaluate(node, inputs, { opset }) {
    const [x] = inputs;
    const [roi, scales, sizes] = opset < 11 ? [undefined, inputs[1], undefined] : inputs.slice(1);
    const request = givenRequest(node, x!.dims.length, scales, sizes);
    return [resized(node, x!, request, roi && filledNumbers(roi), samplingOf(node, opset))];
  },
  cost: (node, context) => ({ macs: 0, operations: 4 * costCount(context.type(node.outputs[0] ?? '')?.dims) }),
  lower: lowerResize,
  quantization: { kind: 'same-scale' },
};

/** Resize's ancestor: scales are an attribute before operator set 9, an input in 9. */
export const upsample: Operator = {
  op: 'Upsample',
  domain: '',
  opsets: [1, 9],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [x];
    const scales = context.opset < 9 ? attributeScales(node) : constantNumbers(node, 1, context);
    if (scales === undefined)
      return [
        valueType(
          x.dtype,
          x.dims.map(() => undefined),
        ),
      ];
    return [valueType(x.dtype, requestedDims(node, x.dims, requestOf(node, x.dims.length, scales, undefined)))];
  },
  evaluate(node, [x, scales], { opset }) {
    const factors = opset < 9 ? attributeScales(node) : filledNumbers(scales);
    return [resized(node, x!, requestOf(node, x!.dims.length, factors, undefined), undefined, samplingOf(node, 10))];
  },
  lower: lowerResize,
  quantization: { kind: 'same-scale' },
};

function attributeScales(node: GraphNode): readonly number[] {
  const both = floatsAttribute(node, 'scales');
  if (both !== undefined) return both;
  const height = floatAttribute(node, 'height_scale');
  const width = floatAttribute(node, 'width_scale');
  return height === undefined || width === undefined ? missing(node, 'scales') : [1, 1, height, width];
}

/** Numbers of a tensor; undefined where it is absent or empty, which means “left out”. */
function filledNumbers(tensor: Tensor | undefined): readonly number[] | undefined {
  return tensor === undefined || tensor.data.length === 0 ? undefined : Array.from(numbersOf(tensor));
}

function constantNumbers(node: GraphNode, index: number, context: InferContext): readonly number[] | undefined {
  return filledNumbers(constantInput(node, index, context));
}

function inferredRequest(node: GraphNode, context: InferContext, rank: number): Request | undefined {
  const sizes = context.opset < 11 ? undefined : dimensionInput(node, 3, context);
  const scales = constantNumbers(node, context.opset < 11 ? 1 : 2, context);
  if (scales === undefined && (sizes === undefined || sizes.length === 0)) return undefined;
  return requestOf(node, rank, scales, scales === undefined ? sizes : undefined);
}

function resizedAxes(node: GraphNode, rank: number): number[] {
  return normalizeAxes(node, intsAttribute(node, 'axes') ?? Array.from({ length: rank }, (_, i) => i), rank);
}

function unknownOn(node: GraphNode, dims: readonly Dimension[]): Dimension[] {
  const axes = new Set(resizedAxes(node, dims.length));
  return dims.map((dim, i) => (axes.has(i) ? undefined : dim));
}

function requestOf(
  node: GraphNode,
  rank: number,
  scales: readonly number[] | undefined,
  sizes: readonly Dimension[] | undefined,
): Request {
  const axes = resizedAxes(node, rank);
  if (scales === undefined && sizes === undefined)
    fail('model/input-missing', `${describe(node)} is given neither scales nor sizes.`);
  if ((scales ?? sizes)!.length !== axes.length)
    fail('model/shape', `${describe(node)} has ${(scales ?? sizes)!.length} scales or sizes for ${axes.length} axes.`);
  if (scales?.some((scale) => !(scale > 0 && scale < 2 ** 31)))
    fail('model/shape', `The scales of ${describe(node)} are [${scales.slice(0, 8).join(', ')}].`);
  return { axes, scales, sizes };
}

/** ⌊size · scale⌋, in float32 as runtimes compute it: 3 · 5/3 is 5. */
function scaledSize(size: number, scale: number): number {
  return Math.floor(Math.fround(size * scale));
}

/** Size and scale of each axis for a concrete input. */
function plan(node: GraphNode, dims: readonly number[], request: Request): { sizes: number[]; scales: number[] } {
  const sizes = [...dims];
  const scales = new Array<number>(dims.length).fill(1);
  if (request.scales !== undefined) {
    request.axes.forEach((axis, i) => {
      scales[axis] = request.scales![i]!;
      sizes[axis] = scaledSize(dims[axis]!, scales[axis]!);
    });
    return { sizes, scales };
  }
  const wanted = request.sizes as readonly number[];
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
  const ratios = request.axes.map((axis, i) => wanted[i]! / dims[axis]!);
  const common =
    policy === 'not_larger' ? Math.min(...ratios) : policy === 'not_smaller' ? Math.max(...ratios) : undefined;
  request.axes.forEach((axis, i) => {
    scales[axis] = common ?? ratios[i]!;
    sizes[axis] = common === undefined ? wanted[i]! : Math.floor(common * dims[axis]! + 0.5);
  });
  return { sizes, scales };
}

function requestedDims(node: GraphNode, dims: readonly Dimension[], request: Request): Dimension[] {
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch' && request.sizes !== undefined) {
    const known = [...request.axes.map((axis) => dims[axis]), ...request.sizes].every((dim) => typeof dim === 'number');
    if (!known) return dims.map((dim, i) => (request.axes.includes(i) ? undefined : dim));
    return dims.map((dim, i) =>
      request.axes.includes(i)
        ? plan(
            node,
            dims.map((d) => (typeof d === 'number' ? d : 1)),
            request,
          ).sizes[i]
        : dim,
    );
  }
  const out = [...dims];
  request.axes.forEach((axis, i) => {
    const dim = dims[axis];
    const scale = request.scales?.[i];
    if (scale === undefined) out[axis] = request.sizes![i];
    else out[axis] = typeof dim === 'number' ? scaledSize(dim, scale) : scale === 1 ? dim : undefined;
  });
  return out;
}

function samplingOf(node: GraphNode, opset: number): Sampling {
  const old = opset < 11;
  const mode = stringAttribute(node, 'mode', 'nearest');
  const method = mode === 'bilinear' || mode === 'trilinear' ? 'linear' : mode;
  if (method !== 'nearest' && method !== 'linear' && method !== 'cubic')
    fail('model/attribute', `The mode of ${describe(node)} is “${mode}”.`);
  return {
    method,
    coordinates: old ? 'asymmetric' : stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel'),
    nearest: old ? 'floor' : stringAttribute(node, 'nearest_mode', 'round_prefer_floor'),
    cubic: floatAttribute(node, 'cubic_coeff_a', -0.75),
    excludeOutside: intAttribute(node, 'exclude_outside', 0) !== 0,
    antialias: intAttribute(node, 'antialias', 0) !== 0,
    extrapolation: floatAttribute(node, 'extrapolation_value', 0),
  };
}

function givenRequest(node: GraphNode, rank: number, scales: Tensor | undefined, sizes: Tensor | undefined): Request {
  return requestOf(node, rank, filledNumbers(scales), sizes && sizes.dims[0] !== 0 ? integersOf(sizes) : undefined);
}

/** What Resize or Upsample does to an input of these dims, for kernels; `scales` and `sizes` as the node is given them. */
export function resizing(
  node: GraphNode,
  opset: number,
  dims: readonly number[],
  scales: Tensor | undefined,
  sizes: Tensor | undefined,
): { readonly axes: readonly AxisPlan[]; readonly sampling: Sampling } {
  const old = node.op === 'Upsample' && opset < 9;
  const request = old
    ? requestOf(node, dims.length, attributeScales(node), undefined)
    : givenRequest(node, dims.length, scales, sizes);
  const planned = plan(node, dims, request);
  const axes = request.axes.map((axis): AxisPlan => {
    return { axis, input: dims[axis]!, output: planned.sizes[axis]!, scale: planned.scales[axis]!, region: [0, 1] };
  });
  return { axes, sampling: samplingOf(node, node.op === 'Upsample' ? 10 : opset) };
}

function resized(
  node: GraphNode,
  x: Tensor,
  request: Request,
  roi: readonly number[] | undefined,
  sampling: Sampling,
): Tensor {
  const { sizes, scales } = plan(node, x.dims, request);
  const crop = sampling.coordinates === 'tf_crop_and_resize';
  if (crop && roi?.length !== 2 * request.axes.length)
    fail('model/shape', `The region of ${describe(node)} needs ${2 * request.axes.length} numbers.`);
  const axes: AxisPlan[] = request.axes.map((axis, i) => ({
    axis,
    input: x.dims[axis]!,
    output: sizes[axis]!,
    scale: scales[axis]!,
    region: crop ? [roi![i]!, roi![i + request.axes.length]!] : [0, 1],
  }));
  const { values, dims } = interpolate(node, numbersOf(x), x.dims, axes, sampling);
  return tensorOf(x.dtype, dims, values);
}
