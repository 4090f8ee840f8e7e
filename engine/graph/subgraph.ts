import type { Tensor } from '../tensor.ts';
import type { Attribute, Graph, GraphNode } from './graph.ts';

/** A graph that reads and defines other values: those of `names`, in its own subgraphs too where they capture them. */
export function renamed(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  if (names.size === 0) return graph;
  const of = (value: string) => names.get(value) ?? value;
  const keys = <T>(map: ReadonlyMap<string, T>) => new Map([...map].map(([name, item]) => [of(name), item]));
  return {
    ...graph,
    inputs: graph.inputs.map(of),
    outputs: graph.outputs.map(of),
    initializers: keys(graph.initializers),
    types: keys(graph.types),
    nodes: graph.nodes.map((node) => renamedNode(node, names)),
  };
}

function renamedNode(node: GraphNode, names: ReadonlyMap<string, string>): GraphNode {
  const of = (value: string) => names.get(value) ?? value;
  const inner = (graph: Graph) => {
    const own = definedValues(graph);
    return renamed(graph, new Map([...names].filter(([name]) => !own.has(name))));
  };
  const attributes = Object.entries(node.attributes).map(([name, attribute]): [string, Attribute] => {
    if (attribute.kind === 'graph') return [name, { kind: 'graph', value: inner(attribute.value) }];
    if (attribute.kind === 'graphs') return [name, { kind: 'graphs', value: attribute.value.map(inner) }];
    return [name, attribute];
  });
  return {
    ...node,
    inputs: node.inputs.map(of),
    outputs: node.outputs.map(of),
    attributes: Object.fromEntries(attributes),
  };
}

/** Values that come to be in a graph itself: inputs, initializers, outputs of nodes. */
export function definedValues(graph: Graph): Set<string> {
  const own = new Set<string>([...graph.inputs, ...graph.initializers.keys()]);
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') own.add(name);
  return own;
}

/** Names of values and nodes that are in use; `fresh` makes a wanted name unique and takes it. */
export class Names {
  private readonly taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.taken = new Set(taken);
  }

  static of(graph: Graph): Names {
    return new Names([...definedValues(graph), ...graph.nodes.map((node) => node.name)]);
  }

  fresh(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.taken.has(name); count++) name = `${wanted}_${count}`;
    this.taken.add(name);
    return name;
  }
}

/** The subgraph with values and nodes of its own that bear no name in use outside; captured values keep theirs. */
export function withFreshNames(graph: Graph, names: Names): Graph {
  const others = new Map<string, string>();
  for (const value of definedValues(graph)) {
    const name = names.fresh(value);
    if (name !== value) others.set(value, name);
  }
  const result = renamed(graph, others);
  return { ...result, nodes: result.nodes.map((node) => ({ ...node, name: names.fresh(node.name) })) };
}

/**
 * What of a subgraph without inputs (a branch of an If) stands in the graph around it instead of the node that ran it: nodes
 * and constants, its outputs under the names given.
 */
export function inlined(
  branch: Graph,
  name: string,
  outputs: readonly string[],
  names: Names,
): { readonly nodes: readonly GraphNode[]; readonly initializers: ReadonlyMap<string, Tensor> } {
  const body = withFreshNames(branch, names);
  const produced = new Set(body.nodes.flatMap((node) => node.outputs));
  const finals = new Map<string, string>();
  const copies: GraphNode[] = [];
  outputs.forEach((output, index) => {
    const value = body.outputs[index]!;
    if (output === '') return;
    if (produced.has(value) && !finals.has(value)) finals.set(value, output);
    else
      copies.push({
        name: names.fresh(name),
        op: 'Identity',
        domain: '',
        inputs: [value],
        outputs: [output],
        attributes: {},
      });
  });
  const { nodes, initializers } = renamed({ ...body, nodes: [...body.nodes, ...copies] }, finals);
  return { nodes, initializers };
}
