import { isEvaluable } from '../../engine/operators/operator.ts';
import { operators as registered } from '../../engine/operators/registry.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { defineCommand, jsonOption } from '../command.ts';

const parts: Readonly<Record<string, string>> = {
  compute: 'integer multiply-accumulate',
  'same-scale': 'shares its input’s scale',
  elementwise: 'integer, own scale',
  activation: 'folds into the layer before',
};

export const operators = defineCommand({
  name: 'operators',
  summary: 'the ONNX operators that the engine knows, runs and compresses',
  description:
    'Lists the registered operators: versions, whether they run (with kernels or by their reference), part in quantisation.',
  arguments: [],
  options: { json: jsonOption },
  examples: [{ line: 'qspec operators', does: 'shows every operator' }],
  async run({ terminal }) {
    const rows = registered.map((operator) => ({
      name: operator.domain === '' ? operator.op : `${operator.domain}.${operator.op}`,
      opsets: operator.opsets,
      runs: isEvaluable(operator) || 'lower' in operator,
      kernel: operator.lower !== undefined || operator.decompose !== undefined,
      quantization: operator.quantization?.kind,
    }));
    return {
      exitCode: 0,
      json: { operators: rows },
      text: () =>
        textTable(
          [
            { title: 'operator' },
            { title: 'versions', align: 'right' },
            { title: 'runs' },
            { title: 'in quantisation' },
          ],
          rows.map(({ name, opsets: [from, to], runs, quantization }) => [
            name,
            `${from}–${to}`,
            runs ? 'yes' : 'no',
            quantization === undefined ? 'stays float' : (parts[quantization] ?? quantization),
          ]),
          terminal.outStyle,
        ).join('\n'),
    };
  },
});
