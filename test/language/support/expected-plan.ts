import type { ModelSummary } from '../../../engine/graph/summary.ts';
import type { Choice, Plan } from '../../../engine/plan.ts';

/**
 * Lines of a spec that state what layers get, the last that speaks of a role of a layer counting:
 *
 *     // $PLAN$ * weight: int8 symmetric per-channel min-max
 *     // $PLAN$ /fc/* activations: float
 *
 * A layer is named with wildcards; roles are `weight`, `bias`, `input`, `output`, `input[1]`, `activations` or `all`. What no
 * line speaks of is expected to be float: the lines are the whole plan.
 */
export interface StatedChoice {
  readonly layers: RegExp;
  readonly role: string;
  readonly words: string;
}

export function statedPlan(source: string): readonly StatedChoice[] {
  return [...source.matchAll(/\/\/ \$PLAN\$ (\S+) (\S+): (.*)$/gm)].map(([, layers, role, words]) => ({
    layers: new RegExp(`^${layers!.replaceAll(/[.[\]()+?^$|{}]/g, '\\$&').replaceAll('*', '.*')}$`),
    role: role!,
    words: words!.trim(),
  }));
}

/** Every role of every layer that can have a choice, as text: `/fc/Gemm weight` to `int8 symmetric per-channel min-max`. */
export function planText({ nodes }: Plan, model: ModelSummary): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rolesOf(model).map(({ layer, role }) => [
      `${layer} ${role}`,
      choiceText((nodes[layer] as Record<string, Choice> | undefined)?.[role]),
    ]),
  );
}

export function expectedText(stated: readonly StatedChoice[], model: ModelSummary): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rolesOf(model).map(({ layer, role }) => [
      `${layer} ${role}`,
      stated.findLast((line) => line.layers.test(layer) && speaksOf(line.role, role))?.words ?? 'float',
    ]),
  );
}

function speaksOf(stated: string, role: string): boolean {
  const kind = role.replace(/\[.*/, '');
  return (
    stated === 'all' || stated === role || stated === kind || (stated === 'activations' && /^(in|out)put/.test(role))
  );
}

/** Layers that have no integer form are among them where they have activations: the plan must leave them out. */
function rolesOf({ layers }: ModelSummary): readonly { layer: string; role: string }[] {
  return layers.flatMap((layer) => {
    const weights = layer.weightInput === null ? [] : ['weight', 'bias'];
    const inputs = layer.inputs.flatMap(({ kind }, i) => (kind === 'activation' ? [`input[${i}]`] : []));
    const outputs = layer.outputs.map((_, i) => `output[${i}]`);
    return [...weights, ...inputs, ...outputs].map((role) => ({ layer: layer.name, role }));
  });
}

function choiceText(choice: Choice | undefined): string {
  if (choice === undefined || choice.format === 'float') return 'float';
  const { format, scheme, granularity, scale, codes, observer, method } = choice;
  const using = method ? `using ${callText(method)}` : undefined;
  const words = [format, scheme, granularity, scale, codes, callText(observer), using];
  return words.filter((word) => word !== undefined).join(' ');
}

function callText({ name, arguments: given }: Choice['observer']): string {
  const list = Object.entries(given).map(([key, value]) => `${key}=${value}`);
  return list.length === 0 ? name : `${name}(${list.join(', ')})`;
}
