import type { ArgumentWord, CallableWord } from '../../vocabulary.ts';
import { example, facts, figure, heading, paragraphs, plain, table } from '../markdown.ts';

/** The word that a name stands behind, with how the two are written in a spec. */
const writings = {
  observe: (call: string) => `activations uint8 observe ${call}`,
  using: (call: string) => `weights int8 using ${call}`,
  by: (call: string) => `prune { sparsity 50 % by ${call} }`,
  optimizer: (call: string) => `train { optimizer ${call} }`,
  schedule: (call: string) => `train { schedule ${call} }`,
} as const;

export type CallKind = keyof typeof writings;

/** An observer, method or their like: what it does, what that takes, where it comes from, its arguments and how it is written. */
export function callablePage(word: CallableWord, kind: CallKind): string {
  const { name, title = '', description, cost = '', source = '' } = word;
  return paragraphs(
    heading(name, title),
    plain(description, 600),
    facts([
      ['cost', plain(cost, 400)],
      ['source', plain(source)],
    ]),
    argumentsText(word.arguments),
    example(writings[kind](callOf(word))),
  );
}

/** With the values that its arguments have unless others are given. */
export function callOf(word: CallableWord): string {
  const list = word.arguments.map(({ name, initial }) => `${name} = ${initial}`);
  return list.length > 0 ? `${word.name}(${list.join(', ')})` : word.name;
}

function argumentsText(list: readonly ArgumentWord[]): string {
  if (list.length === 0) return '';
  return table(
    ['argument', 'default', 'range', ''],
    list.map((argument) => [
      plain(argument.name),
      figure(argument.initial),
      rangeText(argument),
      plain(argument.description, 300),
    ]),
  );
}

/** A bound that no value in use reaches is none. */
const unbounded = 1e30;

function rangeText({ min, max }: ArgumentWord): string {
  if (min <= -unbounded) return max >= unbounded ? 'any' : `up to ${figure(max)}`;
  return max >= unbounded ? `from ${figure(min)}` : `${figure(min)}&nbsp;…&nbsp;${figure(max)}`;
}
