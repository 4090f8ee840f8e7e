import { existsSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { UsageError } from './command.ts';

/** The absolute path of a file named on the command line. A file that is not there is wrong use. */
export function existingFile(path: string, what: string): string {
  if (path === '') throw new UsageError(`The name of the ${what} is empty.`);
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw new UsageError(`There is no ${what} at ${path}.`);
  if (statSync(absolute).isDirectory()) throw new UsageError(`${path} is a folder, not a ${what}.`);
  return absolute;
}

/** As short as it can be said from here. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near !== '' && near.length < path.length && !near.startsWith('../../..') ? near : path;
}

/** A whole number from `least` to `most` from an option's text. */
export function wholeNumber(
  text: string | undefined,
  option: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    const to = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
    throw new UsageError(`--${option} takes a whole number from ${least}${to}, not "${text}".`);
  }
  return value;
}

/** The value of `--threads`. */
export function threadCount(text: string | undefined): number | undefined {
  return wholeNumber(text, 'threads', 1, 128);
}
