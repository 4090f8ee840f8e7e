import type { Clamp } from '../../kernels/api.ts';
import { valuesRead } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Tensor } from '../tensor.ts';
import type { Epilogue, StaticType } from './lowering.ts';
import { patterns } from './patterns.ts';

/**
 * A node with what runs inside its kernel. Fusion for execution lives here alone and changes no graph: what quantisation
 * and export see are the graph's own nodes.
 */
export interface ExecutionNode {
  readonly node: GraphNode;
  /** Values it produces: those of the last absorbed node. */
  readonly outputs: readonly string[];
  readonly epilogue: Epilogue;
  /** Nodes behind `node` that run inside its kernel, in order. */
  readonly absorbed: readonly GraphNode[];
  /** Where `node` is no node of the graph but stands for several (see `patterns.ts`): those, in order. */
  readonly composed?: readonly GraphNode[];
  /** Operator-set version of such a node. */
  readonly opset?: number;
}

export interface FusionContext {
  constant(value: string): Tensor | undefined;
  type(value: string): StaticType | undefined;
  /** Values that must come to exist in memory. */
  readonly kept: ReadonlySet<string>;
  readonly opset: number;
}

const noEpilogue: Epilogue = { clamp: {} };

export function unfused(graph: Graph): ExecutionNode[] {
  return graph.nodes.map(unfusedNode);
}

export function unfusedNode(node: GraphNode): ExecutionNode {
  return { node, outputs: node.outputs, epilogue: noEpilogue, absorbed: [] };
}

/** Operators whose kernels add a bias and a residual and clamp at no cost, and what else may follow the product. */
const products = new Set(['Conv', 'Gemm', 'MatMul']);
const clampable = new Set(['Add', 'Sub', 'Mul', 'Div', 'BatchNormalization', 'ConvTranspose']);

/**
 * Conv, Gemm and MatMul take a constant Add per channel, an Add of another value (residual) and a Relu or Clip behind
 * them, MatMul a factor before that; elementwise arithmetic takes a Relu or Clip; what is found written out (`patterns.ts`)
 * becomes one node. A fused node runs where its last absorbed node stood, so that a
 * residual is there in time.
 */
export function fuse(graph: Graph, context: FusionContext): ExecutionNode[] {
  const consumers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) for (const input of new Set(valuesRead(node))) push(consumers, input, node);
  const position = new Map(graph.nodes.map((node, index) => [node, index]));
  /** The single reader of a value that nobody else needs to see. */
  const onlyConsumer = (value: string): GraphNode | undefined => {
    const readers = consumers.get(value);
    return readers?.length === 1 && !context.kept.has(value) && readers[0]!.domain === '' ? readers[0] : undefined;
  };
  const absorbedBy = new Map<GraphNode, GraphNode>();
  const result = new Map<GraphNode, ExecutionNode>();
  for (const found of findPatterns(graph, consumers, context)) {
    const end = found.composed!.at(-1)!;
    result.set(end, found);
    for (const node of found.composed!) if (node !== end) absorbedBy.set(node, end);
  }
  // Products first, and of two that meet in one Add the later one takes it: the earlier one's result is the residual.
  const onnx = graph.nodes.filter((node) => node.domain === '');
  const candidates = [
    ...onnx.filter((node) => products.has(node.op)).reverse(),
    ...onnx.filter((node) => clampable.has(node.op)),
  ];
  for (const node of candidates) {
    if (absorbedBy.has(node) || result.has(node)) continue;
    if (context.type(node.outputs[0]!)?.dtype !== 'float32' || node.outputs.slice(1).some((name) => name !== ''))
      continue;
    const absorbed: GraphNode[] = [];
    let value = node.outputs[0]!;
    let epilogue: Epilogue | undefined = noEpilogue;
    while (epilogue) {
      const before: Epilogue = epilogue;
      const next = onlyConsumer(value);
      // A view that leaves the rows of a product as they are may stand before what it takes in.
      const behind = next && isRowView(node, next, context) ? onlyConsumer(next.outputs[0]!) : undefined;
      epilogue = undefined;
      for (const chain of [[next], [next, behind]]) {
        const end = chain.at(-1);
        if (!end || chain.some((one) => absorbedBy.has(one!) || result.has(one!))) continue;
        epilogue = extended(before, node, chain.length > 1 ? next!.outputs[0]! : value, end, context);
        if (!epilogue) continue;
        for (const one of chain) {
          absorbed.push(one!);
          absorbedBy.set(one!, node);
        }
        value = end.outputs[0]!;
        break;
      }
      if (!epilogue && absorbed.length > 0) {
        result.set(node, { node, outputs: [value], epilogue: before, absorbed });
      }
    }
  }
  return graph.nodes
    .filter((node) => !absorbedBy.has(node))
    .map((node) => result.get(node) ?? unfusedNode(node))
    .sort((a, b) => position.get(last(a))! - position.get(last(b))!);
}

