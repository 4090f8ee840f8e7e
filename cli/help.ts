import { commonOptions } from './arguments.ts';
import type { Command, OptionSpecs } from './command.ts';
import type { Style } from './terminal.ts';

const exitCodes = [
  ['0', 'done'],
  ['1', 'the spec, the model or an expectation failed'],
  ['2', 'wrong use of the command line'],
  ['3', 'an unexpected fault of QSpec'],
  ['130', 'stopped by Ctrl-C'],
] as const;

/** The list of commands: what `qspec` and `qspec --help` print. */
export function renderHelp(commands: readonly Command[], style: Style, version: string): string {
  const lines = [
    `${style.bold('QSpec')} ${version} makes neural networks smaller and faster: ONNX in, a smaller ONNX and a report out.`,
    '',
    `${style.bold('Usage:')} qspec COMMAND [options]`,
    '',
    ...table(
      commands.map((command) => [style.cyan(usage(command)), command.summary]),
      commands.map((command) => usage(command).length),
    ),
    '',
    `${style.bold('A first run:')}`,
    '  qspec init model.onnx          writes model.qspec, a commented spec to start from',
    '  qspec check model.qspec        says what is wrong with it, with line and column',
    '  qspec quantize model.qspec     calibrates, compresses, exports, verifies, reports',
    '',
    'Details: qspec COMMAND --help. Every command with --json prints one JSON document on standard output.',
    `Exit codes: ${exitCodes.map(([code, meaning]) => `${code} ${meaning}`).join('; ')}.`,
  ];
  return lines.join('\n');
}

/** `quantize SPEC`: the name and the arguments. */
export function usage(command: Command): string {
  const parts = command.arguments.map(({ name, optional }) => (optional ? `[${name}]` : name));
  return [command.name, ...parts].join(' ');
}

export function renderCommandHelp(command: Command, style: Style): string {
  const options: OptionSpecs = { ...command.options, ...commonOptions };
  const flags = Object.entries(options).map(([name, { type, short, value, multiple }]) => {
    const word = type === 'string' ? ` ${value ?? 'VALUE'}` : '';
    return `${short === undefined ? '    ' : `-${short}, `}--${name}${word}${multiple ? ' …' : ''}`;
  });
  const lines = [
    command.summary,
    '',
    `${style.bold('Usage:')} qspec ${usage(command)} [options]`,
    '',
    ...command.description.split('\n').map((line) => line.trim()),
    '',
  ];
  if (command.arguments.length > 0) {
    lines.push(
      style.bold('Arguments:'),
      ...table(
        command.arguments.map(({ name, description }) => [style.cyan(name), description]),
        command.arguments.map(({ name }) => name.length),
      ),
      '',
    );
  }
  lines.push(
    style.bold('Options:'),
    ...table(
      Object.values(options).map(({ description }, i) => [style.cyan(flags[i]!), description]),
      flags.map((flag) => flag.length),
    ),
  );
  if (command.examples.length > 0) {
    lines.push('', style.bold('Examples:'));
    for (const { line, does } of command.examples) lines.push(`  ${line}`, `      ${style.dim(does)}`);
  }
  return lines.join('\n');
}

/** Two columns; `widths` are those of the first one without escape sequences. */
function table(rows: readonly (readonly [string, string])[], widths: readonly number[]): string[] {
  const width = Math.min(34, Math.max(...widths));
  return rows.map(([left, right], i) => {
    const gap = widths[i]! <= width ? ' '.repeat(width - widths[i]! + 2) : `\n${' '.repeat(width + 4)}`;
    return `  ${left}${gap}${right}`;
  });
}
