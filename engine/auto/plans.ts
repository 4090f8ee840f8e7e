import { formatNamed } from '../formats/registry.ts';
import type { Choice, Plan, Role } from '../plan.ts';

/** Weights of fewer bits than this are narrow: rounding them costs a network accuracy. */
export const wideBits = 8;

/** A method that looks at each layer by itself: one pass over the data, and no layer makes up for the noise of others. */
export const oneByOne = { name: 'coordinate-descent', arguments: {} } as const;

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

export function isActivation(role: Role): boolean {
  return role.startsWith('input[') || role.startsWith('output[');
}

/**
 * The plan with weights in 8 bits or more, chosen well and in one pass: what differs between two of them are the activations,
 * and how channels are rescaled.
 */
export function withWideWeights(plan: Plan): Plan {
  return mapWeights(plan, (choice) => {
    if (choice.format === 'float' || choice.method === undefined) return choice;
    const { equalize, smooth } = choice.method.arguments;
    const given = { ...(equalize !== undefined && { equalize }), ...(smooth !== undefined && { smooth }) };
    const isWide = formatNamed(choice.format).bits >= wideBits;
    return {
      ...choice,
      ...(isWide ? {} : { format: `int${wideBits}` }),
      method: { ...oneByOne, arguments: given },
    };
  });
}

/** Names told of; the report's table of layers has them all. */
const mostNamed = 6;

export function namesOf(layers: Iterable<string>): string {
  const names = [...layers];
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return `${names
    .slice(0, mostNamed)
    .map((name) => `“${name}”`)
    .join(', ')}${more}`;
}
