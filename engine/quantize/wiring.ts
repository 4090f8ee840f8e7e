import type { Graph, GraphNode } from '../graph/graph.ts';

/** Who computes and who reads each value of a graph. */
export interface Wiring {
  producer(value: string): GraphNode | undefined;
  /** Every reading, a node that reads a value twice counting twice. Subgraph captures appear with index −1. */
  consumers(value: string): readonly Consumer[];
  isOutput(value: string): boolean;
}

export interface Consumer {
  readonly node: GraphNode;
  readonly index: number;
}

export function wire(graph: Graph): Wiring {
  const producers = new Map<string, GraphNode>();
  const consumers = new Map<string, Consumer[]>();
  const outputs = new Set(graph.outputs);
  const read = (value: string, consumer: Consumer) => {
    const list = consumers.get(value);
    if (list === undefined) consumers.set(value, [consumer]);
    else list.push(consumer);
  };
  for (const node of graph.nodes) {
    for (const value of node.outputs) if (value !== '') producers.set(value, node);
    node.inputs.forEach((value, index) => {
      if (value !== '') read(value, { node, index });
    });
    for (const value of captured(node)) read(value, { node, index: -1 });
  }
  return {
    producer: (value) => producers.get(value),
    consumers: (value) => consumers.get(value) ?? [],
    isOutput: (value) => outputs.has(value),
  };
}

/** Whether others read the weights of a product as well: what changes them for one reader alone gives each a copy. */
export function sharesWeight(wiring: Wiring, { inputs }: GraphNode): boolean {
  return wiring.consumers(inputs[1] ?? '').length > 1;
}

/** Names that occur in a node's subgraphs; those they define themselves are among them, which does no harm here. */
function captured(node: GraphNode): Set<string> {
  const names = new Set<string>();
  const visit = (graph: Graph) => {
    for (const name of graph.outputs) names.add(name);
    for (const inner of graph.nodes) {
      for (const name of inner.inputs) if (name !== '') names.add(name);
      subgraphs(inner).forEach(visit);
    }
  };
  subgraphs(node).forEach(visit);
  return names;
}

function subgraphs(node: GraphNode): readonly Graph[] {
  return Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [],
  );
}
