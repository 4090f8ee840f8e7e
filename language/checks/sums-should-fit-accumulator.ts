import { findFormat } from '../../engine/formats/registry.ts';
import { arithmeticNamed } from '../../engine/quantize/arithmetic/registry.ts';
import type { CodeKind } from '../flow/codes.ts';
import { heldIn } from '../flow/held.ts';
import { shown } from '../grammar/messages.ts';
import type { Setting } from '../resolve/fields.ts';
import { arithmeticOf } from '../resolve/plan.ts';
import type { Check } from './check.ts';
import { plural } from './remarks.ts';

/** Of a product of `length` terms, the largest that codes of these formats can make it. */
interface Terms {
  count: number;
  layer: string;
  length: number;
  weight: number;
  activation: number;
}

/**
 * Sums of products that the accumulator cannot hold if every weight and activation is as large as its format allows: a bound from
 * shapes and formats alone.
 */
export const sumsShouldFitAccumulator: Check = {
  code: 'accumulator/overflow',
  severity: 'warning',
  section: 'rules',
  what: 'In the worst case a sum of products passes the accumulator of the arithmetic: as many terms as the weight has for one output, each as large as the formats allow.',
  why: 'A sum that wraps round is off by the whole range; one that saturates is a value of another image. Real weights and activations stay far below the bound, mostly, so it is a bound and no forecast.',
  fix: 'Use fewer bits for weights or activations of these layers, or keep them float.',
  example: 'data calibration npz "c.npz"\nquantize {\n  weights int16 activations uint16\n  arithmetic ort\n}',
  needs: 'model',
  *remarks(spec) {
    const held = heldIn(spec);
    if (!held) return;
    const { flow, codes, rules, network } = held;
    const arithmetic = arithmeticNamed(arithmeticOf(spec.definitions.quantize!));
    const found = new Map<Setting<unknown>, Terms>();
    for (let i = 0; i < flow.layers; i++) {
      const form = flow.forms[i];
      if (form?.kind !== 'compute' || codes.runs[i] === 0 || codes.written[i] === 0) continue;
      const weight = reachOfWeights(codes.kinds[codes.weights[i]!]!);
      const activation = reachOfActivations(codes.kinds[codes.wanted[i]!]!);
      const length = flow.terms[i]!;
      if (length * weight * activation <= arithmetic.accumulator.products) continue;
      const words = rules.states[i]!.weights.fields.format!;
      const known = found.get(words);
      if (known) known.count++;
      else found.set(words, { count: 1, layer: network.layers[i]!.name, length, weight, activation });
    }
    for (const [{ range }, { count, layer, length, weight, activation }] of found) {
      yield {
        what: `In the worst case the sums of ${plural(count, 'layer')} pass the ${arithmetic.accumulator.bits}-bit accumulator of \`${arithmetic.name}\`.`,
        why: `${shown(layer)} adds ${length} products of up to ${weight} × ${activation}; there is room for ${arithmetic.accumulator.products}.`,
        fix: 'Use fewer bits for weights or activations of these layers, or keep them float.',
        range,
      };
    }
  },
};

/** Largest distance of a code from its zero point. */
function reachOfActivations({ format, scheme }: CodeKind): number {
  const { low = 0, high = 0, signed = false } = findFormat(format) ?? {};
  return signed && scheme === 'symmetric' ? -low : high - low;
}

/** Symmetric signed weights leave the lowest code out. */
function reachOfWeights(kind: CodeKind): number {
  const { high = 0, signed = false } = findFormat(kind.format) ?? {};
  return signed && kind.scheme === 'symmetric' ? high : reachOfActivations(kind);
}
