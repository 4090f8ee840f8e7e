import { lowerSlice } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intsAttribute, missing } from '../shared/attributes.ts';
import { stridedOffsets, stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { pick } from '../shared/movement.ts';
import { integersOf } from '../shared/numbers.ts';
import { constantInts, hasInput, inputType, normalizeAxes, valueType } from '../shared/types.ts';

/** Where a slice begins, ends and steps, per named axis; attributes before operator set 10, inputs since. */
interface Cuts {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[] | undefined;
  readonly steps: readonly number[] | undefined;
}

/** numpy's basic slicing. */
export const slice: Operator = {
  op: 'Slice',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [x];
    const cuts = inferredCuts(node, context);
    if (cuts === undefined) return [valueType(x.dtype, cutUnknown(node, context, x.dims))];
    const ranges = resolve(node, cuts, x.dims);
    return [
      valueType(
        x.dtype,
        ranges.map((range) => range.size),
      ),
    ];
  },
  inferElements(node, context) {
    const elements = context.dimensions(node.inputs[0] ?? '');
    const cuts = inferredCuts(node, context);
    if (elements === undefined || cuts === undefined) return undefined;
    const [range] = resolve(node, cuts, [elements.length]);
    if (range === undefined || typeof range.size !== 'number') return undefined;
    return Array.from({ length: range.size }, (_, i) => elements[range.start + i * range.step]);
  },
  evaluate(node, inputs, { opset }) {
    const x = inputs[0]!;
    const ranges = resolve(node, givenCuts(node, inputs, opset), x.dims);
    const strides = stridesOf(x.dims);
    const start = ranges.reduce((sum, range, i) => sum + range.start * strides[i]!, 0);
    const dims = ranges.map((range) => range.size as number);
    return [
      pick(
        x,
        dims,
        stridedOffsets(
          dims,
          ranges.map((range, i) => range.step * strides[i]!),
          start,
        ),
      ),
    ];
  },
  lower: lowerSlice,
  quantization: { kind: 'same-scale' },
};

function attributeCuts(node: GraphNode): Cuts {
  return {
    starts: intsAttribute(node, 'starts') ?? missing(node, 'starts'),
    ends: intsAttribute(node, 'ends') ?? missing(node, 'ends'),
    axes: intsAttribute(node, 'axes'),
    steps: undefined,
  };
}

function inferredCuts(node: GraphNode, context: InferContext): Cuts | undefined {
  if (context.opset < 10) return attributeCuts(node);
  const starts = constantInts(node, 1, context);
  const ends = constantInts(node, 2, context);
  const axes = constantInts(node, 3, context);
  const steps = constantInts(node, 4, context);
  if (starts === undefined || ends === undefined) return undefined;
  if ((hasInput(node, 3) && axes === undefined) || (hasInput(node, 4) && steps === undefined)) return undefined;
  return { starts, ends, axes, steps };
}

function givenCuts(node: GraphNode, inputs: readonly (Tensor | undefined)[], opset: number): Cuts {
  if (opset < 10) return attributeCuts(node);
  const [, starts, ends, axes, steps] = inputs;
  return {
    starts: integersOf(starts!),
    ends: integersOf(ends!),
    axes: axes && integersOf(axes),
    steps: steps && integersOf(steps),
  };
}

/** With unknown cuts only the untouched axes keep their size, where it is known which those are. */
function cutUnknown(node: GraphNode, context: InferContext, dims: readonly Dimension[]): Dimension[] {
  const axes = constantInts(node, 3, context);
  const touched = axes === undefined ? undefined : new Set(normalizeAxes(node, axes, dims.length));
  return dims.map((dim, i) => (touched !== undefined && !touched.has(i) ? dim : undefined));
}

interface Range {
  readonly start: number;
  readonly step: number;
  readonly size: Dimension;
}

function resolve(node: GraphNode, cuts: Cuts, dims: readonly Dimension[]): Range[] {
  const ranges: Range[] = dims.map((size) => ({ start: 0, step: 1, size }));
  const axes = normalizeAxes(node, cuts.axes ?? cuts.starts.map((_, i) => i), dims.length);
  const { starts, ends, steps } = cuts;
  if (starts.length !== axes.length || ends.length !== axes.length || (steps && steps.length !== axes.length))
    fail('model/shape', `The starts, ends, axes and steps of ${describe(node)} differ in number.`);
  axes.forEach((axis, i) => {
    const step = steps?.[i] ?? 1;
    if (step === 0) fail('model/shape', `${describe(node)} has a step of 0.`);
    ranges[axis] = range(dims[axis], starts[i]!, ends[i]!, step);
  });
  return ranges;
}

function range(size: Dimension, from: number, to: number, step: number): Range {
  if (typeof size !== 'number') {
    // The whole axis, written as a slice.
    const whole = step === 1 && from === 0 && to >= 2 ** 31 - 1;
    return { start: from, step, size: whole ? size : undefined };
  }
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  const start = clamp(from < 0 ? from + size : from, step < 0 ? -1 : 0, step < 0 ? size - 1 : size);
  const end = clamp(to < 0 ? to + size : to, step < 0 ? -1 : 0, step < 0 ? size - 1 : size);
  return { start, step, size: Math.max(0, Math.ceil((end - start) / step)) };
}
