import type { TextRange } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { referencedFiles } from '../facts.ts';
import { rangeOf } from '../grammar/ranges.ts';

/** A path of a spec that leads to a file. */
export interface Link {
  readonly range: TextRange;
  /** Absolute. */
  readonly path: string;
}

/** Paths that name one file which is there; folders and globs lead nowhere that an editor could show. */
export function linksOf(spec: CheckedSpec): readonly Link[] {
  return [...referencedFiles(spec.ast)].flatMap(({ text, path }) => {
    const place = spec.absolute(path);
    const found = spec.fileAt?.(place);
    const isOne = !/[*?[{]/.test(path) && found?.exists === true && found.isFolder !== true;
    return isOne ? [{ range: rangeOf(text), path: place }] : [];
  });
}
