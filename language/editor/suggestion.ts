import { recipeNumbers } from '../../engine/training/recipe.ts';
import { find } from '../vocabulary.ts';
import { documentationOf } from './words.ts';

export interface Suggestion {
  readonly label: string;
  readonly kind:
    | 'keyword'
    | 'format'
    | 'function'
    | 'layer'
    | 'name'
    | 'property'
    | 'unit'
    | 'value'
    | 'operator'
    | 'target'
    | 'file'
    | 'folder';
  /** A few words beside the label. */
  readonly detail?: string | undefined;
  /** One sentence, as Markdown; more is told by `suggestionPage` when somebody looks at the suggestion. */
  readonly documentation: string;
  /** What is written; the label unless stated. */
  readonly text?: string;
  /** What is written where the editor knows tab stops: `expect size <= ${1:1 MiB}`. */
  readonly snippet?: string;
}

export function keywords(list: readonly string[]): readonly Suggestion[] {
  return list.map((keyword) => ({
    label: keyword,
    kind: 'keyword',
    // Words of a recipe are rows of a registry and no keywords of the grammar.
    documentation: documentationOf(keyword) ?? find(recipeNumbers, keyword)?.description ?? '',
  }));
}

/** Rows of a registry. */
export function registered(
  rows: readonly { readonly name: string; readonly title?: string; readonly description: string }[],
  kind: Suggestion['kind'],
): readonly Suggestion[] {
  return rows.map(({ name, title, description }) => ({ label: name, kind, detail: title, documentation: description }));
}
