import * as vscode from 'vscode';
import { BrowserMessageReader, BrowserMessageWriter, createMessageConnection } from 'vscode-jsonrpc/browser';
import { LanguageClient } from 'vscode-languageclient/browser';
import { posixPath } from '../../../engine/files/posix-path.ts';
import { EngineClient } from '../../../engine/service/client.ts';
import type { EngineEnd, Environment } from '../../environment.ts';
import { answerEngineFiles } from './engine-files.ts';

/** Where lent files seem to lie; no workspace folder is called so. */
const lentFolder = '/.qspec-lent';

/** The engine is a dedicated worker, single-threaded; files are VS Code's, addressed by the paths of their URIs. */
export function web(context: vscode.ExtensionContext): Environment {
  // A worker cannot be started from the address of an extension that lies on a remote machine; VS Code can read it there.
  const script = async (name: string): Promise<string> => {
    const bytes = await vscode.workspace.fs.readFile(
      vscode.Uri.joinPath(context.extensionUri, 'dist', 'browser', name),
    );
    return URL.createObjectURL(new Blob([Uint8Array.from(bytes)], { type: 'text/javascript' }));
  };
  let engineScript: Promise<string> | undefined;
  let engineUrl = '';
  const lent = new Map<string, Uint8Array>();
  let count = 0;

  const environment: Environment = {
    async startLanguageClient(options) {
      const client = new LanguageClient('qspec', 'QSpec', new Worker(await script('language-server.js')), options);
      await client.start();
      return client;
    },

    async prepareEngine() {
      engineScript ??= script('engine-worker.js');
      engineUrl = await engineScript;
    },

    startEngine() {
      const worker = new Worker(engineUrl);
      const connection = createMessageConnection(new BrowserMessageReader(worker), new BrowserMessageWriter(worker));
      answerEngineFiles(connection, context.extensionUri, environment, lent);
      let end: (end: EngineEnd) => void = () => {};
      const exited = new Promise<EngineEnd>((resolve) => {
        end = resolve;
      });
      worker.addEventListener('error', (event) => {
        worker.terminate();
        end({ reason: 'its worker failed', outOfMemory: false, lastWords: event.message });
      });
      void exited.then(() => connection.dispose());
      return {
        client: new EngineClient(connection),
        pid: undefined,
        exited,
        stop() {
          worker.terminate();
          end({ reason: 'stopped', outOfMemory: false, lastWords: '' });
        },
      };
    },

    pathOf: (uri) => (folderOf(uri) ? posixPath.resolve(uri.path) : undefined),

    uriOf(path) {
      const normal = posixPath.resolve(path);
      const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => isBelow(uri.path, normal));
      if (folder === undefined) throw new Error('The path lies outside the workspace.');
      return folder.uri.with({ path: normal });
    },

    async lend(name, bytes) {
      const folder = `${lentFolder}/${count++}`;
      const path = `${folder}/${name}`;
      lent.set(path, bytes);
      return { path, folder, dispose: () => void lent.delete(path) };
    },
  };
  return environment;
}

function folderOf({ scheme, authority, path }: vscode.Uri): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.workspaceFolders?.find(
    ({ uri }) => uri.scheme === scheme && uri.authority === authority && isBelow(uri.path, path),
  );
}

function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/$/, '')}/`);
}
