import * as vscode from 'vscode';
import type { FromWebview, ToWebview } from '../../webview/protocol.ts';

/**
 * The host's end of a webview. The latest message of each kind is kept and sent again whenever the page says that it is
 * ready: a webview that was hidden lost everything, and one that loads slowly missed everything.
 */
export class Channel implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #latest = new Map<ToWebview['kind'], ToWebview>();
  readonly #subscriptions: vscode.Disposable[];
  #ready = false;

  constructor(
    panel: vscode.WebviewPanel,
    log: vscode.LogOutputChannel,
    listener: (message: Exclude<FromWebview, { kind: 'ready' | 'copy' | 'fault' }>) => void,
  ) {
    this.#panel = panel;
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((message: FromWebview) => {
        if (message.kind === 'ready') this.#again();
        else if (message.kind === 'copy') void vscode.env.clipboard.writeText(message.text);
        else if (message.kind === 'fault') log.error(`A view failed: ${message.message}`);
        else listener(message);
      }),
      panel.onDidChangeViewState(() => {
        // The page of a hidden panel is gone; it says when it is there again.
        if (!panel.visible) this.#ready = false;
      }),
    ];
  }

  /** A notice takes the place of content, and content that of a notice. */
  send(message: ToWebview): void {
    if (message.kind === 'notice') this.#latest.clear();
    if (message.kind === 'graph' || message.kind === 'report' || message.kind === 'plan') this.#latest.delete('notice');
    this.#latest.set(message.kind, message);
    if (this.#ready) this.#post(message);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #again(): void {
    this.#ready = true;
    for (const message of this.#latest.values()) this.#post(message);
  }

  #post(message: ToWebview): void {
    void this.#panel.webview.postMessage(message);
    // They are events, not states: coming back, the page shows what was looked at last and asks about that.
    if (message.kind === 'reveal' || message.kind === 'selection') this.#latest.delete(message.kind);
  }
}
