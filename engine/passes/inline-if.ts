import type { Graph } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import { inlined, Names } from '../graph/subgraph.ts';
import { graphAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import type { Tensor } from '../tensor.ts';
import { type Pass, unchanged } from './pass.ts';

/** Puts the nodes of a branch in the place of an If whose condition is known: from constants or from shapes. */
export const inlineIf: Pass = {
  name: 'inline-if',
  summary: 'Replaces an If whose condition is known by the branch that it takes.',
  run(graph) {
    if (!graph.nodes.some((node) => node.op === 'If')) return unchanged(graph);
    const { constants } = inferTypes(graph);
    const result = inlineKnownBranches(graph, (value) => graph.initializers.get(value) ?? constants.get(value));
    return result === graph ? unchanged(graph) : { graph: result, absorbed: new Map() };
  },
};

/** The graph with every If whose condition `constant` knows replaced by its branch; the same graph if there is none. */
export function inlineKnownBranches(
  graph: Graph,
  constant: (value: string) => Tensor | undefined,
  names = Names.of(graph),
): Graph {
  const initializers = new Map(graph.initializers);
  let changed = false;
  const nodes = graph.nodes.flatMap((node) => {
    if (node.op !== 'If' || node.domain !== '') return [node];
    const condition = constant(node.inputs[0] ?? '');
    if (condition?.data.length !== 1) return [node];
    const branch = graphAttribute(node, numbersOf(condition)[0] !== 0 ? 'then_branch' : 'else_branch');
    if (branch.outputs.length < node.outputs.length || branch.inputs.length > 0) return [node];
    const body = inlined(branch, node.name, node.outputs, names);
    for (const [name, tensor] of body.initializers) initializers.set(name, tensor);
    changed = true;
    return body.nodes;
  });
  return changed ? { ...graph, nodes, initializers } : graph;
}
