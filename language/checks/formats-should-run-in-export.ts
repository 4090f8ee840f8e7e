import type { Limit } from '../../engine/quantize/limits.ts';
import { heldIn } from '../flow/held.ts';
import { limitedLayers } from '../flow/limited.ts';
import { containerOf } from '../resolve/judgements.ts';
import { find } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { exportFormats } from './exports.ts';
import { combination } from './remarks.ts';

/** What the runtime makes of the formats that an export holds: nothing, where it does not load it, or floats. */
export const formatsShouldRunInExport: Check = {
  code: 'export/combination',
  severity: 'error',
  section: 'results',
  what: 'Formats that the runtime does not load in an export (an error: nothing would be written), or computes in float (information).',
  why: 'A runtime has integer kernels for few pairs of formats. What it computes in float is smaller, but no faster.',
  fix: 'The finding says which formats run in integers.',
  example:
    'data calibration npz "c.npz"\nquantize { weights int4 activations uint8 }\nexport onnx qdq "out/network.onnx"',
  needs: 'model',
  *remarks(spec) {
    const held = heldIn(spec);
    if (!held) return;
    const told = new Map<Limit, Set<object>>();
    const more =
      spec.definitions.quantize?.recipe && ' The recipe gives some layers more bits than these; the report says which.';
    for (const statement of spec.definitions.exports) {
      const { format, style } = statement;
      const known = find(find(exportFormats, format?.text)?.styles ?? [], style?.text);
      for (const limited of limitedLayers(held, known?.limits ?? [], containerOf(statement))) {
        // Several exports have one and the same fault.
        const words = told.get(limited.limit) ?? new Set();
        if (words.has(limited.words)) continue;
        told.set(limited.limit, words.add(limited.words));
        const refused = limited.limit.outcome === 'refused';
        const runtime = refused ? 'ONNX Runtime does not load' : 'ONNX Runtime computes in float';
        const remark = combination(limited, runtime);
        const why = `${remark.why}${(!refused && more) || ''}`;
        yield { ...remark, why, severity: refused ? 'error' : 'information' };
      }
    }
  },
};
