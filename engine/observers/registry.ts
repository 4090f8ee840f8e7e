import { fail } from '../findings.ts';
import { aciq } from './aciq.ts';
import { entropy } from './entropy.ts';
import { fixed } from './fixed.ts';
import { minMax } from './min-max.ts';
import { movingAverage } from './moving-average.ts';
import { mse } from './mse.ts';
import type { Observer, ObserverKind } from './observer.ts';
import { percentile } from './percentile.ts';
import { settle } from './settle.ts';

/** Every observer a spec may name; one line each. */
export const observers: readonly ObserverKind[] = [
  minMax,
  movingAverage,
  percentile,
  mse,
  entropy,
  aciq,
  settle,
  fixed,
];

const byName = new Map(observers.map((observer) => [observer.name, observer]));

export function findObserver(name: string): ObserverKind | undefined {
  return byName.get(name);
}

/**
 * A fresh observer.
 * @throws FindingError `observer/unknown`, `observer/argument` for a name or an argument that there is not, or a value out of its bounds.
 */
export function createObserver(name: string, args: Readonly<Record<string, number>> = {}): Observer {
  return checkedObserver(name, args).create(args);
}

/** The observer's row after its arguments were checked; throws as `createObserver`. */
export function checkedObserver(name: string, args: Readonly<Record<string, number>>): ObserverKind {
  const kind = byName.get(name);
  if (kind === undefined) {
    return fail('observer/unknown', `There is no observer \`${name}\`.`, {
      fix: `Use one of ${observers.map((known) => known.name).join(', ')}.`,
    });
  }
  for (const [argument, value] of Object.entries(args)) {
    const declared = kind.arguments.find((known) => known.name === argument);
    if (declared === undefined) {
      const names = kind.arguments.map((known) => known.name).join(', ');
      fail('observer/argument', `The observer \`${name}\` has no argument \`${argument}\`.`, {
        fix: names === '' ? 'Remove it.' : `It takes ${names}.`,
      });
    }
    if (!(value >= declared.min && value <= declared.max)) {
      fail(
        'observer/argument',
        `\`${argument}\` of \`${name}\` is ${value}, outside ${declared.min} to ${declared.max}.`,
      );
    }
  }
  return kind;
}
