import type { Backend, Quantizer } from '../../../engine/backends/backend.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { Choice, Plan } from '../../../engine/plan.ts';
import { uniformPlan } from '../quantize/small.ts';

/** The plan of a spec that says `quantize { backend NAME }` and no more. */
export function planFor(graph: Graph, { name, weights, activations }: Backend): Plan {
  const { nodes, arithmetic } = uniformPlan(graph);
  const quantizerOf = (role: string): Partial<Quantizer> =>
    role === 'weight' ? weights : role === 'bias' ? {} : activations;
  return {
    arithmetic,
    backend: name,
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([node, roles]) => [
        node,
        Object.fromEntries(
          Object.entries(roles).map(([role, choice]): [string, Choice] => [role, { ...choice, ...quantizerOf(role) }]),
        ),
      ]),
    ),
  };
}
