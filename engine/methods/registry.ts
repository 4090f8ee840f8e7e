import { fail } from '../findings.ts';
import { adaround } from './adaround.ts';
import { awq } from './awq.ts';
import { batchNormReestimation } from './batch-norm-reestimation.ts';
import { biasCorrection } from './bias-correction.ts';
import { blockReconstruction } from './block-reconstruction.ts';
import { coordinateDescent } from './coordinate-descent.ts';
import { dataFree } from './data-free.ts';
import { fisherRounding } from './fisher-rounding.ts';
import { gptq } from './gptq.ts';
import { hqq } from './hqq.ts';
import { layerByLayer } from './layer-by-layer.ts';
import type { WeightMethod } from './method.ts';
import { omse } from './omse.ts';
import { roundToNearest } from './round-to-nearest.ts';
import { scaleRefit } from './scale-refit.ts';
import { sequentialMse } from './sequential-mse.ts';
import { smoothQuant } from './smooth-quant.ts';

/** Every method by which weights get their codes; one line each. The first is the default. */
export const methods: readonly WeightMethod[] = [
  roundToNearest,
  omse,
  hqq,
  dataFree,
  smoothQuant,
  awq,
  biasCorrection,
  batchNormReestimation,
  coordinateDescent,
  layerByLayer,
  scaleRefit,
  sequentialMse,
  gptq,
  adaround,
  fisherRounding,
  blockReconstruction,
];

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
