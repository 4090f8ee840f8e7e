import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';

/**
 * Answers a server that has no files of its own (in a web window) from VS Code's file system. Paths are resolved
 * against the workspace folders' own scheme, and nothing outside those folders is touched.
 */
export function answerFileRequests(
  client: BaseLanguageClient,
  requests: { readonly stat: string; readonly read: string; readonly list: string },
): vscode.Disposable[] {
  return [
    client.onRequest(requests.stat, async (path: string) => {
      try {
        const { size, mtime, type } = await vscode.workspace.fs.stat(uriOf(path));
        return { size, modified: mtime, isDirectory: (type & vscode.FileType.Directory) !== 0 };
      } catch {
        return null;
      }
    }),
    client.onRequest(requests.read, async (path: string): Promise<ArrayBuffer> => {
      // A copy, so that the message carries the file alone and not the buffer that it lies in.
      return Uint8Array.from(await vscode.workspace.fs.readFile(uriOf(path))).buffer;
    }),
    client.onRequest(requests.list, async (path: string) =>
      (await vscode.workspace.fs.readDirectory(uriOf(path))).map(([name]) => name),
    ),
  ];
}

function uriOf(path: string): vscode.Uri {
  const normal = vscode.Uri.file(path).path.replace(/\/+/g, '/');
  const folder = vscode.workspace.workspaceFolders?.find(
    ({ uri }) => normal === uri.path || normal.startsWith(`${uri.path.replace(/\/$/, '')}/`),
  );
  if (folder === undefined || normal.split('/').includes('..')) throw new Error('The path lies outside the workspace.');
  return folder.uri.with({ path: normal });
}
