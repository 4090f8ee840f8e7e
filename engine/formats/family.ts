import { suggestion } from '../nearest.ts';
import type { NumberFormat } from './format.ts';

/** Formats that take arguments: `float(e2m3)`, `esb(4, 2)`. */
export interface FormatFamily {
  readonly name: string;
  readonly title: string;
  /** One sentence for completion and documentation. */
  readonly description: string;
  readonly source: string;
  readonly arguments: readonly FormatArgument[];
  /** Members that documentation lists and tests go through. */
  readonly examples: readonly string[];
  /** Why arguments that are in range each do not go together; undefined: they do. */
  refuse?(args: FormatArguments): string | undefined;
  /** @param name the member's canonical name. */
  make(name: string, args: FormatArguments): NumberFormat;
}

export type FormatArguments = Readonly<Record<string, number | string | undefined>>;

/** A whole number in bounds, or a word of a pattern. Those without an initial value and with a pattern or `required` must be given. */
export interface FormatArgument {
  readonly name: string;
  readonly description: string;
  readonly pattern?: RegExp;
  readonly initial?: number;
  readonly min?: number;
  readonly max?: number;
  readonly required?: true;
}

/** A value as it is written, with the name before it or not. */
export interface GivenArgument {
  readonly name?: string | undefined;
  readonly value: string;
}

/** What is wrong with a member's arguments; `at` counts the given ones. */
export interface BadArgument {
  readonly at?: number;
  readonly what: string;
  readonly fix?: string;
}

/** A member with checked arguments under its canonical name, or what is wrong with them. */
export function memberOf(family: FormatFamily, given: readonly GivenArgument[]): NumberFormat | BadArgument {
  const args: Record<string, number | string> = {};
  for (const [at, { name, value }] of given.entries()) {
    const argument = name === undefined ? family.arguments[at] : family.arguments.find((own) => own.name === name);
    if (argument === undefined) return unknownArgument(family, at, name);
    if (argument.name in args)
      return { at, what: `\`${argument.name}\` is given twice.`, fix: 'Keep the one you mean.' };
    const bad = judge(family, argument, value);
    if (bad !== undefined) return { at, ...bad };
    args[argument.name] = argument.pattern ? value : Number(value);
  }
  for (const argument of family.arguments) {
    if (argument.name in args || !(argument.required || argument.pattern)) continue;
    return {
      what: `\`${family.name}\` needs ${argument.name}.`,
      fix: `Write \`${family.examples[0]}\`. ${argument.description}`,
    };
  }
  const reason = family.refuse?.(args);
  if (reason !== undefined) return { what: reason };
  return family.make(nameOf(family, args), args);
}

function unknownArgument(family: FormatFamily, at: number, name: string | undefined): BadArgument {
  const names = family.arguments.map((own) => own.name);
  if (name === undefined) return { at, what: `\`${family.name}\` takes at most ${names.length}.`, fix: 'Remove it.' };
  return { at, what: `\`${family.name}\` has no argument \`${name}\`.`, ...suggestion(name, names) };
}

function judge(family: FormatFamily, { name, description, pattern, min, max }: FormatArgument, value: string) {
  if (pattern !== undefined) {
    if (pattern.test(value)) return undefined;
    return { what: `\`${value}\` is no ${name} of \`${family.name}\`.`, fix: description };
  }
  const number = Number(value);
  if (Number.isInteger(number) && number >= min! && number <= max!) return undefined;
  return { what: `\`${name}\` of \`${family.name}\` is a whole number from ${min} to ${max}.`, fix: description };
}

/** Required arguments by place, others by name where they are not what they are without being given. */
function nameOf(family: FormatFamily, args: FormatArguments): string {
  const parts = family.arguments.flatMap(({ name, pattern, required, initial }) => {
    if (pattern || required) return [String(args[name])];
    return args[name] === undefined || args[name] === initial ? [] : [`${name} = ${args[name]}`];
  });
  return `${family.name}(${parts.join(', ')})`;
}

/** Family name and arguments of `esb(4, k = 2)`; undefined for a text of another shape. */
export function splitName(
  text: string,
): { readonly family: string; readonly given: readonly GivenArgument[] } | undefined {
  const match = /^([a-z][a-z0-9-]*)\(([^()]*)\)$/.exec(text.replaceAll(/\s+/g, ''));
  if (match === null) return undefined;
  const given = match[2]!.split(',').filter((part) => part !== '');
  return {
    family: match[1]!,
    given: given.map((part) => {
      const [value, name] = part.split('=').reverse();
      return { name, value: value! };
    }),
  };
}
