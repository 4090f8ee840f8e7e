import { type Finding, FindingError } from '../findings.ts';
import type { InferContext } from '../operators/operator.ts';
import { findOperator } from '../operators/registry.ts';
import { describe } from '../operators/shared/attributes.ts';
import { integersOf, isInteger } from '../operators/shared/numbers.ts';
import { formatDims, isStatic } from '../operators/shared/types.ts';
import { type Dimension, elementCount, type Tensor, type ValueType } from '../tensor.ts';
import { type AnyType, type ContainerType, formatType, isTensorType } from '../value.ts';
import { evaluateConstant } from './constants.ts';
import type { Graph, GraphNode } from './graph.ts';

/**
 * Types and shapes of every value, from the inputs forward: each operator's own rule, with constants and shape
 * arithmetic carried along. What a rule cannot tell stays as the file declares it.
 */
export interface InferOptions {
  /** Shapes to assume for graph inputs; they bind symbolic dimensions of the same name everywhere. */
  readonly inputDims?: ReadonlyMap<string, readonly number[]>;
  /** Value of every symbolic or unknown dimension of a graph input that `inputDims` leaves open. */
  readonly freeDimension?: number;
  /** For a subgraph: what is known of the values around it, which it may capture. */
  readonly enclosing?: Enclosing;
}

export type Enclosing = Pick<Inference, 'types' | 'containers' | 'constants'>;

export interface Inference {
  readonly types: ReadonlyMap<string, ValueType>;
  /** Types of the values that are no tensors. */
  readonly containers: ReadonlyMap<string, ContainerType>;
  /** Initializers and the small values computed from them and from shapes. */
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly findings: readonly Finding[];
}

/** Length of the longest vector whose elements are tracked as dimensions. */
const elementLimit = 1024;
/** Enclosing graphs of a subgraph. */
export const depthLimit = 32;

/** What is known of values while inferring; subgraphs see their enclosing scopes. */
interface Scope {
  readonly types: Map<string, ValueType>;
  readonly containers: Map<string, ContainerType>;
  readonly constants: Map<string, Tensor>;
  readonly elements: Map<string, readonly Dimension[]>;
  readonly parent: Scope | undefined;
  readonly depth: number;
}

function newScope(parent?: Scope): Scope {
  return {
    types: new Map(),
    containers: new Map(),
    constants: new Map(),
    elements: new Map(),
    parent,
    depth: parent === undefined ? 0 : parent.depth + 1,
  };
}

function lookUp<T>(scope: Scope, name: string, select: (scope: Scope) => ReadonlyMap<string, T>): T | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    // A name that the inner scope defines hides the outer one even where nothing is known of it.
    const found = select(at).get(name);
    if (found !== undefined) return found;
    if (at.types.has(name) || at.containers.has(name)) return undefined;
  }
  return undefined;
}

export function inferTypes(graph: Graph, options: InferOptions = {}): Inference {
  const findings: Finding[] = [];
  const scope = newScope(options.enclosing && enclosingScope(options.enclosing));
  const bound = bindInputs(graph, options, findings);
  inferInto(graph, scope, bound.types, bound.declared, findings);
  return { types: scope.types, containers: scope.containers, constants: scope.constants, findings };
}

const inferences = new WeakMap<Graph, Inference>();

/** The graph with inferred types, which `inferenceOf` then knows. Findings are dropped: they were reported when the model was read. */
export function withInference(graph: Graph): Graph {
  const inference = inferTypes(graph);
  const { types, containers } = inference;
  const inferred = { ...graph, types, ...(containers.size > 0 && { containers }) };
  inferences.set(inferred, inference);
  return inferred;
}

/** `inferTypes` without options, once a graph. */
export function inferenceOf(graph: Graph): Inference {
  const known = inferences.get(graph) ?? inferTypes(graph);
  inferences.set(graph, known);
  return known;
}

