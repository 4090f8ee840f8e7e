import { backends } from '../../engine/backends/registry.ts';
import { methods as registeredMethods } from '../../engine/methods/registry.ts';
import type { ObserverArgument } from '../../engine/observers/observer.ts';
import { observers } from '../../engine/observers/registry.ts';
import { passes } from '../../engine/passes/index.ts';
import { criteria } from '../../engine/pruning/registry.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { defineCommand, jsonOption } from '../command.ts';

interface Row {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly ObserverArgument[];
}

export const methods = defineCommand({
  name: 'methods',
  summary:
    'the methods ("using"), observers ("observe"), criteria of pruning ("by"), backends and passes that specs can name',
  description: `Lists how weights get their codes, how the ranges of activations are chosen and which weights are pruned, with the
    arguments, the backends, and the passes in the order in which they run.`,
  arguments: [],
  options: { json: jsonOption },
  examples: [{ line: 'qspec methods', does: 'shows names, arguments with their defaults, descriptions' }],
  async run({ terminal }) {
    const data = (row: Row) => ({
      name: row.name,
      title: row.title,
      description: row.description,
      arguments: row.arguments,
    });
    const list = (title: string, rows: readonly Row[]) =>
      textTable(
        [{ title }, { title: 'arguments' }, { title: 'description' }],
        rows.map((row) => [
          row.name,
          row.arguments.map(({ name, initial }) => `${name} ${initial}`).join(', ') || '–',
          row.description,
        ]),
        terminal.outStyle,
      );
    return {
      exitCode: 0,
      json: {
        methods: registeredMethods.map((method) => ({ ...data(method), source: method.source })),
        observers: observers.map(data),
        criteria: criteria.map((criterion) => ({ ...data(criterion), source: criterion.source })),
        backends: backends.map(({ name, title, description, source }) => ({ name, title, description, source })),
        passes: passes.map(({ name, summary }) => ({ name, description: summary })),
      },
      text: () =>
        [
          ...[...list('method', registeredMethods), '', ...list('observer', observers), ''],
          ...[...list('criterion', criteria), ''],
          ...textTable(
            [{ title: 'backend' }, { title: 'description' }],
            backends.map(({ name, description }) => [name, description]),
            terminal.outStyle,
          ),
          '',
          ...textTable(
            [{ title: 'pass' }, { title: 'description' }],
            passes.map(({ name, summary }) => [name, summary]),
            terminal.outStyle,
          ),
        ].join('\n'),
    };
  },
});
