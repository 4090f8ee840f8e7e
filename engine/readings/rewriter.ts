import { valuesRead } from '../graph/captures.ts';
import type { Attribute, Graph, GraphNode } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import type { Tensor, ValueType } from '../tensor.ts';

/** Builds the graph of a reading node by node: fresh names, constants, types. */
export class Rewriter {
  readonly nodes: GraphNode[] = [];
  readonly initializers = new Map<string, Tensor>();
  readonly types = new Map<string, ValueType>();
  readonly #values: Set<string>;
  readonly #nodeNames: Set<string>;
  readonly #source: Graph;

  constructor(source: Graph) {
    this.#source = source;
    this.#values = new Set([...source.types.keys(), ...source.initializers.keys(), ...source.inputs]);
    for (const node of source.nodes) for (const value of node.outputs) this.#values.add(value);
    this.#nodeNames = new Set(source.nodes.map((node) => node.name));
    for (const value of source.inputs) this.keepType(value);
  }

  /** A value name that nothing bears yet. */
  value(wanted: string): string {
    return fresh(this.#values, wanted);
  }

  nodeName(wanted: string): string {
    return fresh(this.#nodeNames, wanted);
  }

  /** Adds a constant and returns its value name. */
  constant(wanted: string, tensor: Tensor): string {
    const name = this.value(wanted);
    this.initializers.set(name, tensor);
    this.types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
    return name;
  }

  /** Takes over a constant of the source under its own name. */
  keepConstant(name: string): void {
    const tensor = this.#source.initializers.get(name);
    if (tensor === undefined || this.initializers.has(name)) return;
    this.initializers.set(name, tensor);
    this.types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
  }

  /** Takes over the type of a value, in another element type if one is given. */
  keepType(value: string, as: string = value, dtype?: ValueType['dtype']): void {
    const type = this.#source.types.get(value);
    if (type !== undefined) this.types.set(as, dtype === undefined ? type : { ...type, dtype });
  }

  add(
    op: string,
    domain: string,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void {
    this.nodes.push({ name, op, domain, inputs, outputs, attributes });
  }

  /** Takes over a node, with other inputs and outputs; what the file said of it stays with it. */
  copy(node: GraphNode, inputs: readonly string[], outputs: readonly string[], change: Partial<GraphNode> = {}): void {
    this.nodes.push({ ...node, ...change, inputs, outputs });
    for (const value of capturedBy(node)) this.keepConstant(value);
  }

  /** The graph, with the types of what was added inferred. */
  /** Takes nodes out again of which nothing reads what they give, by that value. */
  removeUnread(values: readonly string[]): void {
    const read = new Set([...this.#source.outputs, ...this.nodes.flatMap((node) => [...valuesRead(node)])]);
    const unread = new Set(values.filter((value) => !read.has(value)));
    const kept = this.nodes.filter(({ outputs }) => !outputs.some((output) => unread.has(output)));
    this.nodes.splice(0, this.nodes.length, ...kept);
  }

  finish(opsets: ReadonlyMap<string, number> = this.#source.opsets): Graph {
    for (const value of this.#source.outputs) this.keepConstant(value);
    const { nodes, initializers, types } = this;
    const graph = { ...this.#source, nodes, initializers, types, opsets };
    return { ...graph, types: inferTypes(graph).types };
  }
}

/** Values that the node's subgraphs take from the graph around them. */
export function capturedBy(node: GraphNode): string[] {
  return valuesRead(node).slice(node.inputs.filter((value) => value !== '').length);
}

/**
 * Characters of a name that is made. Converters join the names of all that they fuse, hundreds of characters, and some ten names
 * are made of each tensor: more bytes than its codes.
 */
const longest = 80;

function fresh(taken: Set<string>, wanted: string): string {
  const own = wanted.length > longest ? `${wanted.slice(0, 32)}...${wanted.slice(3 + 32 - longest)}` : wanted;
  let name = own;
  for (let i = 1; taken.has(name); i++) name = `${own}_${i}`;
  taken.add(name);
  return name;
}

export function intAttributeOf(value: number): Attribute {
  return { kind: 'int', value };
}
export function floatAttributeOf(value: number): Attribute {
  return { kind: 'float', value };
}
export function tensorAttributeOf(value: Tensor): Attribute {
  return { kind: 'tensor', value };
}
