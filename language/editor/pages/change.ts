import { amount, bytes, duration, joules, percent } from '../../../engine/report/quantities.ts';
import type { LayersCost } from '../cost.ts';
import { counted, plain } from '../markdown.ts';
import type { Planned } from '../planned.ts';

/** `3.44 KiB → 800 B (−77 %)`; one value where nothing changes. @param atMost there may be less of it */
export function bytesChange(before: number, after: number, atMost = false): string {
  return change(before, after, bytes, atMost);
}

/** `9.25 k → 4.1 k (−56 %) parameters · 2.36 M MACs`. */
export function workChange(cost: LayersCost, { atMost }: Planned): string {
  const parameters = change(cost.parametersBefore, cost.parametersAfter, amount, atMost);
  return `${parameters} parameters · ${change(cost.macsBefore, cost.macsAfter, amount, atMost)} MACs`;
}

/** Of seconds. */
export function timeChange(before: number, after: number): string {
  return change(before, after, duration);
}

/** Of joules; empty where the target has no model of energy. */
export function energyChange(before: number | undefined, after: number | undefined): string {
  return before === undefined || after === undefined ? '' : change(before, after, joules);
}

function change(before: number, after: number, text: (value: number) => string, atMost = false): string {
  const limit = atMost ? '≤ ' : '';
  if (before === after) return `${limit}${text(after)}`;
  const share = before > 0 ? ` (${after < before ? '−' : '+'}${percent(Math.abs(after - before) / before, 0)})` : '';
  return `${text(before)} → ${limit}${text(after)}${share}`;
}

/** What the figures of a spec rest on that prunes layers whose weights decide how much goes; empty where none do. */
export function openText({ open, atMost }: Planned): string {
  if (!atMost) return '';
  if (open.size === 0)
    return 'What pruning leaves of this network a run tells: layers are counted as they are in the file.';
  const [first = ''] = open;
  const which = open.size === 1 ? plain(first, 80) : `${counted(open.size, 'layer')}, such as ${plain(first, 80)},`;
  return `How much of ${which} is pruned rests on weights, which a run reads: sizes are the most that can be left, and times and RAM those of that.`;
}

/** The machine that times are estimated for. */
export function onTarget({ target }: Planned): string {
  return `on ${plain(target.title)}`;
}
