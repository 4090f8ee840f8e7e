import * as vscode from 'vscode';
import type { InitializationOptions } from '../language/server/protocol.ts';
import { fileRequests, trustGranted } from '../language/server/protocol.ts';
import type { StartClient } from './client.ts';
import { answerFileRequests } from './files.ts';

/**
 * Activation shared by the desktop and the web host. An untrusted workspace gets syntax and no more: the language
 * server opens nothing that a spec names until it is told that trust was given.
 */
export async function activate(context: vscode.ExtensionContext, startClient: StartClient): Promise<void> {
  const trust: InitializationOptions = { trusted: vscode.workspace.isTrusted };
  const client = await startClient({
    documentSelector: [{ language: 'qspec' }],
    markdown: { isTrusted: false },
    initializationOptions: trust,
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.onnx') },
  });
  context.subscriptions.push(
    client,
    ...answerFileRequests(client, fileRequests),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void client.sendNotification(trustGranted)),
  );
}
