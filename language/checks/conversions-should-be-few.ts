import { conversionBytes, conversionTime } from '../../engine/hardware/conversion.ts';
import { findTarget } from '../../engine/hardware/registry.ts';
import { bytes as bytesText, duration } from '../../engine/report/quantities.ts';
import { rangeOfStatement } from '../flow/blame.ts';
import { type Conversions, conversionsOf } from '../flow/conversions.ts';
import { shown } from '../grammar/messages.ts';
import type { Check } from './check.ts';
import { plural } from './remarks.ts';

/** What scattered overrides cost where two layers no longer hold a tensor alike. */
export const conversionsShouldBeFew: Check = {
  code: 'rule/conversion',
  severity: 'information',
  section: 'rules',
  what: 'A rule puts layers into other formats than those next to them, or keeps them float between layers in codes. The finding has the price: nodes, bytes and, on a target, time.',
  why: 'Each such place is a QuantizeLinear, a DequantizeLinear or both, which a runtime carries out.',
  fix: 'Nothing, if the rule is worth it; else give the layers next to it the same formats.',
  example:
    'data calibration npz "c.npz"\nquantize {\n  weights int8 activations uint8\n  layer "/block/0/pw/Conv" keep float\n}',
  needs: 'model',
  *remarks(spec) {
    const target = findTarget(spec.definitions.targets[0]?.name?.text ?? '');
    for (const conversions of conversionsOf(spec)) {
      let [moved, time] = [0, 0];
      for (const { nodes: count, elements, from, to } of conversions.steps.values()) {
        const bytes = conversionBytes(elements, from, to);
        moved += bytes;
        if (target) time += conversionTime(count, elements, bytes, target);
      }
      const price = target
        ? `${bytesText(moved)} moved, about ${duration(time)} on ${target.name}`
        : `${bytesText(moved)} moved`;
      const [before, after] = conversions.between;
      yield {
        what: `This adds ${plural(conversions.quantize + conversions.dequantize, 'conversion')} between layers: ${nodes(conversions)}; ${price}.`,
        why: `${conversions.quantize + conversions.dequantize > 1 ? 'The first is' : 'It is'} between ${before === '' ? 'the input' : shown(before)} and ${shown(after)}.`,
        fix: 'Give the layers next to these the same formats, unless the rule is worth it.',
        range: rangeOfStatement(conversions.statement),
      };
    }
  },
};

function nodes({ quantize, dequantize }: Conversions): string {
  const parts = [
    ...(dequantize > 0 ? [`${dequantize} DequantizeLinear`] : []),
    ...(quantize > 0 ? [`${quantize} QuantizeLinear`] : []),
  ];
  return parts.join(' and ');
}
