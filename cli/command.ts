import type { Progress } from '../engine/progress.ts';
import type { Terminal } from './terminal.ts';

/** An option of a command, as Node's `parseArgs` knows it, with what the help says. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given more than once. */
  readonly multiple?: boolean;
  /** What stands for the value in the help: `FILE`, `N`. */
  readonly value?: string;
  readonly description: string;
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface ArgumentSpec {
  /** In capitals, as in the usage line: `MODEL`. */
  readonly name: string;
  readonly description: string;
  readonly optional?: boolean;
}

export type OptionValues<O extends OptionSpecs> = {
  readonly [K in keyof O]: O[K]['type'] extends 'boolean'
    ? boolean
    : O[K]['multiple'] extends true
      ? readonly string[]
      : string | undefined;
};

export interface CommandContext<O extends OptionSpecs = OptionSpecs> {
  /** As many as the command's `arguments` ask for. */
  readonly positionals: readonly string[];
  readonly options: OptionValues<O>;
  readonly terminal: Terminal;
  /** Reports on standard error; its signal is set by Ctrl-C. */
  readonly progress: Progress;
}

/**
 * What a command leaves: its answer as data (printed by `--json`) and as text. The caller prints one of the two, so
 * that `--json` gives exactly one document and nothing else.
 */
export interface CommandResult {
  readonly exitCode: 0 | 1;
  readonly json: unknown;
  /** Text for people; ends without a line break. Findings go to `terminal.finding` instead. */
  text(): string;
}

/** One file in `commands/` and one line in `registry.ts`. */
export interface Command<O extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What the command does, reads and writes: a paragraph or two for its own help. */
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: O;
  /** Command lines that work, with what they do. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  run(context: CommandContext<O>): Promise<CommandResult>;
}

/** Keeps the option names in the type of `run`'s context while the registry holds commands of every shape. */
export function defineCommand<const O extends OptionSpecs>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** Wrong use of the command line: exit code 2. */
export class UsageError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

export const jsonOption = { type: 'boolean', description: 'Print one JSON document on standard output.' } as const;
