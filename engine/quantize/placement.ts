import type { Family, Placement } from '../backends/backend.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { type Fusion, fusableActivation } from './activations.ts';
import { type IntegerForm, integerForm } from './integer-form.ts';
import type { Consumer, Wiring } from './wiring.ts';

/** Which nodes read codes and which leave them. */
export interface Placed {
  /** Nodes that read codes; `data` are the inputs that they read so. */
  readonly nodes: ReadonlyMap<string, IntegerForm>;
  /** Nodes that leave codes. */
  readonly writing: ReadonlySet<string>;
  /** Inputs of the graph that enter in codes. */
  readonly inputs: ReadonlySet<string>;
  /** Activations that are clamps of the output of the node before them, by that node's name. */
  readonly fusions: ReadonlyMap<string, Fusion>;
}

const pools: ReadonlySet<string> = new Set([
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'MaxPool',
  'ReduceMean',
]);

/** As which a backend's placement speaks of a node with this form. */
export function familyOf({ op }: Pick<GraphNode, 'op'>, { kind }: IntegerForm): Family {
  if (kind === 'compute') return 'products';
  if (kind === 'activation') return 'activations';
  if (pools.has(op)) return 'pooling';
  if (kind === 'same-scale') return op === 'Concat' ? 'concatenation' : 'movement';
  return op === 'Add' ? 'sums' : op === 'Mul' ? 'multiplications' : 'functions';
}

/**
 * Rounds tensors where layers read them in codes. From the outputs backwards: whether a tensor is wanted in codes is known
 * once all its readers are placed.
 * @param candidates nodes that may read codes, with their forms
 * @param mayWrite whether the plan has codes for a node's output
 */
export function placeWhereRead(
  graph: Graph,
  wiring: Wiring,
  { rounds, addsAccumulators }: Placement,
  candidates: ReadonlyMap<string, IntegerForm>,
  mayWrite: (node: GraphNode) => boolean,
): Placed {
  const nodes = new Map<string, IntegerForm>();
  const writing = new Set<string>();
  const fusions = new Map<string, Fusion>();
  const reads = ({ node, index }: Consumer) => nodes.get(node.name)?.data.includes(index) === true;
  const isWanted = (value: string): boolean => {
    const readers = wiring.consumers(value);
    if (rounds === 'tensor') return readers.some(reads);
    return readers.length > 0 && readers.every(reads) && !wiring.isOutput(value);
  };
  for (const node of graph.nodes.toReversed()) {
    const form = candidates.get(node.name);
    const computes = form?.kind === 'compute' || form?.kind === 'elementwise';
    const fusion = computes ? fusableActivation(node, graph, wiring) : undefined;
    const clamps = fusion !== undefined && writing.has(fusion.activation);
    const wanted = mayWrite(node) && (clamps || node.outputs.some((value) => value !== '' && isWanted(value)));
    if (wanted) writing.add(node.name);
    if (form === undefined) continue;
    // What only moves or clamps codes is of use where they are read, and a clamp where they are left before it.
    if (!computes && !wanted) continue;
    if (form.kind === 'activation' && !candidates.has(wiring.producer(node.inputs[0]!)?.name ?? '')) continue;
    nodes.set(node.name, addsAccumulators ? withAccumulator(node, form, wiring, graph) : form);
    if (fusion === undefined || !clamps || !wanted) continue;
    fusions.set(node.name, fusion);
    nodes.set(fusion.activation, { kind: 'activation', data: [0] });
  }
  return { nodes, writing, fusions, inputs: new Set(graph.inputs.filter(isWanted)) };
}

/** A sum that takes the product behind which it alone stands as it is, and reads the rest in codes. Of two, the last. */
function withAccumulator(node: GraphNode, form: IntegerForm, wiring: Wiring, graph: Graph): IntegerForm {
  if (node.op !== 'Add' || form.kind !== 'elementwise') return form;
  const added = form.data.findLast((index) => {
    const value = node.inputs[index]!;
    const producer = wiring.producer(value);
    const own = producer && integerForm(producer, graph);
    return own && !('reason' in own) && own.kind === 'compute' && wiring.consumers(value).length === 1;
  });
  return added === undefined ? form : { ...form, data: form.data.filter((index) => index !== added) };
}
