import type { Clamp } from '../../kernels/api.ts';
import { valuesRead } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Tensor } from '../tensor.ts';
import type { Epilogue, StaticType } from './lowering.ts';

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
const clampable = new Set(['Add', 'Sub', 'Mul', 'Div', 'BatchNormalization']);

/**
 * Conv, Gemm and MatMul take a constant Add per channel, an Add of another value (residual) and a Relu or Clip behind
 * them; elementwise arithmetic takes a Relu or Clip. A fused node runs where its last absorbed node stood, so that a
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
  // Products first, and of two that meet in one Add the later one takes it: the earlier one's result is the residual.
  const onnx = graph.nodes.filter((node) => node.domain === '');
  const candidates = [
    ...onnx.filter((node) => products.has(node.op) && hasConstantWeight(node, context)).reverse(),
    ...onnx.filter((node) => clampable.has(node.op)),
  ];
  for (const node of candidates) {
    if (absorbedBy.has(node)) continue;
    const isProduct = products.has(node.op);
    if (context.type(node.outputs[0]!)?.dtype !== 'float32' || node.outputs.slice(1).some((name) => name !== ''))
      continue;
    const absorbed: GraphNode[] = [];
    let value = node.outputs[0]!;
    let epilogue: Epilogue = noEpilogue;
    for (;;) {
      const next = onlyConsumer(value);
      if (!next || absorbedBy.has(next)) break;
      const clamp = clampOf(next, context);
      if (clamp && next.inputs[0] === value) {
        epilogue = { ...epilogue, clamp };
        absorb(next);
        break;
      }
      if (!isProduct || next.op !== 'Add' || epilogue.residual !== undefined) break;
      const other = next.inputs[0] === value ? next.inputs[1]! : next.inputs[0]!;
      const bias = epilogue.bias || absorbed.length > 0 ? undefined : channelBias(node, value, other, context);
      if (bias) epilogue = { ...epilogue, bias };
      else if (other !== value && !context.constant(other) && sameShape(value, other, next.outputs[0]!, context)) {
        epilogue = { ...epilogue, residual: other };
      } else break;
      absorb(next);
    }
    if (absorbed.length > 0) result.set(node, { node, outputs: [value], epilogue, absorbed });

    function absorb(next: GraphNode) {
      absorbed.push(next);
      absorbedBy.set(next, node);
      value = next.outputs[0]!;
    }
  }
  return graph.nodes
    .filter((node) => !absorbedBy.has(node))
    .map((node) => result.get(node) ?? unfusedNode(node))
    .sort((a, b) => position.get(last(a))! - position.get(last(b))!);
}

function last(node: ExecutionNode): GraphNode {
  return node.absorbed[node.absorbed.length - 1] ?? node.node;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** A product with a weight that is only known while running is packed on the fly and takes no epilogue. */
function hasConstantWeight(node: GraphNode, context: FusionContext): boolean {
  return context.constant(node.inputs[1] ?? '') !== undefined;
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
