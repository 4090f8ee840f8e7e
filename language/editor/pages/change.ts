import { bytes, duration, joules, percent } from '../../../engine/report/quantities.ts';
import { plain } from '../markdown.ts';
import type { Planned } from '../planned.ts';

/** `3.44 KiB → 800 B (−77 %)`; one value where nothing changes. */
export function bytesChange(before: number, after: number): string {
  return change(before, after, bytes);
}

/** Of seconds. */
export function timeChange(before: number, after: number): string {
  return change(before, after, duration);
}

/** Of joules; empty where the target has no model of energy. */
export function energyChange(before: number | undefined, after: number | undefined): string {
  return before === undefined || after === undefined ? '' : change(before, after, joules);
}

function change(before: number, after: number, text: (value: number) => string): string {
  if (before === after) return text(after);
  const share = before > 0 ? ` (${after < before ? '−' : '+'}${percent(Math.abs(after - before) / before, 0)})` : '';
  return `${text(before)} → ${text(after)}${share}`;
}

/** The machine that times are estimated for. */
export function onTarget({ target }: Planned): string {
  return `on ${plain(target.title)}`;
}
