import type * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { activate as activateShared } from '../../activate.ts';

export function activate(context: vscode.ExtensionContext): Promise<void> {
  return activateShared(context, async (options) => {
    const module = context.asAbsolutePath('dist/node/language-server.mjs');
    const client = new LanguageClient('qspec', 'QSpec', { module, transport: TransportKind.ipc }, options);
    await client.start();
    return client;
  });
}
