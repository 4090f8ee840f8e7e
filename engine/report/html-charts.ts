import { escapeHtml } from './escape.ts';
import { points } from './quantities.ts';

/** A bar of `share` (0 to 1) on a track; `ghost` draws what it was before behind it. Widths are SVG attributes, which no policy forbids. */
export function bar(share: number, label: string, ghost?: number): string {
  const width = (value: number) => (100 * Math.min(1, Math.max(0.004, value))).toFixed(1);
  const name = label === '' ? 'aria-hidden="true"' : `role="img" aria-label="${escapeHtml(label)}"`;
  const before = ghost === undefined ? '' : `<rect class="ghost" width="${width(ghost)}" height="8"/>`;
  return `<svg class="bar${label === '' ? ' thin' : ''}" viewBox="0 0 100 8" preserveAspectRatio="none" ${name}><rect class="track" width="100" height="8"/>${before}<rect class="fill" width="${width(share)}" height="8"/></svg>`;
}

/** Where zero lies in the chart of an interval, in units of a card's width, and the room that a number takes. */
const middle = 110;
const wordWidth = 44;

/** A change with its interval on a line through zero; all three are fractions, shown in points. */
export function intervalChart({ value, low, high }: { value: number; low: number; high: number }): string {
  const reach = Math.max(0.01, Math.abs(low), Math.abs(high)) * 1.15;
  const x = (amount: number) => middle + (amount / reach) * (middle - 5);
  const at = (amount: number) => x(amount).toFixed(1);
  const text = `${points(value)} points, 95 % interval ${points(low)} to ${points(high)}`;
  // Words that would run into each other make room: zero goes, and the lower end stands further left.
  const word = (place: number, said: string) =>
    `<text x="${place.toFixed(1)}" y="42" text-anchor="middle">${said}</text>`;
  const isWide = [low, high].every((end) => Math.abs(x(end) - middle) >= wordWidth * 0.65);
  const words = [
    ...(points(low) === points(high) ? [] : [word(Math.min(x(low), x(high) - wordWidth), points(low))]),
    ...(isWide ? [word(middle, '0')] : []),
    word(x(high), points(high)),
  ];
  return `<svg class="interval" viewBox="0 0 ${2 * middle} 46" role="img" aria-label="${escapeHtml(text)}"><line x1="5" x2="${2 * middle - 5}" y1="18" y2="18"/><line class="zero" x1="${middle}" x2="${middle}" y1="4" y2="32"/><line class="span" x1="${at(low)}" x2="${at(high)}" y1="18" y2="18"/><circle cx="${at(value)}" cy="18" r="5"/>${words.join('')}</svg>`;
}
