import type { Graph, GraphNode } from '../graph/graph.ts';
import { findOperator } from '../operators/registry.ts';
import { describe, floatAttribute, intAttribute, stringAttribute } from '../operators/shared/attributes.ts';
import { numbersOf, scalarOf } from '../operators/shared/numbers.ts';
import { pads } from '../quantize/dead-channels.ts';
import { type Wiring, wire } from '../quantize/wiring.ts';
import { float32Tensor, type Tensor } from '../tensor.ts';
import type { ChannelMap, NodeChannels } from './channel-map.ts';

/**
 * What every channel of a value is wherever one looks, by value name: NaN where it is not the same everywhere, infinite where it is,
 * but follows from weights that are not at hand (of a graph made of a summary).
 */
export type ChannelConstants = ReadonlyMap<string, Float32Array>;

export interface ConstantChannels {
  readonly values: ChannelConstants;
  /** Why channels stay though nothing pins them, by root: the end of the sentence “keeps its channels: …”. */
  readonly reasons: ReadonlyMap<number, string>;
  /** Roots of channels that the values of such weights may let go all the same. */
  readonly open: ReadonlySet<number>;
}

/**
 * What the channels that are to go give when they are zero: the nodes behind them add their shifts, and what comes of it can be
 * cut only if it is the same everywhere and whoever reads it can take it into its bias.
 * @param gone channels of each layer that are zero, by node name: one element a channel
 */
export function constantChannels(
  graph: Graph,
  map: ChannelMap,
  gone: ReadonlyMap<string, Uint8Array>,
): ConstantChannels {
  const values = new Map<string, Float32Array>();
  const reasons = new Map<number, string>();
  const open = new Set<number>();
  const wiring = wire(graph);
  for (const node of graph.nodes) {
    const own = map.nodes.get(node.name);
    if (own === undefined) continue;
    if (own.kind === 'product') readBy(node, graph, wiring, map, { values, reasons, open });
    if (own.output === undefined) continue;
    const result = outputOf(node, own, graph, map, values);
    const zeros = gone.get(node.name);
    if (zeros) for (const [i, zero] of zeros.entries()) if (zero) result[i] = 0;
    values.set(node.outputs[0]!, result);
    if (own.kind !== 'product') for (const root of opened(node, result, map, values)) open.add(root);
    // Where something that was the same everywhere stops being so.
    for (const input of node.inputs) {
      const before = values.get(input);
      if (own.kind === 'product' || before?.length !== result.length) continue;
      for (let i = 0; i < result.length; i++) {
        if (Number.isNaN(result[i]!) && !Number.isNaN(before[i]!))
          note(reasons, map, own.output.ids[i]!, `${describe(node)} mixes them with other values`);
      }
    }
  }
  return { values, reasons, open };
}

function note(reasons: Map<number, string>, map: ChannelMap, id: number, why: string): void {
  const root = map.ids.root(id);
  if (!reasons.has(root)) reasons.set(root, why);
}

export function isUntold(value: number): boolean {
  return Math.abs(value) === Number.POSITIVE_INFINITY;
}

