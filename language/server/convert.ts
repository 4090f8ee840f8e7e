import { CompletionItemKind, type Diagnostic, DiagnosticSeverity, type TextEdit } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import type { Finding, Severity, TextRange } from '../../engine/findings.ts';
import type { TextEdit as SpecEdit } from '../editor/format.ts';
import type { Suggestion } from '../editor/suggestion.ts';

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** What the editor draws beside a suggestion. */
export const completionKinds: Readonly<Record<Suggestion['kind'], CompletionItemKind>> = {
  keyword: CompletionItemKind.Keyword,
  format: CompletionItemKind.EnumMember,
  function: CompletionItemKind.Function,
  layer: CompletionItemKind.Field,
  name: CompletionItemKind.Variable,
  property: CompletionItemKind.Property,
  unit: CompletionItemKind.Unit,
  value: CompletionItemKind.Value,
  operator: CompletionItemKind.Operator,
  target: CompletionItemKind.Class,
  file: CompletionItemKind.File,
  folder: CompletionItemKind.Folder,
};

/** A document's path. Documents that are no files (untitled ones) get one too, for relative paths to start from. */
export function pathOf(uri: string): string {
  const parsed = URI.parse(uri);
  return parsed.scheme === 'file' ? parsed.fsPath : parsed.path.startsWith('/') ? parsed.path : `/${parsed.path}`;
}

/** The path as an editor writes it, which has drive letters in lower case: paths are compared as strings. */
export function asEditorsWrite(path: string): string {
  return path.replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
}

export function toDiagnostic(finding: Finding): Diagnostic {
  const { code, severity, what, why, fix, range } = finding;
  return {
    range: toRange(range ?? { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } }),
    severity: severities[severity],
    code,
    source: 'qspec',
    message: [what, why, fix].filter(Boolean).join(' '),
  };
}

export function toRange({ start, end }: TextRange) {
  return {
    start: { line: start.line, character: start.column },
    end: { line: end.line, character: end.column },
  };
}

type Range = ReturnType<typeof toRange>;

export function overlaps(a: Range, b: Range): boolean {
  const before = (x: Range['start'], y: Range['start']) =>
    x.line < y.line || (x.line === y.line && x.character < y.character);
  return !before(a.end, b.start) && !before(b.end, a.start);
}

export function toTextEdits(document: TextDocument, edits: readonly SpecEdit[]): TextEdit[] {
  return edits.map(({ start, end, text }) => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    newText: text,
  }));
}
