import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { DataType, Dimension, Tensor, ValueType } from '../../tensor.ts';
import { type AnyType, formatType, isTensorType, type SequenceType } from '../../value.ts';
import type { InferContext } from '../operator.ts';
import { describe } from './attributes.ts';
import { integersOf, isInteger } from './numbers.ts';

/** Helpers of shape rules: types of inputs, arithmetic of dimensions that may be symbolic, and findings. */

/** Type of a required input, which must be a tensor. The driver infers a node only when all its inputs have a type. */
export function inputType(node: GraphNode, index: number, context: InferContext): ValueType {
  const type = anyInputType(node, index, context);
  if (!isTensorType(type))
    fail('model/type', `Input ${index} of ${describe(node)} is a ${formatType(type)}, not a tensor.`);
  return type;
}

/** Type of a required input that must be a sequence. */
export function sequenceType(node: GraphNode, index: number, context: InferContext): SequenceType {
  const type = anyInputType(node, index, context);
  if (isTensorType(type) || type.kind !== 'sequence')
    fail('model/type', `Input ${index} of ${describe(node)} is ${formatType(type)}, not a sequence.`);
  return type;
}

/** Type of a required input of any kind. */
export function anyInputType(node: GraphNode, index: number, context: InferContext): AnyType {
  const name = node.inputs[index];
  if (name === undefined || name === '')
    fail('model/input-missing', `${describe(node)} lacks its input ${index}.`, {
      fix: 'Export the model again; the file is not a valid ONNX model.',
    });
  const type = context.type(name) ?? context.container(name);
  if (type === undefined) fail('model/input-untyped', `The type of input ${index} of ${describe(node)} is not known.`);
  return type;
}

/** Type of an optional input; undefined where it is left out. */
export function optionalType(node: GraphNode, index: number, context: InferContext): ValueType | undefined {
  return hasInput(node, index) ? inputType(node, index, context) : undefined;
}

export function hasInput(node: GraphNode, index: number): boolean {
  return node.inputs[index] !== undefined && node.inputs[index] !== '';
}

export function hasOutput(node: GraphNode, index: number): boolean {
  return node.outputs[index] !== undefined && node.outputs[index] !== '';
}

/** Tensor of an optional input if it is a constant. */
export function constantInput(node: GraphNode, index: number, context: InferContext): Tensor | undefined {
  return hasInput(node, index) ? context.constant(node.inputs[index]!) : undefined;
}

/** A constant integer input's elements (axes, split, …); undefined where it is absent or not constant. */
export function constantInts(node: GraphNode, index: number, context: InferContext): number[] | undefined {
  requireIntegers(node, index, context);
  const tensor = constantInput(node, index, context);
  return tensor === undefined ? undefined : integersOf(tensor);
}

/** Elements of an integer input (a shape) as far as they are known, unknown ones as undefined. */
export function dimensionInput(
  node: GraphNode,
  index: number,
  context: InferContext,
): readonly Dimension[] | undefined {
  requireIntegers(node, index, context);
  return hasInput(node, index) ? context.dimensions(node.inputs[index]!) : undefined;
}

/** Longest list of axes, sizes or the like; tensors of more dimensions exist nowhere. */
const listLimit = 1024;

/** A list of axes, sizes and the like is a short vector (or a scalar) of integers. */
function requireIntegers(node: GraphNode, index: number, context: InferContext): void {
  const type = optionalType(node, index, context);
  if (type === undefined) return;
  const length = type.dims?.[0];
  if (!isInteger(type.dtype) || (type.dims?.length ?? 1) > 1 || (typeof length === 'number' && length > listLimit))
    fail(
      'model/type',
      `Input ${index} of ${describe(node)} is ${type.dtype} ${formatDims(type.dims)}, not a list of integers.`,
    );
}

/** `ValueType` without a `dims: undefined` member. */
export function valueType(dtype: DataType, dims: readonly Dimension[] | undefined): ValueType {
  return dims === undefined ? { dtype } : { dtype, dims };
}

/** Every dimension a number. */
export function isStatic(dims: readonly Dimension[] | undefined): dims is readonly number[] {
  return dims?.every((dim) => typeof dim === 'number') ?? false;
}

