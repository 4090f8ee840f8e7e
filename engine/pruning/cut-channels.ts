import type { Finding } from '../findings.ts';
import { attribute, withAttributes } from '../graph/build.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { withInference } from '../graph/infer.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { describe } from '../operators/shared/attributes.ts';
import { emptyLike, movable, numbersOf } from '../operators/shared/numbers.ts';
import { asProduct, foldBefore } from '../passes/channel-affine.ts';
import { GraphEditor } from '../passes/editor.ts';
import { verifyGraph } from '../passes/verify.ts';
import type { PruneChoice } from '../plan.ts';
import { wire } from '../quantize/wiring.ts';
import type { Tensor } from '../tensor.ts';
import { biasBehind, type ChannelConstants, constantChannels, isUntold } from './channel-constants.ts';
import { type ChannelAxis, type ChannelMap, mapChannels } from './channel-map.ts';
import { type ChooseOptions, chooseChannels } from './choose-channels.ts';

export interface Cut {
  readonly graph: Graph;
  /** Layers that lost channels because the plan asks for it: for each of their channels 1 where it is gone. */
  readonly gone: ReadonlyMap<string, Uint8Array>;
  /** Output channels that are left of each convolution and product that lost some, that plan or not. */
  readonly kept: ReadonlyMap<string, readonly number[]>;
  /** Layers that keep channels which the plan takes. */
  readonly findings: readonly Finding[];
  /** Layers of which the values of weights that were not read decide how large they and those beside them become. */
  readonly open: readonly string[];
}

/**
 * Takes output channels out of layers, and with them all that is laid along them in the graph. The graph that is left computes what
 * the whole one does when weights and biases of those channels are zero: what the nodes behind them make of zero goes into the biases
 * of the layers that read it, and channels of which that is not exact stay. Layers whose channels meet (in a residual
 * connection, say) lose the same ones. Of a graph whose weights are not known (`weights: 'shapes'`) the result has the same shapes
 * as with them, but for layers that are `open`.
 */
export function cutChannels(
  graph: Graph,
  choices: Readonly<Record<string, PruneChoice>>,
  options: ChooseOptions = {},
): Cut {
  const asked = graph.nodes.filter(({ name }) => choices[name]?.amount.kind === 'channels');
  const nothing: Cut = { graph, gone: new Map(), kept: new Map(), findings: [], open: [] };
  if (asked.length === 0) return nothing;
  const map = mapChannels(graph);
  const all = new Map(
    asked.flatMap(({ name }) => {
      const output = map.nodes.get(name)?.output;
      return output ? [[name, new Uint8Array(output.ids.length).fill(1)]] : [];
    }),
  );
  const constants = constantChannels(graph, map, all);
  const chosen = chooseChannels(graph, map, constants, choices, options);
  const { findings } = chosen;
  if (chosen.roots.size === 0) return { ...nothing, findings, open: chosen.open };
  const isGone = (id: number) => chosen.roots.has(map.ids.root(id));
  const gone = new Map(
    Array.from(all.keys(), (name): [string, Uint8Array] => [
      name,
      Uint8Array.from(map.nodes.get(name)!.output!.ids, (id) => (isGone(id) ? 1 : 0)),
    ]).filter(([, channels]) => channels.includes(1)),
  );
  const kept = new Map<string, readonly number[]>();
  for (const [name, { kind, output }] of map.nodes) {
    if ((kind !== 'product' && kind !== 'grouped') || !output?.ids.some(isGone)) continue;
    kept.set(name, keptOf(output.ids, isGone));
  }
  const shifted = shiftReaders(graph, map, constants.values, isGone);
  return { graph: without(shifted.graph, isGone), gone, kept, findings, open: [...chosen.open, ...shifted.open] };
}

/** What the channels give goes into the biases of the products that read it; open: those that have none yet and may need none. */
function shiftReaders(
  graph: Graph,
  map: ChannelMap,
  values: ChannelConstants,
  isGone: (id: number) => boolean,
): Pick<Cut, 'graph' | 'open'> {
  const open: string[] = [];
  const editor = new GraphEditor(graph);
  const wiring = wire(graph);
  for (const node of editor.nodes) {
    if (map.nodes.get(node.name)?.kind !== 'product') continue;
    const [input = ''] = node.inputs;
    const read = values.get(input);
    const ids = map.values.get(input)?.ids;
    if (!read || !ids) continue;
    const shift = Float64Array.from(ids, (id, i) => (isGone(id) ? read[i]! : 0));
    if (shift.every((value) => value === 0)) continue;
    if (!node.inputs[2] && shift.every((value) => value === 0 || isUntold(value))) open.push(node.name);
    const behind = node.op === 'MatMul' && editor.type(node.outputs[0]!)?.dims?.length !== 2;
    if (behind) {
      shiftBehind(editor, node, biasBehind(node, graph, wiring)!, shift);
      continue;
    }
    const product = asProduct(editor, node);
    if (!product || !foldBefore(editor, product, { scale: new Float64Array(ids.length).fill(1), shift }, input, []))
      throw new Error(`${describe(node)} takes no shift of its input.`);
  }
  return { graph: editor.result().graph, open };
}

