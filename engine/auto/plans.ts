import { formatNamed } from '../formats/registry.ts';
import type { Choice, Plan, Role } from '../plan.ts';

/** Weights of fewer bits than this are narrow: rounding them costs a network accuracy. */
export const wideBits = 8;

/** A method that looks at each layer by itself: one pass over the data, and no layer makes up for the noise of others. */
const oneByOne = 'coordinate-descent';

/** The plan with every choice replaced; a choice of undefined leaves the role float. */
export function mapChoices(plan: Plan, change: (choice: Choice, role: Role, node: string) => Choice | undefined): Plan {
  const nodes = Object.entries(plan.nodes).map(([node, roles]) => [
    node,
    Object.fromEntries(
      (Object.entries(roles) as [Role, Choice][]).flatMap(([role, choice]) => {
        const changed = change(choice, role, node);
        return changed === undefined ? [] : [[role, changed]];
      }),
    ),
  ]);
  return { ...plan, nodes: Object.fromEntries(nodes) };
}

/** The plan with every choice for weights replaced. */
export function mapWeights(plan: Plan, change: (choice: Choice, node: string) => Choice): Plan {
  return mapChoices(plan, (choice, role, node) => (role === 'weight' ? change(choice, node) : choice));
}

export function isActivation(role: string): boolean {
  return role.startsWith('input[') || role.startsWith('output[');
}

/** The choice with its codes chosen in one pass, channels rescaled as the method would have them. */
export function chosenInOnePass(choice: Choice): Choice {
  if (choice.method === undefined || choice.format === 'float') return choice;
  const { equalize, smooth } = choice.method.arguments;
  const given = { ...(equalize !== undefined && { equalize }), ...(smooth !== undefined && { smooth }) };
  return { ...choice, method: { name: oneByOne, arguments: given } };
}

/**
 * The plan with weights in 8 bits or more, chosen well and in one pass: what differs between two of them are the activations,
 * and how channels are rescaled.
 */
export function withWideWeights(plan: Plan): Plan {
  return mapWeights(plan, (choice) => {
    if (choice.format === 'float') return choice;
    if (formatNamed(choice.format).bits >= wideBits) return chosenInOnePass(choice);
    return { method: { name: oneByOne, arguments: {} }, ...chosenInOnePass(choice), format: `int${wideBits}` };
  });
}

/** The choice with arguments of its method set. */
export function withArguments(choice: Choice, given: Readonly<Record<string, number>>): Choice {
  const { method } = choice;
  return method === undefined
    ? choice
    : { ...choice, method: { ...method, arguments: { ...method.arguments, ...given } } };
}
