import type { Arithmetic } from '../../plan.ts';
import type { ArithmeticKind } from './arithmetic.ts';
import { gemmlowp } from './gemmlowp.ts';
import { ort } from './ort.ts';
import { settle } from './settle.ts';
import { tflite } from './tflite.ts';

/** Every requantisation arithmetic; one line each. */
export const arithmetics: readonly ArithmeticKind[] = [ort, tflite, gemmlowp, settle];

const byName = new Map(arithmetics.map((kind) => [kind.name, kind]));

export function arithmeticNamed(name: Arithmetic): ArithmeticKind {
  return byName.get(name)!;
}