/** What is computed with weights that are not at hand is some number. */
function told(value: number): number {
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

/** Channels that would go on being the same everywhere if what is not known of them were zero: padding and borders are. */
function opened(node: GraphNode, result: Float32Array, map: ChannelMap, values: ChannelConstants): number[] {
  const untold = node.inputs.flatMap((input) =>
    Array.from(values.get(input) ?? []).flatMap((value, i) =>
      isUntold(value) ? [map.ids.root(map.values.get(input)!.ids[i]!)] : [],
    ),
  );
  if (untold.length === 0) return [];
  const mixed = new Set(
    Array.from(map.values.get(node.outputs[0]!)!.ids, (id, i) => (Number.isNaN(result[i]!) ? map.ids.root(id) : -1)),
  );
  return untold.filter((root) => mixed.has(root));
}

/** A product takes what it reads into its bias, where it has one and does not pad. */
function readBy(
  node: GraphNode,
  graph: Graph,
  wiring: Wiring,
  map: ChannelMap,
  { values, reasons, open }: { values: ChannelConstants; reasons: Map<number, string>; open: Set<number> },
): void {
  const channels = map.values.get(node.inputs[0]!);
  const read = values.get(node.inputs[0]!);
  if (!channels || !read) return;
  let refusal: string | undefined;
  for (const [i, id] of channels.ids.entries()) {
    const value = read[i]!;
    if (value === 0) continue;
    if (Number.isNaN(value)) {
      note(reasons, map, id, `${describe(node)} reads from them what other layers write`);
      continue;
    }
    refusal ??= noBias(node, graph, wiring) ?? '';
    if (refusal === '') continue;
    note(reasons, map, id, refusal);
    if (isUntold(value)) open.add(map.ids.root(id));
  }
}

/**
 * The addition of a row behind a MatMul of more than two axes, which is its bias: the node, and its input that holds the row.
 * Undefined where something else reads the product too.
 */
export function biasBehind(
  node: GraphNode,
  graph: Graph,
  wiring: Wiring,
): { readonly node: GraphNode; readonly input: number } | undefined {
  const [value = ''] = node.outputs;
  const [reader, ...others] = wiring.consumers(value);
  if (reader?.node.op !== 'Add' || others.length > 0 || wiring.isOutput(value)) return undefined;
  const input = 1 - reader.index;
  const row = graph.initializers.get(reader.node.inputs[input]!);
  const outputs = graph.initializers.get(node.inputs[1]!)?.dims[1];
  const fits =
    row?.dtype === 'float32' && row.dims.at(-1) === outputs && row.dims.slice(0, -1).every((dim) => dim === 1);
  return fits ? { node: reader.node, input } : undefined;
}

function noBias(node: GraphNode, graph: Graph, wiring: Wiring): string | undefined {
  const rank = graph.types.get(node.outputs[0]!)?.dims?.length;
  const bias = graph.initializers.get(node.inputs[2] ?? '');
  const isMatrix = node.op === 'Gemm' && bias !== undefined && bias.dims.slice(0, -1).some((dim) => dim !== 1);
  if (
    node.op === 'ConvTranspose' ||
    (node.op === 'MatMul' && rank !== 2 && !biasBehind(node, graph, wiring)) ||
    isMatrix
  )
    return `without them ${describe(node)} would need a bias, which it has no place for`;
  return node.op === 'Conv' && pads(node, graph)
    ? `${describe(node)} pads with zeros, and they would not be zero there`
    : undefined;
}

function outputOf(
  node: GraphNode,
  own: NodeChannels,
  graph: Graph,
  map: ChannelMap,
  values: ChannelConstants,
): Float32Array {
  const { length } = own.output!.ids;
  switch (own.kind) {
    case 'product':
      return new Float32Array(length).fill(Number.NaN);
    case 'grouped':
      return ofGroups(node, graph, values, length);
    case 'elementwise':
      return elementByElement(node, own, graph, map, values);
    case 'move':
      return moved(node, own, graph, values);
  }
}

/** A group that reads constants alone gives constants: its bias, where the constants are zero as the padding is. */
function ofGroups(node: GraphNode, graph: Graph, values: ChannelConstants, outputs: number): Float32Array {
  const result = new Float32Array(outputs).fill(Number.NaN);
  const read = values.get(node.inputs[0]!);
  if (read === undefined) return result;
  const weight = graph.initializers.get(node.inputs[1]!)!;
  const bias = graph.initializers.get(node.inputs[2] ?? '');
  const shifts = bias && numbersOf(bias);
  const inputs = weight.dims[1]!;
  const taps = weight.dims.slice(2).reduce((product, dim) => product * dim, 1);
  const outputsPerGroup = outputs / intAttribute(node, 'group', 1);
  const isPadded = pads(node, graph);
  let weights: ArrayLike<number> | undefined;
  for (let o = 0; o < outputs; o++) {
    const first = Math.floor(o / outputsPerGroup) * inputs;
    let sum = told(shifts?.[o] ?? 0);
    for (let i = 0; i < inputs; i++) {
      const value = read[first + i]!;
      if (value === 0) continue;
      if (Number.isNaN(value) || isPadded) {
        sum = Number.NaN;
        break;
      }
      weights ??= numbersOf(weight);
      for (let tap = 0; tap < taps; tap++) sum = told(sum + value * weights[(o * inputs + i) * taps + tap]!);
    }
    result[o] = sum;
  }
  return result;
}

/** The operator's own evaluation, on one element a channel. */
function elementByElement(
  node: GraphNode,
  { output }: NodeChannels,
  graph: Graph,
  map: ChannelMap,
  values: ChannelConstants,
): Float32Array {
  const { axis, ids } = output!;
  const { length } = ids;
  const rank = graph.types.get(node.outputs[0]!)!.dims!.length;
  const unknown = new Uint8Array(length);
  const isOpen = new Uint8Array(length);
  const zero = new Uint8Array(length);
  const inputs = node.inputs.map((value): Tensor | undefined => {
    if (value === '') return undefined;
    const constant = graph.initializers.get(value);
    if (constant) {
      // What lies along other axes is not the same everywhere.
      const own = axis - (rank - constant.dims.length);
      const isOneAxis = node.op === 'BatchNormalization' || node.op === 'InstanceNormalization';
      if (isOneAxis || constant.dims.every((dim, i) => dim === 1 || i === own)) {
        if (Array.from(numbersOf(constant)).some(Number.isNaN)) isOpen.fill(1);
        return constant;
      }
      unknown.fill(1);
      return onAxis(new Float32Array(1), 0, rank);
    }
    const read = map.values.get(value)?.ids.length === length ? values.get(value) : undefined;
    if (read === undefined) {
      unknown.fill(1);
      return onAxis(new Float32Array(1), 0, rank);
    }
    for (let i = 0; i < length; i++) {
      if (Number.isNaN(read[i]!)) unknown[i] = 1;
      else if (isUntold(read[i]!)) isOpen[i] = 1;
      else if (read[i] === 0) zero[i] = 1;
    }
    return onAxis(read, axis, rank);
  });
  const opset = graph.opsets.get(node.domain) ?? 1;
  const evaluate = findOperator(node.domain, node.op, opset)?.evaluate;
  const [tensor] = evaluate?.(node, inputs, { opset, seed: 0, evaluateSubgraph: () => [] }) ?? [];
  const numbers = tensor && numbersOf(tensor);
  return Float32Array.from({ length }, (_, i) => {
    // Whatever it is multiplied with.
    if (node.op === 'Mul' && zero[i]) return 0;
    if (unknown[i] || numbers === undefined) return Number.NaN;
    return isOpen[i] ? Number.POSITIVE_INFINITY : numbers[i]!;
  });
}

function onAxis(data: Float32Array, axis: number, rank: number): Tensor {
  return float32Tensor(
    Array.from({ length: rank }, (_, at) => (at === axis ? data.length : 1)),
    data,
  );
}

function moved(
  node: GraphNode,
  { moved: parts = [] }: NodeChannels,
  graph: Graph,
  values: ChannelConstants,
): Float32Array {
  const border = borderOf(node, graph);
  const result = parts.flatMap(({ input, from, length }) => {
    const read = values.get(node.inputs[input]!);
    return Array.from({ length }, (_, i) => {
      const value = read?.[from ? from[i]! : i] ?? Number.NaN;
      return border === undefined || value === border ? value : Number.NaN;
    });
  });
  return Float32Array.from(result);
}

/** What an operator mixes in at the border; undefined where it mixes in nothing. */
function borderOf(node: GraphNode, graph: Graph): number | undefined {
  if (node.op === 'AveragePool') return intAttribute(node, 'count_include_pad', 0) !== 0 ? 0 : undefined;
  if (node.op !== 'Pad' || stringAttribute(node, 'mode', 'constant') !== 'constant') return undefined;
  const value = node.inputs[2];
  const constant = value ? graph.initializers.get(value) : undefined;
  if (value && constant === undefined) return Number.NaN;
  return constant ? scalarOf(constant) : floatAttribute(node, 'value', 0);
}
