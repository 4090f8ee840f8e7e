import { hasQuantizeLinear } from '../../engine/formats/legality.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { readFields } from '../resolve/fields.ts';
import { formatOf } from '../vocabulary.ts';
import type { Check } from './check.ts';

/** ONNX rounds activations to integers and two 8-bit floats; others can be simulated and not exported. */
export const exportMustHoldActivations: Check = {
  code: 'export/activations',
  severity: 'error',
  section: 'results',
  what: 'Activations in a format that ONNX has no operator to round to.',
  why: 'QuantizeLinear rounds to integers, e4m3fn and e5m2.',
  fix: 'Use one of these, or leave the export out: the result is then measured in the simulation.',
  example:
    'data calibration npz "c.npz"\nquantize { weights int8 activations e2m3 }\nexport onnx qdq "out/network.onnx"',
  *remarks({ spec, definitions, vocabulary }) {
    if (!definitions.exports.some(({ format, style }) => format?.text === 'onnx' && style?.text === 'qdq')) return;
    for (const statement of allNodesOf(spec, 'RoleStatement')) {
      if (statement.role !== 'activations' && statement.role !== 'inputs' && statement.role !== 'outputs') continue;
      const field = readFields(statement.format, definitions.formats, vocabulary).format;
      const format = formatOf(vocabulary, field?.value);
      if (!field || !format?.activations || hasQuantizeLinear(format)) continue;
      yield {
        what: `\`export onnx qdq\` cannot hold activations in \`${format.name}\`.`,
        why: 'QuantizeLinear rounds to integers, e4m3fn and e5m2.',
        fix: 'Use one of these, or leave the export out: the result is then measured in the simulation.',
        range: field.range,
      };
    }
  },
};
