import type { PassesStatement } from '../generated/ast.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { backendOfBlock } from './backend.ts';
import type { Definitions, Quantize } from './definitions.ts';

/** Names of the passes that run before anything is compressed; undefined: all, in the engine's order. */
export function passesOfSpec({ passes, quantize }: Definitions, vocabulary: Vocabulary): readonly string[] | undefined {
  return passes ? passesOf(passes, vocabulary) : passesOfBackend(quantize, vocabulary);
}

/** `passes none`: the one word of the statement that is no pass. */
export const noPasses = 'none';

/** Names of the passes that run, in their order; undefined: all of them, in the engine's. Unknown words name none. */
export function passesOf(
  statement: PassesStatement | undefined,
  { passes }: Vocabulary,
): readonly string[] | undefined {
  if (!statement || (statement.all && statement.names.length === 0)) return undefined;
  const named = statement.names.map(({ text }) => text);
  const known = passes.map(({ name }) => name);
  if (statement.all) return known.filter((name) => !named.includes(name));
  return named.filter((name) => known.includes(name));
}

/** Where a spec names no passes: all but those that its backend does without; undefined: all. */
function passesOfBackend(block: Quantize | undefined, { passes }: Vocabulary): readonly string[] | undefined {
  const without = block && backendOfBlock(block)?.withoutPasses;
  return without && passes.map(({ name }) => name).filter((name) => !without.includes(name));
}
