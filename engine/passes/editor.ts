import { valuesRead } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Tensor, ValueType } from '../tensor.ts';
import type { PassResult } from './pass.ts';
import { unchanged } from './pass.ts';

/**
 * Changes a copy of a graph and keeps producers and consumers right while doing so. Every pass works through one; the
 * graph it was made from stays as it was.
 */
export class GraphEditor {
  readonly #graph: Graph;
  /** What stands where a node of the original stood, in order. */
  readonly #slots: GraphNode[][];
  readonly #slotOf = new Map<GraphNode, number>();
  /** Made when a pass first asks who writes or reads a value: most passes find nothing to do, and ask nothing. */
  #links: Links | undefined;
  readonly #initializers: Map<string, Tensor>;
  readonly #types: Map<string, ValueType>;
  readonly #outputs: Set<string>;
  readonly #names: Set<string>;
  readonly #absorbed = new Map<string, string[]>();
  #changed = false;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#slots = graph.nodes.map((node) => [node]);
    this.#initializers = new Map(graph.initializers);
    this.#types = new Map(graph.types);
    this.#outputs = new Set(graph.outputs);
    this.#names = new Set([...graph.inputs, ...graph.initializers.keys(), ...graph.nodes.map((node) => node.name)]);
    graph.nodes.forEach((node, slot) => {
      this.#slotOf.set(node, slot);
    });
  }

  /** The nodes as they stand, in order; a snapshot, safe to edit under. */
  get nodes(): readonly GraphNode[] {
    return this.#slots.flat();
  }

  opset(domain = ''): number {
    return this.#graph.opsets.get(domain) ?? 1;
  }

  /** Whether the node has not been removed or replaced. */
  has(node: GraphNode): boolean {
    return this.#slotOf.has(node);
  }

  producer(value: string): GraphNode | undefined {
    return this.#linked().producers.get(value);
  }

  /** Nodes that read a value, those that capture it in a subgraph included. */
  consumers(value: string): readonly GraphNode[] {
    return [...(this.#linked().consumers.get(value) ?? [])];
  }

  /** The only node that reads the value, if the value is not an output of the graph as well. */
  onlyConsumer(value: string): GraphNode | undefined {
    const consumers = this.#linked().consumers.get(value);
    if (consumers?.size !== 1 || this.#outputs.has(value)) return undefined;
    const [node] = consumers;
    return node!.inputs.filter((input) => input === value).length === 1 ? node : undefined;
  }

  constant(value: string | undefined): Tensor | undefined {
    return value ? this.#initializers.get(value) : undefined;
  }

  type(value: string): ValueType | undefined {
    return this.#types.get(value);
  }

  isOutput(value: string): boolean {
    return this.#outputs.has(value);
  }

  /** Puts nodes in the place of one; `absorbing` names nodes that the first of them now stands for as well. */
  replace(node: GraphNode, replacements: readonly GraphNode[], absorbing: readonly GraphNode[] = []): void {
    const slot = this.#slotOf.get(node);
    if (slot === undefined) throw new Error(`Node ${node.name} is not in the graph.`);
    this.#links?.remove(node);
    this.#slotOf.delete(node);
    const place = this.#slots[slot]!;
    place.splice(place.indexOf(node), 1, ...replacements);
    for (const replacement of replacements) {
      this.#names.add(replacement.name);
      this.#slotOf.set(replacement, slot);
      this.#links?.add(replacement);
    }
    const survivor = replacements[0];
    if (survivor !== undefined) for (const other of absorbing) this.#absorb(survivor, other);
    this.#changed = true;
  }

  remove(node: GraphNode): void {
    this.replace(node, []);
  }

  /** Makes everything that read `from` read `to`. False, with nothing done, where a name has to stay: outputs, captures. */
  redirect(from: string, to: string): boolean {
    if (this.#outputs.has(from)) return false;
    const consumers = this.consumers(from);
    if (consumers.some((node) => !node.inputs.includes(from) || capturesValue(node, from))) return false;
    for (const node of consumers) {
      this.replace(node, [{ ...node, inputs: node.inputs.map((input) => (input === from ? to : input)) }]);
    }
    return true;
  }

  /** Adds a constant under the wanted name or, where that is taken, one made from it; returns the name. */
  addInitializer(wanted: string, tensor: Tensor): string {
    const name = this.unusedName(wanted);
    this.setConstant(name, tensor);
    return name;
  }

  /** Constant that takes the place of `old` for one reader: keeps the name if nobody else reads it. */
  replaceInitializer(old: string, reader: GraphNode, tensor: Tensor): string {
    const consumers = this.#linked().consumers.get(old);
    const alone = !this.#outputs.has(old) && (consumers?.size ?? 0) <= 1;
    if (!alone) return this.addInitializer(`${reader.name}.${old}`, tensor);
    this.setConstant(old, tensor);
    return old;
  }

  /** Makes a value that had a producer (now removed) a constant of the same name. */
  setConstant(value: string, tensor: Tensor): void {
    this.#names.add(value);
    this.#initializers.set(value, tensor);
    this.#types.set(value, { dtype: tensor.dtype, dims: tensor.dims });
    this.#changed = true;
  }

  setType(value: string, type: ValueType): void {
    this.#types.set(value, type);
  }

  /** A node or value name that nothing bears yet. */
  unusedName(wanted: string): string {
    const { producers } = this.#linked();
    const taken = (name: string) => this.#names.has(name) || this.#types.has(name) || producers.has(name);
    if (!taken(wanted)) return wanted;
    let count = 1;
    while (taken(`${wanted}_${count}`)) count++;
    return `${wanted}_${count}`;
  }

  result(opsets: ReadonlyMap<string, number> = this.#graph.opsets): PassResult {
    if (!this.#changed && opsets === this.#graph.opsets) return unchanged(this.#graph);
    const nodes = this.nodes;
    const alive = new Set<string>([...this.#graph.inputs, ...this.#initializers.keys()]);
    for (const node of nodes) for (const output of node.outputs) alive.add(output);
    const types = new Map([...this.#types].filter(([name]) => alive.has(name)));
    return {
      graph: { ...this.#graph, nodes, initializers: this.#initializers, types, opsets },
      absorbed: this.#absorbed,
    };
  }

  #absorb(survivor: GraphNode, other: GraphNode): void {
    const names = this.#absorbed.get(survivor.name) ?? [];
    this.#absorbed.set(survivor.name, [...names, other.name, ...(this.#absorbed.get(other.name) ?? [])]);
    this.#absorbed.delete(other.name);
  }

  #linked(): Links {
    this.#links ??= new Links(this.nodes);
    return this.#links;
  }
}

/** Who writes and who reads each value. */
class Links {
  readonly producers = new Map<string, GraphNode>();
  readonly consumers = new Map<string, Set<GraphNode>>();

  constructor(nodes: readonly GraphNode[]) {
    for (const node of nodes) this.add(node);
  }

  add(node: GraphNode): void {
    for (const output of node.outputs) if (output !== '') this.producers.set(output, node);
    for (const value of valuesRead(node)) {
      const consumers = this.consumers.get(value);
      if (consumers) consumers.add(node);
      else this.consumers.set(value, new Set([node]));
    }
  }

  remove(node: GraphNode): void {
    for (const output of node.outputs) if (this.producers.get(output) === node) this.producers.delete(output);
    for (const value of valuesRead(node)) this.consumers.get(value)?.delete(node);
  }
}

function capturesValue(node: GraphNode, value: string): boolean {
  const read = valuesRead(node).filter((name) => name === value).length;
  return read > node.inputs.filter((name) => name === value).length;
}
