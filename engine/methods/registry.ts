import { fail } from '../findings.ts';
import { coordinateDescent } from './coordinate-descent.ts';
import { layerByLayer } from './layer-by-layer.ts';
import type { WeightMethod } from './method.ts';
import { roundToNearest } from './round-to-nearest.ts';

/** Every method by which weights get their codes; one line each. The first is the default. */
export const methods: readonly WeightMethod[] = [roundToNearest, coordinateDescent, layerByLayer];

const byName = new Map(methods.map((method) => [method.name, method]));

export function findMethod(name: string): WeightMethod | undefined {
  return byName.get(name);
}

/** @throws FindingError `method/unknown` naming the methods there are. */
export function methodNamed(name: string): WeightMethod {
  return (
    byName.get(name) ??
    fail('method/unknown', `There is no method \`${name}\`.`, {
      fix: `Use one of ${methods.map((known) => known.name).join(', ')}.`,
    })
  );
}
