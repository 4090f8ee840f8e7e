import { existsSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { UsageError } from './command.ts';

/** The absolute path of a file named on the command line. A file that is not there is wrong use. */
export function existingFile(path: string, what: string): string {
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

/** A whole number at least `least` from an option's text. */
export function wholeNumber(text: string | undefined, option: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new UsageError(`--${option} takes a whole number from ${least}, not "${text}".`);
  }
  return value;
}
