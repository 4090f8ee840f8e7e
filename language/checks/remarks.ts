import type { AstNode } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import { suggestion } from '../../engine/nearest.ts';
import type { Limited } from '../flow/limited.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import type { Remark } from './check.ts';

/** `There is no KIND \`word\`.`, with the nearest of what there is. */
export function unknown(
  kind: string,
  node: (AstNode & { text?: string }) | undefined,
  known: readonly string[],
): Remark {
  const word = node?.text ?? '';
  return { what: `There is no ${kind} ${shown(word)}.`, ...suggestion(word, known), range: rangeOf(node) };
}

/** Points at every further one of what may stand once. `keyOf` undefined leaves a node out. */
export function* repeated<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string | undefined,
  remark: (item: T, first: T) => Remark,
): Iterable<Remark> {
  const seen = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, item);
    else yield remark(item, first);
  }
}

export function line(range: TextRange): string {
  return `line ${range.start.line + 1}`;
}

/** `3 layers`, `1 layer`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Whether a node stands in a rule that says `optional`. */
export function isOptional(node: { $container?: object } | undefined): boolean {
  for (let at: object | undefined = node; at; at = (at as { $container?: object }).$container) {
    const optionals = (at as { optionals?: readonly unknown[] }).optionals;
    if (optionals) return optionals.length > 0;
  }
  return false;
}

/** Layers whose formats do not go together, after `target has no kernel for` and the like. */
export function combination({ limit, formats, layer, count, words }: Limited, beginning: string): Remark {
  const { weights, activations } = formats;
  const side = (name: string, { format, scheme }: { readonly format: string; readonly scheme: string }) =>
    `${name} ${format} ${scheme}`;
  const held = [...(weights ? [side('weights', weights)] : []), side('activations', activations)].join(' and ');
  const layers = count === 1 ? shown(layer) : `${plural(count, 'layer')}, such as ${shown(layer)}`;
  return {
    what: `${beginning} ${layers}: ${formats.op} with ${held}.`,
    why: limit.why,
    fix: limit.fix,
    range: words.range,
  };
}