/** Input types after the options, and the declared types of all other values with bound symbols replaced. */
function bindInputs(graph: Graph, options: InferOptions, findings: Finding[]) {
  const symbols = new Map<string, number>();
  const types = new Map<string, AnyType>();
  let changed = false;
  for (const name of graph.inputs) {
    const declared = graph.types.get(name);
    const given = options.inputDims?.get(name);
    if (declared === undefined || given === undefined) continue;
    if (declared.dims !== undefined && declared.dims.length !== given.length)
      findings.push({
        code: 'model/input-shape',
        severity: 'warning',
        what: `Input “${name}” has ${declared.dims.length} dimensions ${formatDims(declared.dims)}; ${formatDims(given)} was given.`,
      });
    given.forEach((dim, i) => {
      const was = declared.dims?.[i];
      if (typeof was === 'string') symbols.set(was, dim);
      else if (typeof was === 'number' && was !== dim) changed = true;
    });
  }
  const replace = (dim: Dimension) => (typeof dim === 'string' ? (symbols.get(dim) ?? dim) : dim);
  for (const name of graph.inputs) {
    const container = graph.containers?.get(name);
    if (container !== undefined) types.set(name, container);
    const declared = graph.types.get(name);
    if (declared === undefined) continue;
    const dims = (options.inputDims?.get(name) ?? declared.dims)?.map(replace);
    const free = options.freeDimension;
    types.set(name, {
      dtype: declared.dtype,
      ...(dims && { dims: free === undefined ? dims : dims.map((dim) => (typeof dim === 'number' ? dim : free)) }),
    });
  }
  // A number declared for another input shape than the one asked for is worth nothing.
  const declared = (name: string): AnyType | undefined => {
    const type = graph.types.get(name);
    if (type === undefined) return graph.containers?.get(name);
    if (type.dims === undefined || types.has(name)) return type;
    return changed ? { dtype: type.dtype } : { dtype: type.dtype, dims: type.dims.map(replace) };
  };
  return { types, declared };
}

function inferInto(
  graph: Graph,
  scope: Scope,
  inputs: ReadonlyMap<string, AnyType>,
  declared: (name: string) => AnyType | undefined,
  findings: Finding[],
): void {
  for (const [name, type] of inputs) setType(scope, name, type);
  for (const [name, tensor] of graph.initializers) setConstant(scope, name, tensor);
  for (const node of graph.nodes) inferNode(graph, node, scope, declared, findings);
}

function setType(scope: Scope, name: string, type: AnyType): void {
  if (isTensorType(type)) scope.types.set(name, type);
  else scope.containers.set(name, type);
}

function enclosingScope({ types, containers, constants }: Enclosing): Scope {
  const scope = newScope();
  for (const [name, type] of types) scope.types.set(name, type);
  for (const [name, type] of containers) scope.containers.set(name, type);
  for (const [name, tensor] of constants) setConstant(scope, name, tensor);
  return scope;
}

function setConstant(scope: Scope, name: string, tensor: Tensor): void {
  scope.types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
  scope.constants.set(name, tensor);
  if (isInteger(tensor.dtype) && tensor.dims.length <= 1 && elementCount(tensor.dims) <= elementLimit)
    scope.elements.set(name, integersOf(tensor));
}

function inferNode(
  graph: Graph,
  node: GraphNode,
  scope: Scope,
  declared: (name: string) => AnyType | undefined,
  findings: Finding[],
): void {
  const opset = graph.opsets.get(node.domain) ?? 1;
  const operator = findOperator(node.domain, node.op, opset);
  const context = contextOf(graph, scope, opset, findings);
  let inferred: readonly (AnyType | undefined)[] = [];
  const known = node.inputs.every(
    (name) => name === '' || context.type(name) !== undefined || context.container(name) !== undefined,
  );
  if (operator !== undefined && known) {
    try {
      inferred = operator.infer(node, context);
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      findings.push(error.finding);
    }
  }
  node.outputs.forEach((name, index) => {
    if (name === '') return;
    const type = merge(node, name, inferred[index], declared(name), findings);
    if (type !== undefined) setType(scope, name, type);
  });
  if (operator === undefined || !known) return;
  const values = evaluateConstant(node, operator, opset, context);
  if (values !== undefined) {
    node.outputs.forEach((name, index) => {
      if (name !== '' && values[index] !== undefined) setConstant(scope, name, values[index]);
    });
    return;
  }
  const elements = guarded(() => operator.inferElements?.(node, context));
  const output = node.outputs[0];
  if (elements !== undefined && elements.length <= elementLimit && output) {
    scope.elements.set(output, elements);
    // Shape arithmetic whose result is known after all, though not all of its operands are.
    const dims = scope.types.get(output)?.dims;
    if (scope.types.get(output)?.dtype === 'int64' && isStatic(dims) && isStatic(elements))
      scope.constants.set(output, { dtype: 'int64', dims, data: BigInt64Array.from(elements, (x) => BigInt(x)) });
  }
}

