import { evaluateConstant, type FoldLimits } from '../graph/constants.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { depthLimit, type InferOptions, inferTypes } from '../graph/infer.ts';
import { Names, withFreshNames } from '../graph/subgraph.ts';
import { settledTypes } from '../operators/control/loop.ts';
import { scanSlices } from '../operators/control/scan.ts';
import { findOperator } from '../operators/registry.ts';
import { graphAttribute } from '../operators/shared/attributes.ts';
import { isStatic } from '../operators/shared/types.ts';
import { inlineKnownBranches } from '../passes/inline-if.ts';
import type { Tensor, ValueType } from '../tensor.ts';
import { type AnyType, type ContainerType, isTensorType } from '../value.ts';
import { decomposeAll } from './decompose.ts';
import type { StaticType } from './lowering.ts';

/** A graph with everything that is known of it before it runs. */
export interface PreparedGraph {
  /** Only the nodes that have something to compute for each input. */
  readonly graph: Graph;
  /** Nodes that are written out as several, by their name, which their parts have too; those in bodies included. */
  readonly whole: ReadonlyMap<string, GraphNode>;
  /** Why nodes of composed operators were not written out. */
  readonly declined: ReadonlyMap<string, string>;
  /** Nodes whose outputs are constants, those in bodies included. */
  readonly folded: readonly GraphNode[];
  /**
   * Subgraphs of its If, Loop and Scan nodes, prepared alike; no value or node of theirs bears a name that is used elsewhere in
   * the model. Empty where nothing is folded.
   */
  readonly bodies: ReadonlyMap<GraphNode, readonly PreparedGraph[]>;
  constant(value: string): Tensor | undefined;
  type(value: string): StaticType | undefined;
  opset(node: GraphNode): number;
}

/** What may be computed while compiling: dequantised weights of large models, but no loop of a hostile one. */
const limits: FoldLimits = { elements: 2 ** 26, macs: 2 ** 32 };

/**
 * Concrete shapes (open dimensions are 1) and, with `fold`, compositions written out and the constants that follow from
 * the initializers.
 */
export function prepare(
  graph: Graph,
  inputDims: ReadonlyMap<string, readonly number[]> | undefined,
  fold: boolean,
): PreparedGraph {
  const known: Known = {
    types: new Map(),
    containers: new Map(),
    constants: new Map(),
    whole: new Map(),
    declined: new Map(),
    names: Names.of(graph),
    fold,
    depth: 0,
  };
  return prepareGraph(graph, { freeDimension: 1, ...(inputDims && { inputDims }) }, known);
}

/** What is known of values and nodes, of all graphs that were looked at so far. */
interface Known {
  readonly types: Map<string, ValueType>;
  readonly containers: Map<string, ContainerType>;
  readonly constants: Map<string, Tensor>;
  readonly whole: Map<string, GraphNode>;
  readonly declined: Map<string, string>;
  readonly names: Names;
  readonly fold: boolean;
  /** Enclosing graphs of the one being looked at. */
  readonly depth: number;
}

