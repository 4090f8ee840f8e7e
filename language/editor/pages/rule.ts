import type { CheckedSpec } from '../../context.ts';
import { headOf } from '../../grammar/heads.ts';
import { rangeOf } from '../../grammar/ranges.ts';
import { type AnyRule, isRule } from '../../grammar/rules.ts';
import type { RuleOutcome } from '../../resolve/layer-fields.ts';
import type { LayerSet } from '../../selectors/layer-set.ts';
import { isPending } from '../../selectors/select.ts';
import { counted, paragraphs, plain } from '../markdown.ts';
import { type Override, overridesOf } from '../owners.ts';
import { changesCost, plannedOf } from '../planned.ts';
import { bytesChange, energyChange, onTarget, openText, timeChange, workChange } from './change.ts';
import { placeText } from './place.ts';
import { remarksOf } from './remarks.ts';

const mostNames = 8;
const mostOverrides = 5;

/** Layers matched, what they cost before and after all rules have had their say, and what the rule takes from others. */
export function rulePage(rule: AnyRule, spec: CheckedSpec): string | undefined {
  const outcome = spec.outcomes.find(({ matches }) => matches.some((match) => match.rule === rule));
  const match = outcome?.matches.find((candidate) => candidate.rule === rule);
  if (!outcome || !match || !spec.model) return undefined;
  if (isPending(rule, spec.network!)) return paragraphs('**not measured**', ...remarksOf(rule, spec));
  const { layers } = match;
  const names = Array.from(layers.indices.subarray(0, mostNames), (index) =>
    plain(spec.network!.layers[index]!.name, 80),
  );
  const { taken, lost } = overridesOf(rule, spec);
  return paragraphs(
    `**${counted(layers.size, 'layer')}**${changesCost(rule, spec) ? costText(spec, layers) : ''}`,
    ...remarksOf(rule, spec),
    names.length === 0 ? '' : `${names.join(', ')}${layers.size > names.length ? ', …' : ''}`,
    listed('Overrides', taken, spec),
    listed('Overridden later', lost, spec),
    lockedText(rule, outcome),
  );
}

function costText(spec: CheckedSpec, layers: LayerSet): string {
  const planned = layers.size > 0 ? plannedOf(spec) : undefined;
  if (!planned) return '';
  const cost = planned.costOf(layers);
  const { bytesBefore, bytesAfter, timeBefore, timeAfter, energyBefore, energyAfter } = cost;
  const changes = [
    bytesChange(bytesBefore, bytesAfter, planned.atMost),
    timeBefore === undefined || timeAfter === undefined ? '' : timeChange(timeBefore, timeAfter),
    energyChange(energyBefore, energyAfter),
  ].filter((text) => text !== '');
  const where = timeBefore === undefined ? '' : ` ${onTarget(planned)}`;
  return ` · ${workChange(cost, planned)}\n\n${paragraphs(`${changes.join(' · ')}${where}`, openText(planned))}`;
}

function listed(title: string, list: readonly Override[], spec: CheckedSpec): string {
  if (list.length === 0) return '';
  const shown = list.slice(0, mostOverrides).map(({ item, role, field, before, after, layers }) => {
    const head = isRule(item) ? headOf(item).range : rangeOf(item);
    return `- ${role === undefined ? '' : `${role} `}${field} ${plain(before)} → ${plain(after)} in ${counted(layers, 'layer')}, ${placeText(head, spec)}`;
  });
  const more = list.length > shown.length ? [`- and ${list.length - shown.length} more`] : [];
  return [`${title}:`, '', ...shown, ...more].join('\n');
}

function lockedText(rule: AnyRule, { lockedOut }: RuleOutcome): string {
  const held = new Set(
    lockedOut.filter((met) => met.statement === rule || met.statement.$container === rule).map((met) => met.layer),
  );
  return held.size > 0 ? `Locks hold it off ${held.size} of them.` : '';
}
