// The engine as a dedicated worker of a web window: the protocol of `engine/service` over `postMessage`; files come from
// the owner, which alone may touch the workspace. Single-threaded: a worker of a web window can start no other.
import { BrowserMessageReader, BrowserMessageWriter, createMessageConnection } from 'vscode-jsonrpc/browser';
import manifest from '../../../package.json' with { type: 'json' };
import { fileRequests } from '../../service/file-protocol.ts';
import { serve } from '../../service/server.ts';
import { browserHost } from './host.ts';
import { loadOnnxRuntime } from './onnxruntime.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const connection = createMessageConnection(new BrowserMessageReader(scope), new BrowserMessageWriter(scope));
const host = browserHost({
  files: {
    stat: async (path) => (await connection.sendRequest(fileRequests.stat, { path })) ?? undefined,
    readFile: (path) => connection.sendRequest(fileRequests.readFile, { path }),
    list: (folder) => connection.sendRequest(fileRequests.list, { path: folder }),
    createFolder: async (path) => void (await connection.sendRequest(fileRequests.createFolder, { path })),
    writeFile: async (path, bytes) => void (await connection.sendRequest(fileRequests.writeFile, { path, bytes })),
    rename: async (from, to) => void (await connection.sendRequest(fileRequests.rename, { from, to })),
    remove: async (path) => void (await connection.sendRequest(fileRequests.remove, { path })),
    asset: (name) => connection.sendRequest(fileRequests.asset, { name }),
  },
});
serve(connection, {
  host,
  threads: 1,
  loadRuntime: () => loadOnnxRuntime(host),
  version: manifest.version,
});
connection.listen();
