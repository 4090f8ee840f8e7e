import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension } from '../../tensor.ts';
import { describe, hasAttribute, intAttribute, intsAttribute, missing, stringAttribute } from './attributes.ts';

/** Geometry of convolutions and pools over any number of spatial axes. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Per spatial axis; for `autoPad` SAME they depend on the input's size: `resolvePads`. */
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  readonly autoPad: 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';
  readonly ceil: boolean;
}

/** Positions of a kernel; no network comes near it. */
const tapLimit = 2 ** 22;

/** Reads the window of a node with `spatial` axes. `kernel` is the weight's shape where the attribute may be left out. */
export function windowOf(node: GraphNode, spatial: number, kernel?: readonly Dimension[]): Window {
  const shape = intsAttribute(node, 'kernel_shape') ?? knownKernel(kernel);
  if (shape === undefined) missing(node, 'kernel_shape');
  const list = (name: string, fallback: number, length: number, least: number) => {
    const values = intsAttribute(node, name) ?? new Array<number>(length).fill(fallback);
    if (values.length !== length || !values.every((value) => Number.isSafeInteger(value) && value >= least))
      fail('model/attribute', `Attribute “${name}” of ${describe(node)} is [${values.slice(0, 16).join(', ')}].`, {
        why: `It needs ${length} whole numbers of ${least} or more.`,
      });
    return values;
  };
  const taps = shape.reduce((a, b) => a * b, 1);
  if (shape.length !== spatial || !shape.every((value) => Number.isSafeInteger(value) && value >= 1) || taps > tapLimit)
    fail('model/attribute', `The kernel of ${describe(node)} is [${shape.slice(0, 16).join(', ')}].`, {
      why: `Its input has ${spatial} spatial dimensions, and a kernel at most ${tapLimit} positions.`,
    });
  if (kernel?.some((dim, i) => typeof dim === 'number' && dim !== shape[i]))
    fail('model/shape', `The kernel_shape of ${describe(node)} is not the shape of its weight.`);
  // Cropping by negative pads is allowed by ONNX for Pad, not here.
  const pads = hasAttribute(node, 'pads') ? list('pads', 0, 2 * spatial, 0) : new Array<number>(2 * spatial).fill(0);
  const autoPad = stringAttribute(node, 'auto_pad', 'NOTSET');
  if (autoPad !== 'NOTSET' && autoPad !== 'SAME_UPPER' && autoPad !== 'SAME_LOWER' && autoPad !== 'VALID')
    fail('model/attribute', `Attribute “auto_pad” of ${describe(node)} is “${autoPad}”.`);
  const explicit = autoPad === 'NOTSET';
  return {
    kernel: shape,
    strides: list('strides', 1, spatial, 1),
    dilations: list('dilations', 1, spatial, 1),
    padsBegin: explicit ? pads.slice(0, spatial) : new Array<number>(spatial).fill(0),
    padsEnd: explicit ? pads.slice(spatial) : new Array<number>(spatial).fill(0),
    autoPad,
    ceil: intAttribute(node, 'ceil_mode', 0) !== 0,
  };
}

function knownKernel(kernel: readonly Dimension[] | undefined): number[] | undefined {
  return kernel?.every((dim) => typeof dim === 'number') ? [...(kernel as number[])] : undefined;
}

/** Explicit pads for a concrete input. SAME: output = ceil(input / stride), the odd pixel goes to the named side. */
export function resolvePads(
  window: Window,
  spatialDims: readonly number[],
): { readonly begin: number[]; readonly end: number[] } {
  if (window.autoPad !== 'SAME_UPPER' && window.autoPad !== 'SAME_LOWER')
    return { begin: [...window.padsBegin], end: [...window.padsEnd] };
  const begin: number[] = [];
  const end: number[] = [];
  spatialDims.forEach((size, i) => {
    const stride = window.strides[i]!;
    const extent = (window.kernel[i]! - 1) * window.dilations[i]! + 1;
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
    const small = Math.floor(total / 2);
    begin.push(window.autoPad === 'SAME_UPPER' ? small : total - small);
    end.push(window.autoPad === 'SAME_UPPER' ? total - small : small);
  });
  return { begin, end };
}

/** Number of window positions on one axis. */
export function windowPositions(window: Window, axis: number, size: number): number {
  const stride = window.strides[axis]!;
  if (window.autoPad === 'SAME_UPPER' || window.autoPad === 'SAME_LOWER') return Math.ceil(size / stride);
  const extent = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
  const padded = size + window.padsBegin[axis]! + window.padsEnd[axis]!;
  const steps = (padded - extent) / stride;
  if (!window.ceil) return Math.floor(steps) + 1;
  const count = Math.ceil(steps) + 1;
  // The last window must start inside the input or its leading padding.
  return (count - 1) * stride >= size + window.padsBegin[axis]! ? count - 1 : count;
}

/** Spatial dimensions of the output; symbolic ones stay only where every position yields itself. */
export function windowOutput(node: GraphNode, window: Window, spatialDims: readonly Dimension[]): Dimension[] {
  return spatialDims.map((dim, axis) => {
    if (typeof dim !== 'number') return keepsSize(window, axis) ? dim : undefined;
    const count = windowPositions(window, axis, dim);
    if (!(count >= 1) && dim > 0)
      fail(
        'model/shape',
        `The window of ${describe(node)} is larger than its padded input of ${dim} on spatial axis ${axis}.`,
      );
    return Math.max(0, count);
  });
}

function keepsSize(window: Window, axis: number): boolean {
  if (window.strides[axis] !== 1) return false;
  if (window.autoPad === 'SAME_UPPER' || window.autoPad === 'SAME_LOWER') return true;
  const extent = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
  return window.padsBegin[axis]! + window.padsEnd[axis]! === extent - 1;
}

/** Up to three spatial axes written as three, so that loops have one form. */
export interface Window3 {
  readonly input: readonly [number, number, number];
  readonly output: readonly [number, number, number];
  readonly kernel: readonly [number, number, number];
  readonly strides: readonly [number, number, number];
  readonly dilations: readonly [number, number, number];
  readonly begin: readonly [number, number, number];
}

export function toWindow3(
  node: GraphNode,
  window: Window,
  input: readonly number[],
  output: readonly number[],
): Window3 {
  const rank = input.length;
  if (rank > 3) fail('model/rank', `${describe(node)} has ${rank} spatial dimensions; QSpec runs up to three.`);
  const three = (values: readonly number[], fill: number) =>
    [...new Array<number>(3 - rank).fill(fill), ...values] as unknown as [number, number, number];
  return {
    input: three(input, 1),
    output: three(output, 1),
    kernel: three(window.kernel, 1),
    strides: three(window.strides, 1),
    dilations: three(window.dilations, 1),
    begin: three(resolvePads(window, input).begin, 0),
  };
}
