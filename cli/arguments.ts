import { parseArgs } from 'node:util';
import { nearest } from '../engine/nearest.ts';
import { type Command, type OptionSpecs, type OptionValues, UsageError } from './command.ts';

export interface ParsedArguments {
  readonly positionals: readonly string[];
  readonly options: OptionValues<OptionSpecs>;
  readonly help: boolean;
}

/** Options that every command has. */
export const commonOptions = {
  help: { type: 'boolean', short: 'h', description: 'Show this help.' },
} as const satisfies OptionSpecs;

/** Reads what stands behind the command's name. Throws a UsageError that says what was meant, where that can be guessed. */
export function parseArguments(command: Command, argv: readonly string[]): ParsedArguments {
  const specs: OptionSpecs = { ...command.options, ...commonOptions };
  const { tokens, values, positionals } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { type, short, multiple }]) => [
        name,
        { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const help = values['help'] === true;
  const hint = `Run "qspec ${command.name} --help".`;
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) {
      const near = nearest(token.name, Object.keys(specs));
      throw new UsageError(
        `"qspec ${command.name}" has no option ${token.rawName}.`,
        near ? `Did you mean --${near}? ${hint}` : hint,
      );
    }
    if (spec.type === 'string' && token.value === undefined) {
      throw new UsageError(`Option ${token.rawName} needs a value: ${token.rawName} ${spec.value ?? 'VALUE'}.`, hint);
    }
    if (spec.type === 'boolean' && token.value !== undefined) {
      throw new UsageError(`Option ${token.rawName} takes no value.`, hint);
    }
  }
  if (!help) checkPositionals(command, positionals, hint);
  const options: Record<string, string | boolean | readonly string[] | undefined> = {};
  for (const [name, spec] of Object.entries(command.options)) {
    const value = values[name];
    if (spec.type === 'boolean') options[name] = value === true;
    else if (spec.multiple) options[name] = (value as string[] | undefined) ?? [];
    else options[name] = value as string | undefined;
  }
  return { positionals, options: options as OptionValues<OptionSpecs>, help };
}

function checkPositionals(command: Command, positionals: readonly string[], hint: string): void {
  const missing = command.arguments[positionals.length];
  if (missing !== undefined && !missing.optional) {
    throw new UsageError(`"qspec ${command.name}" needs ${missing.name}: ${missing.description}`, hint);
  }
  const extra = positionals[command.arguments.length];
  if (extra !== undefined)
    throw new UsageError(`"qspec ${command.name}" does not know what to do with "${extra}".`, hint);
}
