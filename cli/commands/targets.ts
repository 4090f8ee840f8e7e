import { targets as registered } from '../../engine/hardware/registry.ts';
import { bytes, watts } from '../../engine/report/quantities.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { defineCommand, jsonOption } from '../command.ts';

export const targets = defineCommand({
  name: 'targets',
  summary: 'the hardware targets that specs and "profile" can name',
  description:
    'Lists the registered targets. --json gives every figure with its source; docs/targets.md explains them.',
  arguments: [],
  options: { json: jsonOption },
  examples: [{ line: 'qspec targets', does: 'shows names, memory and formats' }],
  async run({ terminal }) {
    return {
      exitCode: 0,
      json: { targets: registered },
      text: () =>
        textTable(
          [
            { title: 'target' },
            { title: 'machine' },
            { title: 'flash', align: 'right' },
            { title: 'RAM', align: 'right' },
            { title: 'power', align: 'right' },
            { title: 'formats' },
          ],
          registered.map((target) => [
            target.name,
            target.title,
            target.flash === undefined ? '–' : bytes(target.flash),
            target.ram === undefined ? '–' : bytes(target.ram),
            target.activePower === undefined ? '–' : watts(target.activePower),
            target.formats.join(', '),
          ]),
          terminal.outStyle,
        ).join('\n'),
    };
  },
});
