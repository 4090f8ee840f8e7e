import * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { activate as activateShared } from '../../activate.ts';

export function activate(context: vscode.ExtensionContext): Promise<void> {
  return activateShared(context, async (options) => {
    const script = vscode.Uri.joinPath(context.extensionUri, 'dist/browser/language-server.js');
    const client = new LanguageClient('qspec', 'QSpec', new Worker(script.toString(true)), options);
    await client.start();
    return client;
  });
}
