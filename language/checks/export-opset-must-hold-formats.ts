import { contained } from '../../engine/formats/carrier.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { readFields } from '../resolve/fields.ts';
import { containerOf, exportRoleOf, optionValue } from '../resolve/judgements.ts';
import { formatOf } from '../vocabulary.ts';
import type { Check } from './check.ts';

/** int4 needs opset 21: an export that states an older one cannot hold it. */
export const exportOpsetMustHoldFormats: Check = {
  code: 'export/opset',
  severity: 'error',
  section: 'results',
  what: 'An operator set that cannot hold a format that the spec uses.',
  why: 'QuantizeLinear takes each type from some operator set on.',
  fix: 'Ask for the set that is named, or leave `opset` out: the lowest that will do is taken.',
  example: 'quantize { weights int4 }\nexport onnx qdq "out/network.onnx" { opset 17 }',
  *remarks({ spec, definitions, vocabulary }) {
    const used = [...allNodesOf(spec, 'RoleStatement')].flatMap((statement) => {
      const format = formatOf(vocabulary, readFields(statement.format, definitions.formats, vocabulary).format?.value);
      return format === undefined ? [] : [{ format, role: exportRoleOf(statement) }];
    });
    for (const statement of definitions.exports) {
      if (statement.format?.text !== 'onnx' || statement.style?.text !== 'qdq') continue;
      for (const option of statement.options) {
        const value = option.key?.text === 'opset' ? optionValue(option) : undefined;
        if (typeof value !== 'number' || value < 13) continue;
        const container = containerOf(statement);
        const held = used.map(({ format, role }) => contained(format, container, role));
        const tooNew = held.filter(({ minOpset }) => minOpset > value);
        if (tooNew.length === 0) continue;
        const needed = Math.max(...tooNew.map(({ minOpset }) => minOpset));
        const names = new Set(tooNew.map(({ name }) => name));
        yield {
          what: `Opset ${value} cannot hold ${[...names].join(', ')}.`,
          why: `QuantizeLinear takes ${names.size === 1 ? 'it' : 'them'} from opset ${needed} on.`,
          fix: `Write \`opset ${needed}\`, or leave it out: QSpec then takes the lowest that will do.`,
          range: rangeOf(option.value),
          replacement: String(needed),
        };
      }
    }
  },
};