function guarded<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

function contextOf(graph: Graph, scope: Scope, opset: number, findings: Finding[]): InferContext {
  return {
    opset,
    type: (name) => lookUp(scope, name, (at) => at.types),
    container: (name) => lookUp(scope, name, (at) => at.containers),
    constant: (name) => lookUp(scope, name, (at) => at.constants),
    dimensions: (name) => lookUp(scope, name, (at) => at.elements),
    inferSubgraph(subgraph, inputs = []) {
      if (scope.depth >= depthLimit) return [];
      const inner = newScope(scope);
      const types = new Map<string, AnyType>();
      const declared = (name: string) => subgraph.types.get(name) ?? subgraph.containers?.get(name);
      subgraph.inputs.forEach((name, index) => {
        const type = inputs[index] ?? declared(name);
        if (type !== undefined) types.set(name, type);
      });
      const own: Graph = subgraph.opsets.size > 0 ? subgraph : { ...subgraph, opsets: graph.opsets };
      inferInto(own, inner, types, declared, findings);
      return subgraph.outputs.map(
        (name) => lookUp(inner, name, (at) => at.types) ?? lookUp(inner, name, (at) => at.containers),
      );
    },
  };
}

/** The more precise of two types; where they contradict each other the inferred one wins and a warning says so. */
function merge(
  node: GraphNode,
  name: string,
  inferred: AnyType | undefined,
  declared: AnyType | undefined,
  findings: Finding[],
): AnyType | undefined {
  if (inferred === undefined) return declared;
  if (declared === undefined) return inferred;
  const conflict = (why: string): AnyType => {
    findings.push({
      code: 'model/type-conflict',
      severity: 'warning',
      what: `The model declares output “${name}” of ${describe(node)} as ${formatType(declared)}, but it is ${formatType(inferred)}.`,
      why,
      fix: 'The computed type is used. Export the model again to be rid of the wrong declaration.',
    });
    return inferred;
  };
  if (!isTensorType(inferred) || !isTensorType(declared)) {
    if (isTensorType(inferred) || isTensorType(declared) || inferred.kind !== declared.kind)
      return conflict('One is a tensor, sequence or optional, the other is not.');
    // What a rule cannot tell of the tensors inside stays as the file declares it.
    if (inferred.element === undefined || declared.element === undefined) return inferred.element ? inferred : declared;
    const element = merge(node, name, inferred.element, declared.element, findings);
    return { kind: inferred.kind, element } as ContainerType;
  }
  if (inferred.dtype !== declared.dtype) return conflict('The element types differ.');
  if (inferred.dims === undefined) return declared;
  if (declared.dims === undefined) return inferred;
  if (inferred.dims.length !== declared.dims.length) return conflict('The numbers of dimensions differ.');
  const dims: Dimension[] = [];
  for (const [i, a] of inferred.dims.entries()) {
    const b = declared.dims[i];
    if (typeof a === 'number' && typeof b === 'number' && a !== b) return conflict('The shapes differ.');
    dims.push(typeof a === 'number' ? a : typeof b === 'number' ? b : (a ?? b));
  }
  return { dtype: inferred.dtype, dims };
}
