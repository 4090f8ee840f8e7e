import type { Finding } from '../engine/findings.ts';

/** A stream to a person or a file. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  cyan(text: string): string;
}

/** Where a command's words go: answers to standard output, everything else to standard error. */
export interface Terminal {
  readonly out: Sink;
  readonly err: Sink;
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** Width of standard output in columns; 100 where it is no terminal. */
  readonly columns: number;
  /** Shows a finding, with the line of the file it is about where that can be read. */
  finding(finding: Finding): void;
  /** A line on standard error, not mixed up with a live progress line. */
  note(text: string): void;
  /** Called before anything is written, so that a live line can be wiped. */
  onWrite?: () => void;
}

export function makeStyle(colour: boolean): Style {
  const paint = (open: number, close: number) => (text: string) =>
    colour ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    cyan: paint(36, 39),
  };
}

/** Colour only for a person at a terminal; https://no-color.org and FORCE_COLOR decide against or for it. */
export function wantsColour(sink: Sink, environment: Readonly<Record<string, string | undefined>>): boolean {
  if (environment['NO_COLOR']) return false;
  if (environment['FORCE_COLOR'] && environment['FORCE_COLOR'] !== '0') return true;
  return sink.isTTY === true && environment['TERM'] !== 'dumb';
}
