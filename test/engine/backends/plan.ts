import type { Backend } from '../../../engine/backends/backend.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { Choice, Plan, Role } from '../../../engine/plan.ts';
import { uniformPlan } from '../quantize/small.ts';

/** The plan of a spec that says `quantize { backend NAME }` and no more. */
export function planFor(graph: Graph, { name, weights, activations }: Backend): Plan {
  const { nodes, arithmetic } = uniformPlan(graph);
  const choiceFor = (role: string, choice: Choice): Choice =>
    role === 'bias' ? choice : { ...choice, ...(role === 'weight' ? weights : activations) };
  const placed = Object.entries(nodes).map(([node, roles]) => {
    const entries = (Object.entries(roles) as [Role, Choice][]).map(([role, choice]) => [
      role,
      choiceFor(role, choice),
    ]);
    return [node, Object.fromEntries(entries)];
  });
  return { arithmetic, backend: name, nodes: Object.fromEntries(placed) };
}
