import * as vscode from 'vscode';
import { type ModelStateParams, modelStateNotification } from '../language/server/protocol.ts';

/** The part of a language client that tells of models. */
interface Teller {
  onNotification(method: string, handler: (params: ModelStateParams) => void): vscode.Disposable;
}

/** Beside a spec's language in the status bar: how far its model is read. Until then rules say nothing of layers. */
export class ModelStatus implements vscode.Disposable {
  readonly #item = vscode.languages.createLanguageStatusItem('qspec.model', { language: 'qspec' });
  readonly #states = new Map<string, ModelStateParams['state']>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(client: Teller) {
    this.#item.name = 'QSpec model';
    this.#subscriptions = [
      client.onNotification(modelStateNotification, ({ uri, state }) => {
        this.#states.set(uri, state);
        this.#show();
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.#states.delete(document.uri.toString())),
      vscode.window.onDidChangeActiveTextEditor(() => this.#show()),
    ];
    this.#show();
  }

  dispose(): void {
    for (const subscription of [this.#item, ...this.#subscriptions]) subscription.dispose();
  }

  #show(): void {
    const uri = vscode.window.activeTextEditor?.document.uri.toString();
    const state = (uri !== undefined && this.#states.get(uri)) || 'none';
    this.#item.text = texts[state];
    this.#item.busy = state === 'loading';
    this.#item.severity =
      state === 'failed' ? vscode.LanguageStatusSeverity.Warning : vscode.LanguageStatusSeverity.Information;
  }
}

const texts: Readonly<Record<ModelStateParams['state'], string>> = {
  loading: 'Reading the model',
  loaded: 'Model read',
  failed: 'Model not read',
  none: 'No model',
};
