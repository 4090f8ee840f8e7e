import type { GraphLayer, GraphMessage, GraphValue } from '../protocol.ts';

/** What is drawn as one card: a layer, or an input or output of the model. */
export type GraphNode =
  | { readonly kind: 'input' | 'output'; readonly name: string; readonly type: string }
  | { readonly kind: 'layer'; readonly name: string; readonly layer: GraphLayer };

export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  /** Number of the value among all values, those that are given and those that are captured apart. */
  readonly bundle: number;
  /** The reader's body takes the value from around it. */
  readonly captured: boolean;
}

export interface GraphModel {
  /** Inputs, layers in the message's order, outputs. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Edges that end in, and that begin at, each node. */
  readonly incoming: readonly (readonly number[])[];
  readonly outgoing: readonly (readonly number[])[];
  /** Number of the first layer of this name. */
  readonly layerByName: ReadonlyMap<string, number>;
  /** Node that makes a value, and those that read it. */
  readonly producer: ReadonlyMap<string, number>;
  readonly readers: ReadonlyMap<string, readonly number[]>;
}

/** Joins producers and readers of values by name. Of two values with one name, which no valid model has, the first counts. */
export function buildModel(message: GraphMessage): GraphModel {
  const terminal = (kind: 'input' | 'output') => (value: GraphValue) => ({ kind, name: value.name, type: value.type });
  const nodes: GraphNode[] = [
    ...message.inputs.map(terminal('input')),
    ...message.layers.map((layer): GraphNode => ({ kind: 'layer', name: layer.name, layer })),
    ...message.outputs.map(terminal('output')),
  ];
  const producer = new Map<string, number>();
  const layerByName = new Map<string, number>();
  nodes.forEach((node, index) => {
    if (node.kind === 'layer' && !layerByName.has(node.name)) layerByName.set(node.name, index);
    const made = node.kind === 'layer' ? node.layer.outputs.map(({ name }) => name) : [node.name];
    if (node.kind === 'output') return;
    for (const name of made) if (name !== '' && !producer.has(name)) producer.set(name, index);
  });

  const edges: GraphEdge[] = [];
  const incoming: number[][] = nodes.map(() => []);
  const outgoing: number[][] = nodes.map(() => []);
  const readers = new Map<string, number[]>();
  const bundles = { given: new Map<string, number>(), captured: new Map<string, number>() };
  nodes.forEach((node, to) => {
    const read =
      node.kind === 'layer'
        ? // A constant is drawn where a layer makes it; those stored in the model are said in the details.
          node.layer.inputs.filter(
            ({ kind, name }) => kind === 'activation' || kind === 'captured' || producer.has(name),
          )
        : node.kind === 'output'
          ? [{ name: node.name, kind: 'activation' as const }]
          : [];
    // What is given and captured as well is given: the first of a name counts.
    const kinds = new Map(read.toReversed().map(({ name, kind }) => [name, kind]));
    for (const value of new Set(read.map(({ name }) => name))) {
      const from = producer.get(value);
      const list = readers.get(value) ?? [];
      list.push(to);
      readers.set(value, list);
      if (from === undefined) continue;
      const captured = kinds.get(value) === 'captured';
      const own = captured ? bundles.captured : bundles.given;
      const bundle = own.get(value) ?? bundles.given.size + bundles.captured.size;
      own.set(value, bundle);
      incoming[to]!.push(edges.length);
      outgoing[from]!.push(edges.length);
      edges.push({ from, to, bundle, captured });
    }
  });
  return { nodes, edges, incoming, outgoing, layerByName, producer, readers };
}

/** Name of the node in the page: layers by their own name, the others apart from them. */
export function isLayer(node: GraphNode | undefined): node is GraphNode & { kind: 'layer' } {
  return node?.kind === 'layer';
}
