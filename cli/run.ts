import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { type Finding, FindingError } from '../engine/findings.ts';
import { nearest } from '../engine/nearest.ts';
import { Cancelled } from '../engine/progress.ts';
import { visible } from '../engine/report/escape.ts';
import { parseArguments } from './arguments.ts';
import { type Command, UsageError } from './command.ts';
import { renderFinding } from './findings.ts';
import { renderCommandHelp, renderHelp } from './help.ts';
import { jsonText } from './json-text.ts';
import { makeProgress } from './progress.ts';
import { commands } from './registry.ts';
import { makeStyle, type Sink, type Terminal, wantsColour } from './terminal.ts';
import { version } from './version.ts';

export interface Surroundings {
  readonly out: Sink;
  readonly err: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Set by Ctrl-C. */
  readonly signal: AbortSignal;
  /** See `Progress.cancelCell`. */
  readonly cancelCell?: Int32Array;
}

export type ExitCode = 0 | 1 | 2 | 3 | 130;

/** The whole command line: reads the arguments, runs one command, says how it ended. Never throws. */
export async function runCommandLine(argv: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { out, err, environment, signal, cancelCell } = around;
  const outStyle = makeStyle(wantsColour(out, environment));
  const errStyle = makeStyle(wantsColour(err, environment));
  const progress = { ...makeProgress(err, errStyle, signal), ...(cancelCell && { cancelCell }) };
  const terminal: Terminal = {
    out,
    err,
    outStyle,
    errStyle,
    columns: out.columns ?? 100,
    note(text) {
      progress.wipe();
      err.write(`${harmless(text, wantsColour(err, environment))}\n`);
    },
    finding(finding) {
      progress.wipe();
      err.write(`${renderFinding(finding, errStyle, locate(finding))}\n`);
    },
  };
  const json = argv.includes('--json');
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      const asked = name === 'help' && rest[0] !== undefined ? find(rest[0]) : undefined;
      const text = asked ? renderCommandHelp(asked, outStyle) : renderHelp(commands, outStyle, version);
      out.write(`${text}\n`);
      return 0;
    }
    if (name === '--version' || name === '-v') {
      out.write(`qspec ${version}\n`);
      return 0;
    }
    const command = find(name);
    const { positionals, options, help } = parseArguments(command, rest);
    if (help) {
      out.write(`${renderCommandHelp(command, outStyle)}\n`);
      return 0;
    }
    const result = await command.run({ positionals, options, terminal, progress });
    progress.wipe();
    out.write(json ? `${jsonText(result.json)}\n` : `${harmless(result.text(), wantsColour(out, environment))}\n`);
    return result.exitCode;
  } catch (error) {
    progress.wipe();
    const { exitCode, document } = explain(error, terminal, environment);
    if (json) out.write(`${jsonText(document)}\n`);
    return exitCode;
  }
}

function find(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const near = nearest(
    name,
    commands.map((candidate) => candidate.name),
  );
  const hint = near ? `Did you mean "qspec ${near}"?` : 'Run "qspec --help" for the list.';
  throw new UsageError(name.startsWith('-') ? `qspec has no option ${name}.` : `qspec has no command "${name}".`, hint);
}

/**
 * The last line of defence: names of models reach the terminal in many places, and an escape sequence in one must act in
 * none. Our own colours pass.
 */
function harmless(text: string, colour: boolean): string {
  if (!colour) return visible(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins every colour sequence.
  const parts = text.split(/(\u001b\[[0-9;]*m)/);
  return parts.map((part, i) => (i % 2 === 1 ? part : visible(part))).join('');
}

interface Ending {
  readonly exitCode: ExitCode;
  readonly document: unknown;
}

function explain(error: unknown, terminal: Terminal, environment: Surroundings['environment']): Ending {
  const { errStyle } = terminal;
  if (error instanceof FindingError) {
    terminal.finding(error.finding);
    return { exitCode: 1, document: { ok: false, findings: [error.finding] } };
  }
  if (error instanceof UsageError) {
    terminal.note(`${errStyle.red(errStyle.bold('error'))} ${error.message}`);
    if (error.hint !== undefined) terminal.note(`    ${error.hint}`);
    return { exitCode: 2, document: { ok: false, error: { kind: 'usage', message: error.message, hint: error.hint } } };
  }
  if (error instanceof Cancelled) {
    terminal.note('Stopped. Nothing half-written was left.');
    return { exitCode: 130, document: { ok: false, error: { kind: 'cancelled', message: 'Stopped.' } } };
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.note(`${errStyle.red(errStyle.bold('fault'))} ${message}`);
  terminal.note('    This is a fault of QSpec itself, not of your files. Please report it with the command line used.');
  if (error instanceof Error && error.stack !== undefined) {
    if (environment['QSPEC_DEBUG']) terminal.note(errStyle.dim(error.stack));
    else terminal.note('    QSPEC_DEBUG=1 shows where it happened.');
  }
  return { exitCode: 3, document: { ok: false, error: { kind: 'fault', message } } };
}

/** The file as the person would name it, and its text where it is a text that can be shown. */
function locate({ file, range }: Finding): { file?: string; source?: string } {
  if (file === undefined) return {};
  const near = relative(process.cwd(), file);
  const shown = near === '' || near.startsWith('..') ? file : near;
  if (range === undefined) return { file: shown };
  try {
    return { file: shown, source: readFileSync(file, 'utf8') };
  } catch {
    return { file: shown };
  }
}
