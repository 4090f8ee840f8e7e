import { rangeOf } from '../grammar/ranges.ts';
import { allNodesOf } from '../grammar/walk.ts';
import { readFields } from '../resolve/fields.ts';
import { optionValue } from '../resolve/judgements.ts';
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
    const used = new Map<string, number>();
    for (const statement of allNodesOf(spec, 'RoleStatement')) {
      const format = readFields(statement.format, definitions.formats, vocabulary).format?.value;
      const opset = formatOf(vocabulary, format)?.minOpset;
      if (format !== undefined && opset !== undefined) used.set(format, opset);
    }
    for (const statement of definitions.exports) {
      if (statement.format?.text !== 'onnx' || statement.style?.text !== 'qdq') continue;
      for (const option of statement.options) {
        const value = option.key?.text === 'opset' ? optionValue(option) : undefined;
        if (typeof value !== 'number' || value < 13) continue;
        const tooNew = [...used].filter(([, opset]) => opset > value);
        if (tooNew.length === 0) continue;
        const needed = Math.max(...tooNew.map(([, opset]) => opset));
        yield {
          what: `Opset ${value} cannot hold ${tooNew.map(([name]) => name).join(', ')}.`,
          why: `QuantizeLinear takes ${tooNew.length === 1 ? 'it' : 'them'} from opset ${needed} on.`,
          fix: `Write \`opset ${needed}\`, or leave it out: QSpec then takes the lowest that will do.`,
          range: rangeOf(option.value),
          replacement: String(needed),
        };
      }
    }
  },
};
