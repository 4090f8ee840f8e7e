import type { CheckedSpec } from '../context.ts';
import type { Name, Word } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { find, type TargetWord } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';

/** Energy is power times time, and not of every machine is the power known. */
export const energyShouldHaveModel: Check = {
  code: 'target/no-energy',
  severity: 'warning',
  section: 'targets',
  what: 'A budget, a goal or an expectation of `energy` on a target that has no model of energy.',
  why: 'It is not judged: there is no figure of what this machine draws while it runs a network.',
  fix: 'Bound `latency`, to which energy is proportional, or name a target that has one; the finding lists them.',
  example: 'target cortex-m7 { energy <= 2 mJ }',
  *remarks(spec) {
    const { definitions, vocabulary } = spec;
    const known = (name: string | undefined) => find(vocabulary.targets, name);
    for (const { name, budgets } of definitions.targets) {
      const target = known(name?.text);
      if (target === undefined || hasModel(target)) continue;
      for (const { quantity } of budgets)
        if (isEnergy(quantity)) yield remark(`\`${target.name}\` has`, quantity, spec);
    }
    const targets = definitions.targets.flatMap(({ name }) => known(name?.text) ?? []);
    if (targets.length === 0 || targets.some(hasModel)) return;
    const subject = targets.length === 1 ? `\`${targets[0]!.name}\` has` : 'The targets of this spec have';
    for (const quantity of elsewhere(spec)) if (isEnergy(quantity)) yield remark(subject, quantity, spec);
  },
};

/** What a search aims at and keeps to, and what is expected, hold for whichever target it is. */
function* elsewhere({ definitions: { search, expectations } }: CheckedSpec): Iterable<Name | Word | undefined> {
  for (const item of search?.items ?? []) {
    if (item.$type === 'SearchGoal') yield item.goal;
    if (item.$type === 'SearchConstraint') for (const { quantity } of item.budgets) yield quantity;
  }
  for (const { quantity } of expectations) yield quantity;
}

function remark(subject: string, quantity: Name | Word, { vocabulary }: CheckedSpec): Remark {
  const others = vocabulary.targets.filter(hasModel).map(({ name }) => `\`${name}\``);
  const instead = others.length > 0 ? `, or name a target that has one: ${others.join(', ')}` : '';
  return {
    what: `${subject} no model of energy: this is not judged.`,
    fix: `Bound \`latency\`, to which energy is proportional${instead}.`,
    range: rangeOf(quantity),
  };
}

function hasModel({ activePower }: TargetWord): boolean {
  return activePower !== undefined;
}

function isEnergy(quantity: Name | Word | undefined): quantity is Name | Word {
  return quantity?.text === 'energy';
}
