import type { Plan } from '../plan.ts';
import type { Pruned } from './prune.ts';

/**
 * A plan that speaks as well of the layers that pruning added: each is held as the layer behind it is, which reads its output, where
 * the plan does not say otherwise.
 */
export function withAdded(plan: Plan, added: Pruned['added']): Plan {
  if (added.size === 0) return plan;
  const nodes = { ...plan.nodes };
  for (const [name, behind] of added) {
    const { weight, 'input[0]': input } = nodes[behind] ?? {};
    nodes[name] ??= { ...(weight && { weight }), ...(input && { 'input[0]': input, 'output[0]': input }) };
  }
  return { ...plan, nodes };
}