/** The epilogue of `node` with what `next` does to its `value` so far; undefined if its kernel cannot do that. */
function extended(
  epilogue: Epilogue,
  node: GraphNode,
  value: string,
  next: GraphNode,
  context: FusionContext,
): Epilogue | undefined {
  const isProduct = products.has(node.op);
  // A product with a weight that is only known while running is packed on the fly and takes a factor alone.
  const isPacked = isProduct && context.constant(node.inputs[1] ?? '') !== undefined;
  if (epilogue.clamp.min !== undefined || epilogue.clamp.max !== undefined) return undefined;
  const clamp = clampOf(next, context);
  if (clamp) return next.inputs[0] === value && (isPacked || !isProduct) ? { ...epilogue, clamp } : undefined;
  if (!isProduct) return undefined;
  const other = next.inputs[0] === value ? next.inputs[1]! : next.inputs[0]!;
  if (next.op === 'Mul' || next.op === 'Div') {
    const factor = node.op === 'MatMul' && !epilogue.bias && !epilogue.residual ? scalarOf(other, context) : undefined;
    if (factor === undefined || (next.op === 'Div' && next.inputs[0] !== value)) return undefined;
    if (!sameShape(value, value, next.outputs[0]!, context)) return undefined;
    const scale = epilogue.scale ?? 1;
    return { ...epilogue, scale: Math.fround(next.op === 'Mul' ? scale * factor : scale / factor) };
  }
  if (next.op !== 'Add' || !isPacked || epilogue.residual !== undefined) return undefined;
  const bias = epilogue.bias ? undefined : channelBias(node, value, other, context);
  if (bias) return { ...epilogue, bias };
  const isResidual = other !== value && !context.constant(other) && sameShape(value, other, next.outputs[0]!, context);
  return isResidual ? { ...epilogue, residual: other } : undefined;
}

function scalarOf(value: string, context: FusionContext): number | undefined {
  const tensor = context.constant(value);
  return tensor?.dtype === 'float32' && tensor.data.length === 1 ? (tensor.data as Float32Array)[0] : undefined;
}

const views = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);

/** Whether `next` only reads the rows of the matrix product `node` under other dims. */
function isRowView(node: GraphNode, next: GraphNode, context: FusionContext): boolean {
  if (!views.has(next.op) || (node.op !== 'Gemm' && node.op !== 'MatMul')) return false;
  const from = context.type(next.inputs[0]!)?.dims;
  const to = context.type(next.outputs[0]!)?.dims;
  return from !== undefined && to !== undefined && from.length > 0 && from.at(-1) === to.at(-1);
}

function last({ node, absorbed, composed }: ExecutionNode): GraphNode {
  return absorbed.at(-1) ?? composed?.at(-1) ?? node;
}

/** Composite operators, all of whose inner values nobody else needs. */
function findPatterns(
  graph: Graph,
  consumers: ReadonlyMap<string, readonly GraphNode[]>,
  context: FusionContext,
): ExecutionNode[] {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const view = { ...context, producer: (value: string) => producers.get(value) };
  const taken = new Set<GraphNode>();
  const found: ExecutionNode[] = [];
  for (const last of graph.nodes) {
    if (last.domain !== '' || context.type(last.outputs[0]!)?.dtype !== 'float32') continue;
    for (const pattern of patterns) {
      const match = pattern(last, view);
      if (!match) continue;
      const inside = new Set(match.nodes);
      const isAlone = match.nodes.every(
        (node) =>
          !taken.has(node) &&
          (node === last ||
            node.outputs.every(
              (value) => !context.kept.has(value) && (consumers.get(value) ?? []).every((reader) => inside.has(reader)),
            )),
      );
      if (!isAlone) continue;
      for (const node of inside) taken.add(node);
      const composed = graph.nodes.filter((node) => inside.has(node));
      const { node, opset } = match;
      found.push({ node, opset, composed, outputs: node.outputs, epilogue: noEpilogue, absorbed: [] });
      break;
    }
  }
  return found;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function clampOf(node: GraphNode, context: FusionContext): Clamp | undefined {
  if (node.op === 'Relu') return { min: 0 };
  if (node.op !== 'Clip') return undefined;
  const clamp: { min?: number; max?: number } = {};
  if (context.opset < 11) {
    const { min, max } = node.attributes;
    if (min?.kind === 'float') clamp.min = min.value;
    if (max?.kind === 'float') clamp.max = max.value;
  } else {
    for (const [index, key] of [
      [1, 'min'],
      [2, 'max'],
    ] as const) {
      const name = node.inputs[index];
      if (!name) continue;
      const bound = context.constant(name);
      if (bound?.dtype !== 'float32') return undefined;
      clamp[key] = (bound.data as Float32Array)[0]!;
    }
  }
  // Clip with min above max means max everywhere, which is not what a clamp's order of operations gives for all inputs.
  return (clamp.min ?? -Infinity) <= (clamp.max ?? Infinity) ? clamp : undefined;
}

/** A constant that has one element for each output channel of the product (or one for all). */
function channelBias(node: GraphNode, value: string, other: string, context: FusionContext): Float32Array | undefined {
  const tensor = context.constant(other);
  const dims = context.type(value)?.dims;
  if (tensor?.dtype !== 'float32' || !dims || tensor.dims.length > dims.length) return undefined;
  const channelAxis = node.op === 'Conv' ? 1 : dims.length - 1;
  const shift = dims.length - tensor.dims.length;
  for (let axis = 0; axis < tensor.dims.length; axis++) {
    if (tensor.dims[axis] !== 1 && axis + shift !== channelAxis) return undefined;
  }
  const channels = dims[channelAxis]!;
  const data = tensor.data as Float32Array;
  if (data.length !== 1 && data.length !== channels) return undefined;
  return data.length === channels ? data : new Float32Array(channels).fill(data[0]!);
}

function sameShape(a: string, b: string, sum: string, context: FusionContext): boolean {
  const [x, y, z] = [a, b, sum].map((value) => context.type(value)?.dims.join());
  return x !== undefined && x === y && y === z;
}
