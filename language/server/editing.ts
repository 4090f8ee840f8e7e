import {
  type Connection,
  DocumentHighlightKind,
  type DocumentSymbol,
  FoldingRangeKind,
  ResponseError,
  type SelectionRange,
  SemanticTokensBuilder,
  SymbolKind,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import type { TextPosition } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { formatSpec } from '../editor/format.ts';
import { formatTyped } from '../editor/format-on-type.ts';
import { highlightsOf, tokenTypes } from '../editor/highlight.ts';
import { hintsOf } from '../editor/hints.ts';
import { lensesOf } from '../editor/lenses.ts';
import { linksOf } from '../editor/links.ts';
import { type NameUses, nameAt, renameRefusal } from '../editor/names.ts';
import { type Entry, foldsOf, outlineOf, selectionsAt } from '../editor/outline.ts';
import type { Manual } from '../editor/pages/keyword.ts';
import { toRange, toTextEdits } from './convert.ts';

/** What the server lends its parts. */
export interface Serving {
  documentAt(uri: string): TextDocument | undefined;
  examined(document: TextDocument): CheckedSpec;
  guarded<A extends unknown[], R>(
    name: string,
    empty: R,
    work: (...args: A) => R | Promise<R>,
  ): (...args: A) => Promise<R>;
  /** Where the client can open the documentation of the language; undefined where it cannot. */
  manual(): Manual | undefined;
}

/** The id of the client's command for each lens; its argument is the URI of the spec, or of the model. */
export const lensCommands = {
  run: 'qspec.quantize',
  sensitivity: 'qspec.measureSensitivity',
  plan: 'qspec.showPlan',
  graph: 'qspec.openGraph',
} as const;

/** The id of the client's command that measures what the rules of a spec ask for; its argument is the URI of the spec. */
export const measureCommand = 'qspec.measure';

const symbolKinds: Readonly<Record<Entry['kind'], SymbolKind>> = {
  import: SymbolKind.Namespace,
  model: SymbolKind.File,
  target: SymbolKind.Class,
  data: SymbolKind.Array,
  format: SymbolKind.Variable,
  block: SymbolKind.Module,
  rule: SymbolKind.Function,
  export: SymbolKind.Package,
  expectation: SymbolKind.Boolean,
};

/** What editors ask of a text beside findings, hover and completion: its form, its outline, its names, notes between its lines. */
export function serveEditing(connection: Connection, { documentAt, examined, guarded }: Serving): void {
  const here = ({ line, character }: { line: number; character: number }): TextPosition => ({
    line,
    column: character,
  });
  /** Answers a request about a document that is open; an empty answer otherwise. */
  const about = <P extends { readonly textDocument: { readonly uri: string } }, R>(
    name: string,
    empty: R,
    work: (document: TextDocument, params: P) => R,
  ) =>
    guarded<[P], R>(name, empty, (params) => {
      const document = documentAt(params.textDocument.uri);
      return document ? work(document, params) : empty;
    });

  const formatted = (document: TextDocument) => toTextEdits(document, formatSpec(document.getText()));

  connection.onDocumentFormatting(about('formatting', null, (document) => formatted(document)));
  connection.onDocumentRangeFormatting(
    about('range formatting', null, (document, { range: { start, end } }) =>
      formatted(document).filter(({ range }) => range.start.line >= start.line && range.end.line <= end.line),
    ),
  );
  connection.onDocumentOnTypeFormatting(
    about('on-type formatting', null, (document, { position, ch }) =>
      toTextEdits(document, formatTyped(document.getText(), document.offsetAt(position), ch)),
    ),
  );

  connection.onDocumentSymbol(
    about('symbols', null, (document) => {
      const symbol = ({ kind, name, detail, range, children }: Entry): DocumentSymbol => ({
        name,
        detail,
        kind: symbolKinds[kind],
        range: toRange(range),
        selectionRange: toRange(range),
        children: children.map(symbol),
      });
      return outlineOf(examined(document).spec).map(symbol);
    }),
  );
  connection.onFoldingRanges(
    about('folding', null, (document) =>
      foldsOf(document.getText()).map(({ startLine, endLine, kind }) => ({
        startLine,
        endLine,
        ...(kind === 'comment' && { kind: FoldingRangeKind.Comment }),
      })),
    ),
  );
  connection.onSelectionRanges(
    about('selection ranges', null, (document, { positions }) => {
      const { spec } = examined(document);
      return positions.map((position) => {
        const ranges = selectionsAt(spec, here(position)).map(toRange);
        const outwards = ranges.reduceRight<SelectionRange | undefined>(
          (parent, range) => ({ range, ...(parent && { parent }) }),
          undefined,
        );
        return outwards ?? { range: { start: position, end: position } };
      });
    }),
  );
  connection.onDocumentLinks(
    about('links', null, (document) =>
      linksOf(examined(document)).map(({ range, path }) => ({
        range: toRange(range),
        target: uriBeside(document, path),
      })),
    ),
  );

  const named = (document: TextDocument, position: { line: number; character: number }): NameUses | undefined =>
    nameAt(examined(document), here(position));
  connection.onDefinition(
    about('definition', null, (document, { position }) => {
      const uses = named(document, position);
      if (!uses) return null;
      const { imported } = uses.definition;
      return imported
        ? { uri: uriBeside(document, imported.path), range: toRange(imported.range) }
        : { uri: document.uri, range: toRange(uses.definition) };
    }),
  );
  connection.onReferences(
    about('references', null, (document, { position }) =>
      (named(document, position)?.places ?? []).map((range) => ({ uri: document.uri, range: toRange(range) })),
    ),
  );
  connection.onDocumentHighlight(
    about('highlights', null, (document, { position }) =>
      (named(document, position)?.places ?? []).map((range) => ({
        range: toRange(range),
        kind: DocumentHighlightKind.Text,
      })),
    ),
  );

  // A refusal is an answer, with words for the person; it must not be taken for a fault of the server.
  connection.onPrepareRename(({ textDocument, position }) => {
    const document = documentAt(textDocument.uri);
    const uses = document && named(document, position);
    if (!uses) return null;
    const refusal = renameRefusal(examined(document), uses);
    if (refusal !== undefined) return new ResponseError(0, refusal);
    return { range: toRange(uses.at), placeholder: uses.name };
  });
  connection.onRenameRequest(({ textDocument, position, newName }) => {
    const document = documentAt(textDocument.uri);
    const uses = document && named(document, position);
    if (!uses) return null;
    const refusal = renameRefusal(examined(document), uses, newName);
    if (refusal !== undefined) return new ResponseError(0, refusal);
    return { changes: { [document.uri]: uses.places.map((range) => ({ range: toRange(range), newText: newName })) } };
  });

  connection.languages.inlayHint.on(
    about('inlay hints', null, (document, { range: { start, end } }) =>
      hintsOf(examined(document), start.line, end.line).map(({ position: { line, column }, text }) => ({
        position: { line, character: column },
        // What pads a hint is narrower than a letter: behind a number it would be read as part of it.
        label: `\u00a0${text}`,
        paddingLeft: true,
        paddingRight: true,
      })),
    ),
  );
  connection.onCodeLens(
    about('code lenses', null, (document) =>
      lensesOf(examined(document)).map(({ action, title, range, model }) => ({
        range: toRange(range),
        command: {
          title,
          command: lensCommands[action],
          arguments: [model === undefined ? document.uri : uriBeside(document, model)],
        },
      })),
    ),
  );
  connection.languages.semanticTokens.on(
    about('semantic tokens', { data: [] as number[] }, (document) => {
      const builder = new SemanticTokensBuilder();
      for (const { range, type, definition } of highlightsOf(examined(document))) {
        const { start, end } = range;
        builder.push(start.line, start.column, end.column - start.column, tokenTypes.indexOf(type), definition ? 1 : 0);
      }
      // Without the id that changes could be asked by: they are not answered.
      return { data: builder.build().data };
    }),
  );
}

/** A path as a URI of the world that the document is from. Half a character, which no URI can hold, becomes U+FFFD. */
function uriBeside(document: TextDocument, path: string): string {
  const { scheme, authority } = URI.parse(document.uri);
  const file = URI.file(path.toWellFormed());
  return (scheme === 'file' || scheme === 'untitled' ? file : file.with({ scheme, authority })).toString();
}
