import * as vscode from 'vscode';
import type { Finding, Severity } from '../engine/findings.ts';

const severities: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/**
 * What a run found out, at the place in the spec it is about. It holds until the spec changes: then the run is about
 * another text.
 */
export class RunFindings implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('qspec-run');
  readonly #subscription = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    if (contentChanges.length > 0) this.#collection.delete(document.uri);
  });

  /** Findings without a place in the spec are the report's alone. */
  set(spec: vscode.Uri, findings: readonly Finding[]): void {
    this.#collection.set(spec, findings.filter(({ range }) => range !== undefined).map(diagnosticOf));
  }

  dispose(): void {
    this.#collection.dispose();
    this.#subscription.dispose();
  }
}

function diagnosticOf({ code, severity, what, why, fix, range }: Finding): vscode.Diagnostic {
  const { start, end } = range!;
  const diagnostic = new vscode.Diagnostic(
    new vscode.Range(start.line, start.column, end.line, end.column),
    [what, why, fix].filter(Boolean).join(' '),
    severities[severity],
  );
  diagnostic.source = 'qspec run';
  diagnostic.code = code;
  return diagnostic;
}
