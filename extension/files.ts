import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import type { Environment } from './environment.ts';

/** Answers a language server that has no files of its own (in a web window) from VS Code's file system. */
export function answerFileRequests(
  client: BaseLanguageClient,
  requests: { readonly stat: string; readonly read: string; readonly list: string },
  { uriOf }: Environment,
): vscode.Disposable[] {
  return [
    client.onRequest(requests.stat, (path: string) => statOf(uriOf(path))),
    client.onRequest(requests.read, async (path: string): Promise<ArrayBuffer> => {
      // A copy, so that the message carries the file alone and not the buffer that it lies in.
      return Uint8Array.from(await vscode.workspace.fs.readFile(uriOf(path))).buffer;
    }),
    client.onRequest(requests.list, (path: string) => namesIn(uriOf(path))),
  ];
}

/** Null where there is no such file. */
export async function statOf(uri: vscode.Uri) {
  try {
    const { size, mtime, type } = await vscode.workspace.fs.stat(uri);
    return { size, modified: mtime, isDirectory: (type & vscode.FileType.Directory) !== 0 };
  } catch {
    return null;
  }
}

export async function namesIn(folder: vscode.Uri): Promise<string[]> {
  return (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
}
