import type { TextRange } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { referencedFiles } from '../facts.ts';
import { rangeOf } from '../grammar/ranges.ts';

/** A path of a spec that leads to a text. */
export interface Link {
  readonly range: TextRange;
  /** Absolute. */
  readonly path: string;
}

/** Imported specs, split and label files that are there. A model has its lens, and arrays are nothing that an editor could show. */
const texts = new Set(['imported spec', 'split file', 'label file']);

export function linksOf(spec: CheckedSpec): readonly Link[] {
  return [...referencedFiles(spec.ast)].flatMap(({ what, text }) => {
    const place = spec.absolute(text);
    const found = spec.fileAt?.(place);
    const isText = texts.has(what) && found?.exists === true && !found.isFolder;
    return isText ? [{ range: rangeOf(text), path: place }] : [];
  });
}
