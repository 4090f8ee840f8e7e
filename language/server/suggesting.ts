import { type CompletionItem, type Connection, InsertTextFormat, MarkupKind } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Host } from '../../engine/host.ts';
import { completionsAt } from '../editor/completion.ts';
import { fits, type PathWish, pathSuggestions } from '../editor/path-wishes.ts';
import type { Suggestion } from '../editor/suggestion.ts';
import { suggestionPage } from '../editor/suggestion-page.ts';
import { completionKinds } from './convert.ts';
import type { Serving } from './editing.ts';

/** Names of a folder that are looked at; who has more will type some letters. */
const mostNames = 500;

/** What completion needs beside the texts. */
export interface Suggesting extends Serving {
  /** What may be read; undefined while nothing may. */
  host(): Host | undefined;
  /** Whether the client knows tab stops. */
  snippets(): boolean;
  /** The client's command that asks for suggestions again, for paths that go on. */
  suggestCommand(): string | undefined;
}

/** What is remembered in a suggestion until somebody looks at it. */
interface Remembered {
  readonly uri: string;
  readonly kind: Suggestion['kind'];
}

/** Completion: what may stand at the cursor, and all there is to say of one suggestion once somebody looks at it. */
export function serveSuggestions(connection: Connection, serving: Suggesting): void {
  const { documentAt, examined, guarded, manual } = serving;

  connection.onCompletion(
    guarded('completion', null, async ({ textDocument, position }) => {
      const document = documentAt(textDocument.uri);
      if (!document) return null;
      const offset = document.offsetAt(position);
      const { suggestions, start, end, incomplete, path } = completionsAt(examined(document), offset);
      const range = { start: document.positionAt(start), end: document.positionAt(end) };
      const all = path ? await pathsOf(path, serving.host()) : suggestions;
      return {
        isIncomplete: incomplete === true,
        items: all.map((suggestion, i) => itemOf(suggestion, i, range, document)),
      };
    }),
  );

  connection.onCompletionResolve(
    guarded('completion resolve', {} as CompletionItem, (item) => {
      const { uri, kind } = (item.data ?? {}) as Partial<Remembered>;
      const document = uri === undefined ? undefined : documentAt(uri);
      const page = document && kind && suggestionPage({ label: item.label, kind }, examined(document), manual());
      return page ? { ...item, documentation: { kind: MarkupKind.Markdown, value: page } } : item;
    }),
  );

  function itemOf(
    { label, kind, detail, documentation, text = label, snippet }: Suggestion,
    index: number,
    range: { start: TextPlace; end: TextPlace },
    { uri }: TextDocument,
  ): CompletionItem {
    const written = snippet !== undefined && serving.snippets() ? snippet : undefined;
    const again = kind === 'folder' ? serving.suggestCommand() : undefined;
    return {
      label,
      kind: completionKinds[kind],
      sortText: String(index).padStart(5, '0'),
      filterText: text,
      textEdit: { range, newText: written ?? text },
      documentation: { kind: MarkupKind.Markdown, value: documentation },
      data: { uri, kind } satisfies Remembered,
      ...(detail && { labelDetails: { description: detail } }),
      ...(written !== undefined && { insertTextFormat: InsertTextFormat.Snippet }),
      ...(again !== undefined && { command: { title: 'Suggest', command: again } }),
    };
  }
}

type TextPlace = { readonly line: number; readonly character: number };

/** What lies where a path leads so far. A folder that may not be looked at, or is none, has nothing to offer. */
async function pathsOf(wish: PathWish, host: Host | undefined): Promise<readonly Suggestion[]> {
  if (!host) return [];
  try {
    const names = (await host.list(wish.folder)).filter((name) => !name.startsWith('.') && name !== 'node_modules');
    const entries = await Promise.all(
      names.slice(0, mostNames).map(async (name) => {
        // What ends as a file of the kind that is wanted is taken for one.
        if (fits(name, wish.endings)) return { name, isFolder: false };
        const stat = await host.stat(host.path.join(wish.folder, name)).catch(() => undefined);
        return { name, isFolder: stat?.isDirectory === true };
      }),
    );
    return pathSuggestions(wish, entries);
  } catch {
    return [];
  }
}
