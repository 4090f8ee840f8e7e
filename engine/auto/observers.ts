import type { Choice, Plan, Role } from '../plan.ts';

/** Observers that are tried for activations, in this order: of equally good ones the first stays. */
export const candidates = ['mse', 'min-max', 'percentile'] as const;

/** Whether a choice for an activation leaves its observer open. */
function isOpen(role: string, choice: Choice): boolean {
  return (role.startsWith('input[') || role.startsWith('output[')) && choice.origin.observer === undefined;
}

export function hasOpenObserver(plan: Plan): boolean {
  return Object.values(plan.nodes).some((roles) =>
    (Object.entries(roles) as [Role, Choice][]).some(
      ([role, choice]) => choice.format !== 'float' && isOpen(role, choice),
    ),
  );
}

/** The plan with an observer for all activations that name none. */
export function withObserver(plan: Plan, name: string): Plan {
  const nodes = Object.entries(plan.nodes).map(([node, roles]) => [
    node,
    Object.fromEntries(
      (Object.entries(roles) as [Role, Choice][]).map(([role, choice]) => [
        role,
        isOpen(role, choice) ? { ...choice, observer: { name, arguments: {} } } : choice,
      ]),
    ),
  ]);
  return { ...plan, nodes: Object.fromEntries(nodes) };
}
