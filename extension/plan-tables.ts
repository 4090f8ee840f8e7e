import * as vscode from 'vscode';
import type { PlanResult } from '../language/server/protocol.ts';
import type { LanguageService } from './language.ts';

/** What specs decide for each layer, asked of the language server once a state of their texts, whoever wants to know. */
export class PlanTables implements vscode.Disposable {
  readonly #language: LanguageService;
  readonly #known = new Map<string, Promise<PlanResult>>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(language: LanguageService) {
    this.#language = language;
    this.#subscriptions = [
      language.onChecked((uri) => this.#known.delete(uri.toString())),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#known.delete(document.uri.toString())),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#known.delete(uri.toString())),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#known.clear()),
    ];
  }

  async of(spec: vscode.Uri): Promise<PlanResult> {
    const id = spec.toString();
    // The server knows the texts of open documents; one that no editor shows is opened for it.
    await vscode.workspace.openTextDocument(spec);
    const asked = this.#known.get(id) ?? this.#language.plan(spec);
    this.#known.set(id, asked);
    const forget = () => {
      if (this.#known.get(id) === asked) this.#known.delete(id);
    };
    // What is not known yet is asked for again.
    asked.then(({ kind }) => kind !== 'table' && forget(), forget);
    return asked;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
