import type { Target } from './target.ts';

/**
 * Joules of `seconds` of work on a target: the power that it draws while it computes, times the time. In published
 * measurements of one machine power changes far less between networks than time does (docs/targets.md).
 * @returns undefined for a target whose power is not known
 */
export function energyOf(seconds: number, { activePower }: Target): number | undefined {
  return activePower === undefined ? undefined : activePower * seconds;
}
