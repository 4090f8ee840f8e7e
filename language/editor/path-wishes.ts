import type { CheckedSpec } from '../context.ts';
import { quoteText, textValue } from '../grammar/text.ts';
import type { Situation } from './situation.ts';
import type { Suggestion } from './suggestion.ts';

/** Files that a text under the cursor may name: the folder to look into, and what to offer of it. */
export interface PathWish {
  /** Absolute. */
  readonly folder: string;
  /** As typed, up to the last `/`. */
  readonly typed: string;
  /** Endings of the files that fit, without the point, in lower case; empty: folders alone. */
  readonly endings: readonly string[];
}

/** Files of each kind of data; other kinds are folders. */
const dataEndings: Readonly<Record<string, readonly string[]>> = {
  npz: ['npz'],
  npy: ['npy'],
  images: ['jpg', 'jpeg', 'png', 'bmp', 'ppm', 'pgm'],
};

/** Undefined where a text is no path. */
export function pathWishAt({ item, partial }: Situation, { spec, path }: CheckedSpec): PathWish | undefined {
  const endings = endingsFor(item);
  if (!endings) return undefined;
  const value = textValue({ raw: `${partial}"` });
  const typed = value.slice(0, value.lastIndexOf('/') + 1);
  return { folder: path.resolve(path.dirname(spec.path), typed === '' ? '.' : typed), typed, endings };
}

function endingsFor(item: readonly string[]): readonly string[] | undefined {
  const [first, second, third] = item;
  if (first === 'model' && item.length === 1) return ['onnx'];
  if (first === 'import' && item.length === 1) return ['qspec'];
  if (first === 'data' && item.length === 3) return Object.hasOwn(dataEndings, third!) ? dataEndings[third!]! : [];
  if (first === 'split' && item.length === 1) return ['json'];
  if (first === 'labels' && second === 'file' && item.length === 2) return ['txt', 'csv', 'json'];
  if (first === 'export' && item.length === 3) return [];
  return undefined;
}

/** What a folder holds, as suggestions: the files that fit, then folders to look into. */
export function pathSuggestions(
  { typed, endings }: PathWish,
  names: readonly { readonly name: string; readonly isFolder: boolean }[],
): readonly Suggestion[] {
  const folders = names.filter(({ isFolder }) => isFolder).map(({ name }) => folder(`${typed}${name}/`, `${name}/`));
  const files = names
    .filter(({ name, isFolder }) => !isFolder && fits(name, endings))
    .map(
      ({ name }): Suggestion => ({
        label: name,
        kind: 'file',
        documentation: 'A file of this folder.',
        text: quoteText(`${typed}${name}`),
      }),
    );
  return [...files, ...folders];
}

export function fits(name: string, endings: readonly string[]): boolean {
  return endings.includes(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
}

/** The cursor stays inside the quotes: the path goes on. */
function folder(path: string, label: string): Suggestion {
  const quoted = quoteText(path);
  return {
    label,
    kind: 'folder',
    documentation: 'A folder.',
    text: quoted,
    snippet: `${quoted.slice(0, -1).replaceAll(/[\\$}]/g, '\\$&')}$0"`,
  };
}
