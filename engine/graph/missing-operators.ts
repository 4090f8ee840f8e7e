import { fail } from '../findings.ts';
import { isEvaluable } from '../operators/operator.ts';
import { findOperator, oldestOpset } from '../operators/registry.ts';
import { describe, shown } from '../operators/shared/attributes.ts';
import { subgraphsOf } from './captures.ts';
import type { Graph, GraphNode } from './graph.ts';

/** An operator of a graph that the engine cannot run, with all its nodes, those in subgraphs included. */
export interface MissingOperator {
  /** With its domain, unless that is ONNX's own. */
  readonly operator: string;
  readonly nodes: readonly GraphNode[];
  /** The first version of its domain's operator set that has it, where it is known; the graph is written for an older one. */
  readonly since?: number;
}

/** In the order in which they appear. */
export function missingOperators(graph: Graph): MissingOperator[] {
  const found = new Map<string, { operator: string; nodes: GraphNode[]; since?: number }>();
  collect(graph, graph.opsets, found);
  return [...found.values()];
}

function collect(
  graph: Graph,
  opsets: Graph['opsets'],
  found: Map<string, { operator: string; nodes: GraphNode[]; since?: number }>,
): void {
  for (const node of graph.nodes) {
    for (const body of subgraphsOf(node)) collect(body, opsets, found);
    if (isEvaluable(findOperator(node.domain, node.op, opsets.get(node.domain) ?? 1))) continue;
    const operator = shown(node.domain === '' ? node.op : `${node.domain}.${node.op}`);
    const since = oldestOpset(node.domain, node.op);
    const entry = found.get(operator) ?? { operator, nodes: [], ...(since !== undefined && { since }) };
    entry.nodes.push(node);
    found.set(operator, entry);
  }
}

/** Graphs that were looked through before: they do not change, and some are run for every sample. */
const complete = new WeakSet<Graph>();

/**
 * Refuses a graph that cannot be run, before any of it runs: one finding, `model/operator-unsupported`, that names every
 * missing operator and its nodes.
 */
export function requireOperators(graph: Graph): void {
  if (complete.has(graph)) return;
  const missing = missingOperators(graph);
  if (missing.length === 0) {
    complete.add(graph);
    return;
  }
  const what =
    missing.length === 1 && missing[0]!.nodes.length === 1
      ? `${describe(missing[0]!.nodes[0]!)} cannot be run: the operator ${namedOperator(missing[0]!)} is not implemented.`
      : `The model cannot be run: ${missing.length === 1 ? 'an operator is' : `${missing.length} operators are`} not implemented. ${missing
          .map((own) => `${namedOperator(own)}: ${nodeNames(own)}`)
          .join('; ')}.`;
  fail('model/operator-unsupported', what, {
    why: 'Nothing of the model was run.',
    fix: 'Export the model with other operators; `qspec operators` lists those that run.',
  });
}

function namedOperator({ operator, since }: MissingOperator): string {
  return since === undefined ? operator : `${operator} (only since version ${since} of the operators)`;
}

const namesShown = 3;

function nodeNames({ nodes }: MissingOperator): string {
  const names = nodes.slice(0, namesShown).map(({ name }) => `“${shown(name)}”`);
  const more = nodes.length - namesShown;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