/** As `foldBefore`, into the row that is added behind a MatMul. */
function shiftBehind(
  editor: GraphEditor,
  matMul: GraphNode,
  { node, input }: NonNullable<ReturnType<typeof biasBehind>>,
  shift: Float64Array,
): void {
  const weights = numbersOf(editor.constant(matMul.inputs[1])!);
  const old = node.inputs[input]!;
  const row = editor.constant(old)!;
  const sums = Float64Array.from(numbersOf(row));
  for (const [i, value] of shift.entries())
    if (value !== 0) for (let o = 0; o < sums.length; o++) sums[o]! += value * weights[i * sums.length + o]!;
  const name = editor.replaceInitializer(old, node, { ...row, data: Float32Array.from(sums) });
  editor.replace(node, [{ ...node, inputs: node.inputs.map((own, i) => (i === input ? name : own)) }]);
}

/** The graph without those channels, its shapes worked out anew. */
function without(graph: Graph, isGone: (id: number) => boolean): Graph {
  // Channels are numbered in the order of the nodes: the same as before the biases were changed.
  const map = mapChannels(graph);
  const editor = new GraphEditor(graph);
  for (const node of editor.nodes) {
    const own = map.nodes.get(node.name);
    if (!own) continue;
    let changed = node;
    const constants = new Map<number, Tensor>();
    for (const { input, axis, ids } of own.slices) {
      const kept = keptOf(ids, isGone);
      if (kept.length === ids.length) continue;
      const tensor = constants.get(input) ?? editor.constant(node.inputs[input])!;
      constants.set(input, taken(tensor, axis, kept));
    }
    if (own.shape) {
      const length = keptOf(own.output!.ids, isGone).length;
      if (length < own.output!.ids.length) {
        const { input, at } = own.shape;
        constants.set(input, withSize(editor.constant(node.inputs[input])!, at, length));
      }
    }
    for (const [input, tensor] of constants) {
      const name = editor.replaceInitializer(node.inputs[input]!, changed, tensor);
      changed = replaced(editor, changed, {
        ...changed,
        inputs: changed.inputs.map((value, i) => (i === input ? name : value)),
      });
    }
    if (own.kind === 'grouped') {
      const groups = new Set(own.output!.ids.filter((id) => !isGone(id))).size;
      if (groups < new Set(own.output!.ids).size)
        changed = replaced(editor, changed, withAttributes(changed, { group: attribute.int(groups) }));
    }
  }
  for (const [value, channels] of map.values) editor.setType(value, typeWithout(editor, value, channels, isGone));
  const cut = withInference(editor.result().graph);
  verifyGraph(cut, 'cutting channels');
  return cut;
}

function replaced(editor: GraphEditor, node: GraphNode, by: GraphNode): GraphNode {
  editor.replace(node, [by]);
  return by;
}

function typeWithout(editor: GraphEditor, value: string, { axis, ids }: ChannelAxis, isGone: (id: number) => boolean) {
  const type = editor.type(value)!;
  const length = keptOf(ids, isGone).length;
  return { ...type, ...(type.dims && { dims: type.dims.map((dim, at) => (at === axis ? length : dim)) }) };
}

/** Places along an axis whose channels stay. */
function keptOf(ids: Int32Array, isGone: (id: number) => boolean): number[] {
  return Array.from(ids.keys()).filter((i) => !isGone(ids[i]!));
}

/** The named places along an axis of a tensor. */
export function taken(tensor: Tensor, axis: number, places: readonly number[]): Tensor {
  const dims = tensor.dims.map((dim, at) => (at === axis ? places.length : dim));
  const length = tensor.dims[axis]!;
  const inner = tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  return derivedTensor([tensor], tensor.dtype as Exclude<Tensor['dtype'], 'string'>, dims, () => {
    const from = movable(tensor);
    const { tensor: result, data } = emptyLike(tensor, dims);
    let at = 0;
    for (let start = 0; start < from.length; start += length * inner) {
      for (const place of places) for (let i = 0; i < inner; i++) data[at++] = from[start + place * inner + i]!;
    }
    return result.data;
  });
}

/** A shape with another size in one place, unless that place leaves the size open. */
function withSize(shape: Tensor, at: number, size: number): Tensor {
  const data = (shape.data as BigInt64Array).map((entry, i) => (i === at && entry > 0n ? BigInt(size) : entry));
  return { ...shape, data };
}
