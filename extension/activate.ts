import * as vscode from 'vscode';
import type { StartClient } from './client.ts';

/**
 * Activation shared by the desktop and the web host. An untrusted workspace gets syntax and no more: the language
 * server, which opens what a spec names, starts only when trust is given.
 */
export async function activate(context: vscode.ExtensionContext, startClient: StartClient): Promise<void> {
  const start = async () => {
    const client = await startClient();
    context.subscriptions.push(client);
  };
  if (vscode.workspace.isTrusted) await start();
  else context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(start));
}
