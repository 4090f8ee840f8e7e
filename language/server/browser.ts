import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
// biome-ignore lint/style/noRestrictedImports: an entry chooses its environment.
import { type BrowserFiles, browserHost } from '../../engine/env/browser/host.ts';
import { fail } from '../../engine/findings.ts';
import { fileRequests } from './protocol.ts';
import { serve } from './server.ts';

declare const self: ConstructorParameters<typeof BrowserMessageReader>[0];

/** The language server as a web worker. Files are the client's: it reads, and nothing is ever written. */
const connection = createConnection(new BrowserMessageReader(self), new BrowserMessageWriter(self));
const readOnly = () => fail('file/read-only', 'The language server writes no files.');
const files: BrowserFiles = {
  stat: async (path) => (await connection.sendRequest(fileRequests.stat, path)) ?? undefined,
  readFile: async (path) => new Uint8Array(await connection.sendRequest<ArrayBuffer>(fileRequests.read, path)),
  list: (path) => connection.sendRequest(fileRequests.list, path),
  createFolder: readOnly,
  writeFile: readOnly,
  remove: readOnly,
  asset: readOnly,
};

serve(connection, browserHost({ files }), { virtual: true });
