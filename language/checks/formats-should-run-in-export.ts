import { heldIn } from '../flow/held.ts';
import { limitedLayers } from '../flow/limited.ts';
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
    const written = new Set<object>();
    for (const { format, style } of spec.definitions.exports) {
      const known = find(find(exportFormats, format?.text)?.styles ?? [], style?.text);
      // Two exports of one style have one and the same fault.
      if (!known || written.has(known)) continue;
      written.add(known);
      for (const limited of limitedLayers(held, known.limits)) {
        const refused = limited.limit.outcome === 'refused';
        const runtime = refused ? 'ONNX Runtime does not load' : 'ONNX Runtime computes in float';
        yield { ...combination(limited, runtime), severity: refused ? 'error' : 'information' };
      }
    }
  },
};
