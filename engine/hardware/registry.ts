import { fail } from '../findings.ts';
import type { Target } from './target.ts';
import { cortexA72 } from './targets/cortex-a72.ts';
import { cortexM4 } from './targets/cortex-m4.ts';
import { cortexM7 } from './targets/cortex-m7.ts';
import { cortexM33 } from './targets/cortex-m33.ts';
import { x8664 } from './targets/x86-64.ts';

/** Every hardware target: one file in `targets/` and one line here. */
export const targets: readonly Target[] = [cortexM7, cortexM33, cortexM4, cortexA72, x8664];

const byName = new Map(targets.map((target) => [target.name, target]));

export function findTarget(name: string): Target | undefined {
  return byName.get(name);
}

/** @throws FindingError `target/unknown` naming the targets there are. */
export function targetNamed(name: string): Target {
  return (
    byName.get(name) ??
    fail('target/unknown', `There is no target called "${name}".`, {
      fix: `Targets: ${targets.map((target) => target.name).join(', ')}.`,
    })
  );
}
