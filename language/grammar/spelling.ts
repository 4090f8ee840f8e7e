import type { GivenArgument } from '../../engine/formats/family.ts';
import type { FormatWord } from '../generated/ast.ts';

/** Arguments of a word of a format as they are written. */
export function argumentsOf(word: FormatWord): readonly GivenArgument[] {
  return word.arguments.map(({ name, value }) => ({ name: name?.text, value: value?.text ?? '' }));
}

/** A word of a format with its arguments: `int8`, `float(e4m3, bias = 11)`. */
export function spelled(word: FormatWord): string {
  if (word.arguments.length === 0) return word.text;
  const given = argumentsOf(word).map(({ name, value }) => (name === undefined ? value : `${name} = ${value}`));
  return `${word.text}(${given.join(', ')})`;
}
