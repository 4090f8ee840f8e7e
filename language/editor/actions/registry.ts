import type { CheckedSpec } from '../../context.ts';
import { type ActionKind, type Offer, Place } from './action.ts';
import { addBudgets } from './add-budgets.ts';
import { convertUnit } from './convert-unit.ts';
import { inlineFormat } from './inline-format.ts';
import { listLayers } from './list-layers.ts';
import { lockRole } from './lock-role.ts';
import { mergeRules } from './merge-rules.ts';
import { moveRule } from './move-rule.ts';
import { nameFormat } from './name-format.ts';
import { pinCount } from './pin-count.ts';
import { selectLayers } from './select-layers.ts';
import { splitRule } from './split-rule.ts';

/** Every change that is offered beside quick fixes, in the order of the menu; one line each. */
export const actionKinds: readonly ActionKind[] = [
  nameFormat,
  inlineFormat,
  lockRole,
  moveRule,
  pinCount,
  listLayers,
  selectLayers,
  splitRule,
  mergeRules,
  addBudgets,
  convertUnit,
];

/** What can be done at an offset of the text. After a fault of form the tree may lack what is there, and nothing is offered. */
export function actionsAt(spec: CheckedSpec, offset: number): readonly (Offer & { readonly kind: ActionKind })[] {
  if (spec.spec.findings.some(({ severity }) => severity === 'error')) return [];
  const place = new Place(spec, offset);
  return actionKinds.flatMap((kind) => {
    const offer = kind.offer(place, spec);
    return offer ? [{ ...offer, kind }] : [];
  });
}
