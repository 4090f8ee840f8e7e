import type { Choice } from '../../engine/plan.ts';

/** How a format is used, in the words of a spec: `symmetric per-group(32) power-of-two-scale`. */
export function howText({ scheme, granularity, scale, codes }: Choice): string {
  return [scheme, granularity, scale, codes].filter((word) => word !== undefined).join(' ');
}
