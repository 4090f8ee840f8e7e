import { escapeHtml } from './escape.ts';
import { points } from './quantities.ts';

/** A bar of `share` (0 to 1) on a track; `ghost` draws what it was before behind it. Widths are SVG attributes, which no policy forbids. */
export function bar(share: number, label: string, ghost?: number): string {
  const width = (value: number) => (100 * Math.min(1, Math.max(0.004, value))).toFixed(1);
  const name = label === '' ? 'aria-hidden="true"' : `role="img" aria-label="${escapeHtml(label)}"`;
  const before = ghost === undefined ? '' : `<rect class="ghost" width="${width(ghost)}" height="8"/>`;
  return `<svg class="bar${label === '' ? ' thin' : ''}" viewBox="0 0 100 8" preserveAspectRatio="none" ${name}><rect class="track" width="100" height="8"/>${before}<rect class="fill" width="${width(share)}" height="8"/></svg>`;
}

/** A change with its interval on a line through zero; all three are fractions, shown in points. */
export function intervalChart({ value, low, high }: { value: number; low: number; high: number }): string {
  const reach = Math.max(0.01, Math.abs(low), Math.abs(high)) * 1.15;
  const x = (fraction: number) => (150 + (fraction / reach) * 145).toFixed(1);
  const text = `${points(value)} points, 95 % interval ${points(low)} to ${points(high)}`;
  return `<svg class="interval" viewBox="0 0 300 46" role="img" aria-label="${escapeHtml(text)}"><line x1="5" x2="295" y1="18" y2="18"/><line class="zero" x1="150" x2="150" y1="4" y2="32"/><line class="span" x1="${x(low)}" x2="${x(high)}" y1="18" y2="18"/><circle cx="${x(value)}" cy="18" r="5"/><text x="${x(low)}" y="42" text-anchor="middle">${points(low)}</text><text x="150" y="42" text-anchor="middle">0</text><text x="${x(high)}" y="42" text-anchor="middle">${points(high)}</text></svg>`;
}