/** Product of dimensions; undefined when one is not a number (zero wins). */
export function product(dims: readonly Dimension[]): number | undefined {
  let count: number | undefined = 1;
  for (const dim of dims) {
    if (dim === 0) return 0;
    count = typeof dim === 'number' && count !== undefined ? count * dim : undefined;
  }
  return count;
}

/** Dimensions for a cost: unknown ones count as 1. */
export function costDims(dims: readonly Dimension[] | undefined): number[] {
  return (dims ?? []).map((dim) => (typeof dim === 'number' ? dim : 1));
}

export function costCount(dims: readonly Dimension[] | undefined): number {
  return costDims(dims).reduce((a, b) => a * b, 1);
}

export function formatDims(dims: readonly Dimension[] | undefined): string {
  return dims === undefined ? '(unknown)' : `[${dims.map((dim) => dim ?? '?').join(', ')}]`;
}

/** An axis in [0, rank). */
export function normalizeAxis(node: GraphNode, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!(Number.isInteger(normal) && normal >= 0 && normal < rank))
    fail('model/axis', `Axis ${axis} of ${describe(node)} is outside of a tensor with ${rank} dimensions.`);
  return normal;
}

export function normalizeAxes(node: GraphNode, axes: readonly number[], rank: number): number[] {
  const normal = axes.map((axis) => normalizeAxis(node, axis, rank));
  if (new Set(normal).size !== normal.length) fail('model/axis', `${describe(node)} names an axis twice.`);
  return normal;
}

/** Requires a rank; unknown rank passes. */
export function requireRank(node: GraphNode, what: string, type: ValueType, least: number, most = least): void {
  const rank = type.dims?.length;
  if (rank !== undefined && (rank < least || rank > most))
    fail(
      'model/rank',
      `${what} of ${describe(node)} has ${rank} dimensions ${formatDims(type.dims)}, not ${least === most ? least : `${least} to ${most}`}.`,
    );
}

/** Two dimensions that must be equal; the more precise one is the result. */
export function unifyDimension(node: GraphNode, what: string, a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number' && a !== b)
    fail('model/shape', `${what} of ${describe(node)} do not agree: ${a} and ${b}.`);
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return a ?? b;
}

/** Type of a required input of texts. */
export function requireText(node: GraphNode, index: number, context: InferContext): ValueType {
  const type = inputType(node, index, context);
  if (type.dtype !== 'string') fail('model/type', `Input ${index} of ${describe(node)} is ${type.dtype}, not string.`);
  return type;
}

/** Requires two inputs to have one element type. */
export function requireSameType(node: GraphNode, a: ValueType, b: ValueType): void {
  if (a.dtype !== b.dtype)
    fail('model/type', `The inputs of ${describe(node)} have different types: ${a.dtype} and ${b.dtype}.`);
}

/** Numpy broadcasting of shapes with symbolic dimensions. */
export function broadcastDims(
  node: GraphNode,
  shapes: readonly (readonly Dimension[] | undefined)[],
): readonly Dimension[] | undefined {
  let out: readonly Dimension[] | undefined = [];
  for (const shape of shapes) {
    if (shape === undefined || out === undefined) return undefined;
    out = broadcastTwo(node, out, shape);
  }
  return out;
}

function broadcastTwo(node: GraphNode, a: readonly Dimension[], b: readonly Dimension[]): readonly Dimension[] {
  const rank = Math.max(a.length, b.length);
  const out: Dimension[] = [];
  for (let i = 0; i < rank; i++) {
    const left = i < rank - a.length ? 1 : a[i - (rank - a.length)];
    const right = i < rank - b.length ? 1 : b[i - (rank - b.length)];
    if (left === 1) out.push(right);
    else if (right === 1 || left === right) out.push(left);
    else if (typeof left === 'number' && typeof right === 'number')
      fail(
        'model/shape',
        `The shapes ${formatDims(a)} and ${formatDims(b)} of ${describe(node)} cannot be broadcast together.`,
      );
    else out.push(typeof left === 'number' ? left : typeof right === 'number' ? right : undefined);
  }
  return out;
}

/** Output of the first input's type and shape: most elementwise operators. */
export function sameAsInput(node: GraphNode, context: InferContext): readonly ValueType[] {
  return [inputType(node, 0, context)];
}
