import * as vscode from 'vscode';
import type { MessageConnection } from 'vscode-jsonrpc';
import { posixPath } from '../../../engine/files/posix-path.ts';
import { fileRequests } from '../../../engine/service/file-protocol.ts';
import type { Environment } from '../../environment.ts';
import { namesIn, statOf } from '../../files.ts';

/**
 * Answers the engine's worker, which has no files of its own, from the workspace. `uriOf` refuses every path outside the
 * workspace's folders, for reading and for writing.
 * @param lent files that lie in no folder, by path; they are only read
 */
export function answerEngineFiles(
  connection: MessageConnection,
  extension: vscode.Uri,
  { uriOf }: Pick<Environment, 'uriOf'>,
  lent: ReadonlyMap<string, Uint8Array>,
): void {
  const { fs } = vscode.workspace;
  connection.onRequest(fileRequests.stat, async ({ path }) => {
    const bytes = lent.get(path);
    if (bytes !== undefined) return { size: bytes.length, modified: 0, isDirectory: false };
    if (isLentFolder(path)) return { size: 0, modified: 0, isDirectory: true };
    return statOf(uriOf(path));
  });
  connection.onRequest(fileRequests.readFile, async ({ path }) => lent.get(path) ?? (await fs.readFile(uriOf(path))));
  connection.onRequest(fileRequests.list, async ({ path }) =>
    isLentFolder(path)
      ? [...lent.keys()].filter((key) => posixPath.dirname(key) === path).map(posixPath.basename)
      : namesIn(uriOf(path)),
  );
  connection.onRequest(fileRequests.createFolder, async ({ path }) => {
    await fs.createDirectory(uriOf(path));
    return null;
  });
  connection.onRequest(fileRequests.writeFile, async ({ path, bytes }) => {
    await fs.writeFile(uriOf(path), bytes);
    return null;
  });
  connection.onRequest(fileRequests.rename, async ({ from, to }) => {
    await fs.rename(uriOf(from), uriOf(to), { overwrite: true });
    return null;
  });
  connection.onRequest(fileRequests.remove, async ({ path }) => {
    if ((await statOf(uriOf(path))) !== null) await fs.delete(uriOf(path));
    return null;
  });
  connection.onRequest(fileRequests.asset, ({ name }) => {
    if (!/^[\w.-]+$/.test(name)) throw new Error('no such asset');
    return Promise.resolve(fs.readFile(vscode.Uri.joinPath(extension, 'dist', 'node', 'onnxruntime', name)));
  });

  function isLentFolder(path: string): boolean {
    return [...lent.keys()].some((key) => posixPath.dirname(key) === path);
  }
}