function prepareGraph(given: Graph, options: InferOptions, known: Known): PreparedGraph {
  let graph = given;
  let inference = inferTypes(graph, options);
  while (known.fold) {
    const constant = (value: string) =>
      graph.initializers.get(value) ?? inference.constants.get(value) ?? known.constants.get(value);
    const next = inlineKnownBranches(graph, constant, known.names);
    if (next === graph) break;
    graph = next;
    inference = inferTypes(graph, options);
  }
  if (known.fold) {
    const decomposed = decomposeAll(graph, options, inference);
    graph = decomposed.graph;
    inference = decomposed;
    for (const [name, node] of decomposed.whole) known.whole.set(name, node);
    for (const [name, reason] of decomposed.declined) known.declined.set(name, reason);
  }
  for (const [name, type] of inference.types) known.types.set(name, type);
  for (const [name, type] of inference.containers) known.containers.set(name, type);
  for (const map of [inference.constants, graph.initializers]) {
    for (const [name, tensor] of map) known.constants.set(name, tensor);
  }
  const constant = (value: string) => known.constants.get(value);
  const opset = (node: GraphNode) => graph.opsets.get(node.domain) ?? 1;
  const isKnown = (node: GraphNode) => node.outputs.every((value) => value === '' || constant(value));
  const context = {
    type: (value: string) => known.types.get(value),
    container: (value: string) => known.containers.get(value),
    constant,
    dimensions: () => undefined,
    inferSubgraph: () => [],
  };
  const bodies = new Map<GraphNode, PreparedGraph[]>();
  for (const node of known.fold ? graph.nodes : []) {
    if (isKnown(node)) continue;
    if (node.domain === '' && known.depth < depthLimit) {
      const own = bodiesOf(node, opset(node), graph, known);
      if (own) bodies.set(node, own);
    }
    const operator = findOperator(node.domain, node.op, opset(node));
    if (!operator) continue;
    const values = evaluateConstant(node, operator, opset(node), { ...context, opset: opset(node) }, limits);
    node.outputs.forEach((name, index) => {
      if (name !== '' && values?.[index]) known.constants.set(name, values[index]);
    });
  }
  return {
    graph: { ...graph, types: inference.types, nodes: graph.nodes.filter((node) => !isKnown(node)) },
    folded: [
      ...graph.nodes.filter(isKnown),
      ...[...bodies.values()].flatMap((list) => list.flatMap((body) => body.folded)),
    ],
    bodies,
    whole: known.whole,
    declined: known.declined,
    constant,
    opset,
    type(value) {
      const type = known.types.get(value);
      return type && isStatic(type.dims) ? { dtype: type.dtype, dims: type.dims } : undefined;
    },
  };
}

/** The prepared subgraphs of a control-flow node; undefined for any other node, and where sequences or optionals pass in or out. */
function bodiesOf(node: GraphNode, opset: number, graph: Graph, known: Known): PreparedGraph[] | undefined {
  if ([...node.inputs, ...node.outputs].some((name) => known.containers.has(name))) return undefined;
  const prepareBody = (attribute: string, types: readonly (ValueType | undefined)[] = []) => {
    const body = withFreshNames(graphAttribute(node, attribute), known.names);
    const inputs = body.inputs.flatMap((name, index) => (types[index] ? [[name, types[index]] as const] : []));
    const own = { ...body, opsets: body.opsets.size > 0 ? body.opsets : graph.opsets };
    // The body of a Loop runs only while the condition holds.
    if (node.op === 'Loop' && body.inputs[1]) known.constants.set(body.inputs[1], holds);
    return prepareGraph(
      { ...own, types: new Map([...body.types, ...inputs]) },
      { enclosing: known },
      { ...known, depth: known.depth + 1 },
    );
  };
  const type = (name: string) => known.types.get(name);
  switch (node.op) {
    case 'If':
      return [prepareBody('then_branch'), prepareBody('else_branch')];
    case 'Loop': {
      const infer = (types: readonly (AnyType | undefined)[]) =>
        inferBody(graphAttribute(node, 'body'), types.map(tensorType), graph, known);
      return [prepareBody('body', settledTypes(node, type, infer).map(tensorType))];
    }
    case 'Scan':
      return opset < 9 ? undefined : [prepareBody('body', scanSlices(node, type))];
    default:
      return undefined;
  }
}

function tensorType(type: AnyType | undefined): ValueType | undefined {
  return type && isTensorType(type) ? type : undefined;
}

const holds: Tensor = { dtype: 'bool', dims: [], data: Uint8Array.of(1) };

/** Types of a body's outputs for types of its inputs. */
function inferBody(
  body: Graph,
  inputs: readonly (ValueType | undefined)[],
  graph: Graph,
  known: Known,
): (ValueType | undefined)[] {
  const types = new Map(body.types);
  body.inputs.forEach((name, index) => {
    if (inputs[index]) types.set(name, inputs[index]);
  });
  const own = { ...body, types, opsets: body.opsets.size > 0 ? body.opsets : graph.opsets };
  const inference = inferTypes(own, { enclosing: known });
  return body.outputs.map((name) => inference.types.get(name) ?? known.types.get(name));
}
