import type { Graph, GraphNode } from '../graph/graph.ts';
import { type Inference, type InferOptions, inferTypes } from '../graph/infer.ts';
import { writeOut } from '../operators/decomposition.ts';
import { findOperator } from '../operators/registry.ts';
import { isStatic } from '../operators/shared/types.ts';
import { elementCount } from '../tensor.ts';
import { elementBytes } from './operand.ts';
import type { NodeReport } from './program.ts';

/** A graph whose composed operators are written out. */
export interface Decomposed {
  readonly graph: Graph;
  /** The whole nodes, by the name that they and all their parts have. */
  readonly whole: ReadonlyMap<string, GraphNode>;
  /** Why a node of a composed operator stays whole. */
  readonly declined: ReadonlyMap<string, string>;
}

/** A part of a part of … a node; no operator comes near it. */
const depthLimit = 8;

/**
 * Writes out the nodes whose operator is a composition (`Operator.decompose`), so that the kernels and the fusion of
 * their parts serve them; parts that are compositions too are written out in turn. A node stays whole where a shape is
 * only known while running or a type has no kernels. The graph is the executor's own: what quantisation and export see
 * are the whole nodes. `inferred` is what `inferTypes` says of the model under these options.
 */
export function decomposeAll(model: Graph, options: InferOptions, inferred: Inference): Decomposed & Inference {
  const whole = new Map<string, GraphNode>();
  const declined = new Map<string, string>();
  let graph = model;
  let inference = inferred;
  for (let depth = 0; depth < depthLimit; depth++) {
    const once = decompose(graph, inference);
    for (const [name, reason] of once.declined) declined.set(name, reason);
    if (once.whole.size === 0) break;
    for (const [name, node] of once.whole) if (!whole.has(name)) whole.set(name, node);
    graph = once.graph;
    inference = inferTypes(graph, options);
  }
  return { graph, whole, declined, ...inference };
}

function decompose(graph: Graph, { types, constants }: Inference): Decomposed {
  const whole = new Map<string, GraphNode>();
  const declined = new Map<string, string>();
  const initializers = new Map(graph.initializers);
  const constant = (value: string) => initializers.get(value) ?? constants.get(value);
  /** Whether kernels could run the node, as far as its values tell. */
  const hasKernelTypes = (node: GraphNode) =>
    [...node.inputs, ...node.outputs].every((value) => {
      if (value === '') return true;
      const type = types.get(value);
      if (!type || !isStatic(type.dims) || elementCount(type.dims) === 0) return false;
      return constant(value) !== undefined || elementBytes(type.dtype) !== undefined;
    });
  const nodes = graph.nodes.flatMap((node) => {
    const operator = findOperator(node.domain, node.op, graph.opsets.get(node.domain) ?? 1);
    if (!operator?.decompose || !hasKernelTypes(node)) return [node];
    const parts = writeOut(node, operator, {
      opset: graph.opsets.get('') ?? 1,
      type: (value) => types.get(value),
      constant,
      isTaken: (name) => types.has(name) || initializers.has(name),
    });
    if (typeof parts === 'string') {
      declined.set(node.name, parts);
      return [node];
    }
    for (const [name, tensor] of parts.tensors) initializers.set(name, tensor);
    whole.set(node.name, node);
    return parts.nodes;
  });
  return { graph: whole.size === 0 ? graph : { ...graph, nodes, initializers }, whole, declined };
}

/** One report for each whole node in place of those of its parts. */
export function reportWhole(report: readonly NodeReport[], whole: ReadonlyMap<string, GraphNode>): NodeReport[] {
  const parts = new Map<string, NodeReport[]>();
  for (const part of report) {
    const known = parts.get(part.node);
    if (known) known.push(part);
    else parts.set(part.node, [part]);
  }
  return [...parts].flatMap(([name, own]) => {
    const node = whole.get(name);
    return node ? [joined(node, own)] : own;
  });
}

function joined(node: GraphNode, parts: readonly NodeReport[]): NodeReport {
  const slow = parts.find(({ how }) => how === 'reference');
  const elsewhere = parts.find(({ how, into }) => how === 'fused' && into !== node.name);
  const how = slow
    ? 'reference'
    : parts.some((part) => part.how === 'kernel')
      ? 'kernel'
      : elsewhere
        ? 'fused'
        : parts.some((part) => part.how === 'free')
          ? 'free'
          : 'constant';
  return {
    node: node.name,
    op: node.op,
    how,
    ...(how === 'fused' && { into: elsewhere!.into! }),
    kernels: parts.flatMap(({ kernels }) => kernels),
    conversions: parts.flatMap(({ conversions }) => conversions),
    ...(slow && { reason: `${slow.op}: ${slow.reason}` }),
  };
}
