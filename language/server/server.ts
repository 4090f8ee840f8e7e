import {
  CodeActionKind,
  CompletionItemKind,
  type Connection,
  type Diagnostic,
  DiagnosticSeverity,
  MarkupKind,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import type { Finding, Severity, TextRange } from '../../engine/findings.ts';
import type { Host } from '../../engine/host.ts';
import { runChecks } from '../checks/run.ts';
import { type CheckedSpec, examine, type FileKnowledge } from '../context.ts';
import { completionsAt, type Suggestion } from '../editor/completion.ts';
import { fixOf } from '../editor/fixes.ts';
import { hoverAt } from '../editor/hover.ts';
import { lookAtFiles } from '../facts.ts';
import { byPosition, loadSpec } from '../grammar/load.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import { engineVocabulary } from '../vocabulary-engine.ts';
import { ModelStore } from './models.ts';
import { type InitializationOptions, trustGranted } from './protocol.ts';

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

const kinds: Readonly<Record<Suggestion['kind'], CompletionItemKind>> = {
  keyword: CompletionItemKind.Keyword,
  format: CompletionItemKind.EnumMember,
  function: CompletionItemKind.Function,
  layer: CompletionItemKind.Field,
  name: CompletionItemKind.Variable,
  property: CompletionItemKind.Property,
  unit: CompletionItemKind.Unit,
  value: CompletionItemKind.Value,
};

/** Pause in typing after which a document is checked, in milliseconds. */
const pause = 30;

/** The language server, the same on Node and in a worker: all it knows of its machine is the host. */
export function serve(connection: Connection, host: Host): void {
  const documents = new TextDocuments(TextDocument);
  const vocabulary = engineVocabulary();
  let trusted = false;
  let folders: readonly string[] = [];
  const models = new ModelStore(host, () => folders, checkAll);
  const files = new Map<string, (path: string) => FileKnowledge | undefined>();
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  connection.onInitialize(async (params) => {
    trusted = (params.initializationOptions as InitializationOptions | undefined)?.trusted === true;
    const uris = params.workspaceFolders?.map((folder) => folder.uri) ?? [];
    folders = await Promise.all(uris.map(async (uri) => (await host.realPath(pathOf(uri))) ?? pathOf(uri)));
    return {
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        hoverProvider: true,
        completionProvider: { triggerCharacters: ['"', ' ', '/'] },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
      },
    };
  });

  connection.onNotification(trustGranted, () => {
    trusted = true;
    checkAll();
  });

  connection.onDidChangeWatchedFiles(() => {
    models.refreshAll();
    checkAll();
  });

  documents.onDidChangeContent(({ document }) => schedule(document.uri));
  documents.onDidClose(({ document }) => {
    clearTimeout(timers.get(document.uri));
    timers.delete(document.uri);
    files.delete(document.uri);
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
  });

  connection.onHover(({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return null;
    const hover = hoverAt(examined(document), { line: position.line, column: position.character });
    return hover
      ? { contents: { kind: MarkupKind.Markdown, value: hover.markdown }, range: toRange(hover.range) }
      : null;
  });

  connection.onCompletion(({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return null;
    const { suggestions, start, end } = completionsAt(examined(document), document.offsetAt(position));
    const range = { start: document.positionAt(start), end: document.positionAt(end) };
    return suggestions.map((suggestion, i) => ({
      label: suggestion.label,
      kind: kinds[suggestion.kind],
      sortText: String(i).padStart(5, '0'),
      filterText: suggestion.text ?? suggestion.label,
      textEdit: { range, newText: suggestion.text ?? suggestion.label },
      ...(suggestion.documentation === undefined ? {} : { documentation: suggestion.documentation }),
    }));
  });

  connection.onCodeAction(({ textDocument, range, context }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return null;
    return findingsOf(document).flatMap((finding) => {
      const fix = fixOf(finding);
      if (!fix || !overlaps(toRange(fix.range), range)) return [];
      const diagnostics = context.diagnostics.filter((diagnostic) => diagnostic.code === finding.code);
      const edit = { changes: { [document.uri]: [{ range: toRange(fix.range), newText: fix.text }] } };
      return [{ title: fix.title, kind: CodeActionKind.QuickFix, diagnostics, edit, isPreferred: true }];
    });
  });

  function examined(document: TextDocument): CheckedSpec {
    const path = pathOf(document.uri);
    const spec = loadSpec(document.getText(), path);
    const context = { vocabulary, path: host.path };
    const bare = examine(spec, context);
    const model = bare.definitions.model;
    if (!trusted || !model?.path) return bare;
    const state = models.get(bare.absolute(textValue(model.path)));
    const fileAt = files.get(document.uri);
    return examine(spec, {
      ...context,
      ...(state.kind === 'loaded' ? { model: state.summary } : {}),
      ...(fileAt ? { fileAt } : {}),
    });
  }

  function findingsOf(document: TextDocument): readonly Finding[] {
    const checked = examined(document);
    const findings = [...runChecks(checked)];
    const model = checked.definitions.model;
    if (trusted && model?.path) {
      const state = models.get(checked.absolute(textValue(model.path)));
      if (state.kind === 'failed' && state.finding) findings.push({ ...state.finding, range: rangeOf(model.path) });
    }
    return findings.sort(byPosition);
  }

  function checkAll(): void {
    for (const { uri } of documents.all()) schedule(uri);
  }

  function schedule(uri: string): void {
    clearTimeout(timers.get(uri));
    timers.set(
      uri,
      setTimeout(() => void check(uri), pause),
    );
  }

  /** What can be said at once is said at once; what files have to say follows. */
  async function check(uri: string): Promise<void> {
    timers.delete(uri);
    const document = documents.get(uri);
    if (!document) return;
    await publish(document);
    if (!trusted) return;
    const { version } = document;
    files.set(uri, await lookAtFiles(loadSpec(document.getText(), pathOf(uri)), host));
    const current = documents.get(uri);
    if (current?.version === version) await publish(current);
  }

  async function publish(document: TextDocument): Promise<void> {
    const diagnostics = findingsOf(document).map(toDiagnostic);
    await connection.sendDiagnostics({ uri: document.uri, version: document.version, diagnostics });
  }

  documents.listen(connection);
  connection.listen();
}

/** A document's path. Documents that are no files (untitled ones) get one too, for relative paths to start from. */
function pathOf(uri: string): string {
  const parsed = URI.parse(uri);
  return parsed.scheme === 'file' ? parsed.fsPath : parsed.path.startsWith('/') ? parsed.path : `/${parsed.path}`;
}

function toDiagnostic(finding: Finding): Diagnostic {
  const { code, severity, what, why, fix, range } = finding;
  return {
    range: toRange(range ?? { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } }),
    severity: severities[severity],
    code,
    source: 'qspec',
    message: [what, why, fix].filter(Boolean).join(' '),
  };
}

function toRange({ start, end }: TextRange) {
  return {
    start: { line: start.line, character: start.column },
    end: { line: end.line, character: end.column },
  };
}

type Range = ReturnType<typeof toRange>;

function overlaps(a: Range, b: Range): boolean {
  const before = (x: Range['start'], y: Range['start']) =>
    x.line < y.line || (x.line === y.line && x.character < y.character);
  return !before(a.end, b.start) && !before(b.end, a.start);
}
