import type { TextPosition } from '../../engine/findings.ts';
import { bytes, duration, joules } from '../../engine/report/quantities.ts';
import type { CheckedSpec } from '../context.ts';
import { headOf } from '../grammar/heads.ts';
import { importedFrom } from '../grammar/ranges.ts';
import type { AnyRule } from '../grammar/rules.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
import { isPending } from '../selectors/select.ts';
import { changesCost, plannedOf } from './planned.ts';

/** A short note behind a rule's head. */
export interface Hint {
  readonly position: TextPosition;
  readonly text: string;
}

/**
 * How many layers each rule matches and what it and all other rules make of them: `18 layers · 412 → 58.0 KiB · −2.10 ms`;
 * energy too, which goes with time, where the spec bounds it.
 *
 * @param from first and last line of those that are in sight
 */
export function hintsOf(spec: CheckedSpec, from = 0, to = Number.POSITIVE_INFINITY): readonly Hint[] {
  return spec.outcomes
    .flatMap(({ matches }) => matches)
    .filter(({ rule }) => importedFrom(rule) === undefined)
    .map((match) => ({ match, position: headOf(match.rule).range.end }))
    .filter(({ position: { line } }) => line >= from && line <= to)
    .map(({ match, position }) => ({ position, text: hintText(match, spec) }));
}

function hintText({ rule, layers }: { rule: AnyRule; layers: LayerSet }, spec: CheckedSpec): string {
  if (isPending(rule, spec.network!)) return 'not measured';
  const parts = [`${layers.size} ${layers.size === 1 ? 'layer' : 'layers'}`];
  const planned = layers.size > 0 && changesCost(rule, spec) ? plannedOf(spec) : undefined;
  if (planned) {
    const { bytesBefore, bytesAfter, timeBefore, timeAfter, energyBefore, energyAfter } = planned.costOf(layers);
    if (bytesBefore > 0 && bytesBefore !== bytesAfter)
      parts.push(`${bytes(bytesBefore)} → ${planned.atMost ? '≤ ' : ''}${bytes(bytesAfter)}`);
    parts.push(...difference(timeBefore, timeAfter, duration));
    if (boundsEnergy(spec)) parts.push(...difference(energyBefore, energyAfter, joules));
  }
  return parts.join(' · ');
}

function difference(
  before: number | undefined,
  after: number | undefined,
  text: (size: number) => string,
): readonly string[] {
  if (before === undefined || after === undefined || before === after) return [];
  return [`${after < before ? '−' : '+'}${text(Math.abs(after - before))}`];
}

function boundsEnergy({ definitions: { targets, expectations } }: CheckedSpec): boolean {
  const quantities = [...targets.flatMap(({ budgets }) => budgets), ...expectations].map(({ quantity }) => quantity);
  return quantities.some((quantity) => quantity?.text === 'energy');
}
