import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Tensor, ValueType } from '../../tensor.ts';
import { isTensorType, requireTensor } from '../../value.ts';
import type { EvaluateContext, Operator } from '../operator.ts';
import { joined } from '../shape/concat.ts';
import { section } from '../shape/split.ts';
import { describe, graphAttribute, intAttribute, intsAttribute, missing } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { permuted, reshaped } from '../shared/movement.ts';
import { emptyLike, integersOf } from '../shared/numbers.ts';
import { inputType, normalizeAxis, valueType } from '../shared/types.ts';
import { stacked } from './loop.ts';

/**
 * Runs its body once for each slice of the scanned inputs. Body: (states…, slices…) -> (states…, slices…). Operator set 8
 * had a batch axis in front of everything and a first input of lengths; what lies behind the end of a shorter sequence
 * is 0 in the outputs.
 */
export const scan: Operator = {
  op: 'Scan',
  domain: '',
  opsets: [8, newestOpset],
  infer(node, context) {
    const body = graphAttribute(node, 'body');
    const scanned = scanInputs(node);
    const lead = context.opset < 9 ? 1 : 0;
    const types = node.inputs.slice(lead).map((_, i) => inputType(node, i + lead, context));
    const states = types.length - scanned;
    const axes = intsAttribute(node, 'scan_input_axes') ?? new Array<number>(scanned).fill(0);
    const inner = scanSlices(node, (name) => context.type(name), lead);
    const firstScan = types[states];
    const scanAxis = firstScan?.dims && (lead === 1 ? 1 : normalizeAxis(node, axes[0] ?? 0, firstScan.dims.length));
    const length = scanAxis === undefined ? undefined : firstScan!.dims![scanAxis];
    const batch = lead === 1 ? [types[0]?.dims?.[0]] : [];
    const outputs = context.inferSubgraph(body, inner);
    const outputAxes = intsAttribute(node, 'scan_output_axes') ?? [];
    return outputs.map((type, i) => {
      if (type === undefined || !isTensorType(type) || type.dims === undefined) return type;
      if (i < states) return valueType(type.dtype, [...batch, ...type.dims]);
      const axis = lead === 1 ? 0 : normalizeAxis(node, outputAxes[i - states] ?? 0, type.dims.length + 1);
      return valueType(type.dtype, [...batch, ...type.dims.slice(0, axis), length, ...type.dims.slice(axis)]);
    });
  },
  evaluate(node, inputs, context) {
    if (context.opset >= 9) return scanOnce(node, inputs as Tensor[], context);
    const [lengths, ...rest] = inputs;
    const batch = rest[0]!.dims[0]!;
    const longest = rest[rest.length - scanInputs(node)]!.dims[1]!;
    const results = Array.from({ length: batch }, (_, b) => {
      const length = lengths === undefined ? longest : integersOf(lengths)[b]!;
      if (!(length >= 0 && length <= longest))
        fail('model/shape', `${describe(node)} is to scan ${length} of a sequence of ${longest}.`);
      const states = rest.length - scanInputs(node);
      const own = rest.map((tensor, i) => {
        const sample = slice(tensor!, 0, b);
        return i < states ? sample : section(sample, 0, 0, length);
      });
      return scanOnce(node, own, context).map((tensor, i) => (i < states ? tensor : padded(tensor, longest)));
    });
    return results[0]!.map((_, i) => stacked(results.map((own) => own[i]!)));
  },
};

/** Zeros behind the end of the first axis. */
function padded(tensor: Tensor, length: number): Tensor {
  const missingDims = [length - tensor.dims[0]!, ...tensor.dims.slice(1)];
  if (missingDims[0] === 0) return tensor;
  return joined([tensor, emptyLike(tensor, missingDims).tensor], 0);
}

/** Types of a body's inputs: the states, and one slice of each scanned input. `lead`: axes in front of everything (batch). */
export function scanSlices(
  node: GraphNode,
  type: (value: string) => ValueType | undefined,
  lead = 0,
): (ValueType | undefined)[] {
  const names = node.inputs.slice(lead);
  const states = names.length - scanInputs(node);
  const axes = intsAttribute(node, 'scan_input_axes') ?? [];
  return names.map((name, i) => {
    const own = type(name);
    if (own?.dims === undefined) return own;
    if (i < states) return valueType(own.dtype, own.dims.slice(lead));
    const axis = lead === 1 ? 1 : normalizeAxis(node, axes[i - states] ?? 0, own.dims.length);
    return valueType(
      own.dtype,
      own.dims.filter((_, d) => d !== axis && d >= lead),
    );
  });
}

/** Number of scanned inputs; the inputs before them are states. */
export function scanInputs(node: GraphNode): number {
  return intAttribute(node, 'num_scan_inputs') ?? missing(node, 'num_scan_inputs');
}

function scanOnce(node: GraphNode, inputs: readonly Tensor[], context: EvaluateContext): Tensor[] {
  const body = graphAttribute(node, 'body');
  const scanned = scanInputs(node);
  const count = inputs.length - scanned;
  let states = inputs.slice(0, count);
  const sequences = inputs.slice(count);
  const inputAxes = intsAttribute(node, 'scan_input_axes') ?? [];
  const inputWays = intsAttribute(node, 'scan_input_directions') ?? intsAttribute(node, 'directions') ?? [];
  const axes = sequences.map((tensor, i) => normalizeAxis(node, inputAxes[i] ?? 0, tensor.dims.length));
  const length = sequences[0]?.dims[axes[0]!] ?? 0;
  if (sequences.some((tensor, i) => tensor.dims[axes[i]!] !== length))
    fail('model/shape', `The scanned inputs of ${describe(node)} differ in length.`);
  const collected: Tensor[][] = Array.from({ length: body.outputs.length - count }, () => []);
  for (let t = 0; t < length; t++) {
    const slices = sequences.map((tensor, i) => slice(tensor, axes[i]!, inputWays[i] === 1 ? length - 1 - t : t));
    const outputs = context
      .evaluateSubgraph(body, [...states, ...slices])
      .map((value) => requireTensor(value, `What the body of ${describe(node)} computes`));
    states = outputs.slice(0, count);
    collected.forEach((list, k) => {
      list.push(outputs[count + k]!);
    });
  }
  const outputAxes = intsAttribute(node, 'scan_output_axes') ?? [];
  const outputWays = intsAttribute(node, 'scan_output_directions') ?? [];
  const stacks = collected.map((list, k) => {
    const ordered = outputWays[k] === 1 ? [...list].reverse() : list;
    const stack = stacked(ordered, body.types.get(body.outputs[count + k]!));
    return moveFirstAxis(stack, normalizeAxis(node, outputAxes[k] ?? 0, stack.dims.length));
  });
  return [...states, ...stacks];
}

/** The slice at `index` of an axis, without that axis. */
function slice(tensor: Tensor, axis: number, index: number): Tensor {
  return reshaped(
    section(tensor, axis, index, 1),
    tensor.dims.filter((_, i) => i !== axis),
  );
}

function moveFirstAxis(tensor: Tensor, to: number): Tensor {
  if (to === 0) return tensor;
  const order = [...Array.from({ length: to }, (_, i) => i + 1), 0];
  for (let i = to + 1; i < tensor.dims.length; i++) order.push(i);
  return permuted(tensor, order);
}
