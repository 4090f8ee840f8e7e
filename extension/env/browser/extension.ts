import * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { activate as activateShared } from '../../activate.ts';
import { clientOptions } from '../../client.ts';

export function activate(context: vscode.ExtensionContext): Promise<void> {
  return activateShared(context, async () => {
    const script = vscode.Uri.joinPath(context.extensionUri, 'dist/browser/language-server.js');
    const client = new LanguageClient('qspec', 'QSpec', new Worker(script.toString(true)), clientOptions);
    await client.start();
    return client;
  });
}
