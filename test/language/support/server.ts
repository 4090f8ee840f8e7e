import { PassThrough } from 'node:stream';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { createConnection } from 'vscode-languageserver/node';
import type { Host } from '../../../engine/host.ts';
import type { InitializationOptions } from '../../../language/server/protocol.ts';
import { serve } from '../../../language/server/server.ts';

export interface Published {
  readonly code: string;
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

/** A language server in this process, on any host, and the client's end of its connection. */
export async function startServer(
  host: Host,
  folders: readonly string[],
  options: InitializationOptions,
  capabilities: object = { workspace: { workspaceFolders: true } },
) {
  const [there, back] = [new PassThrough(), new PassThrough()];
  serve(createConnection(new StreamMessageReader(there), new StreamMessageWriter(back)), host, { virtual: false });
  const client = createMessageConnection(new StreamMessageReader(back), new StreamMessageWriter(there));
  const published = new Map<string, readonly Published[]>();
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  client.onNotification(
    'textDocument/publishDiagnostics',
    ({ uri, diagnostics }: { uri: string; diagnostics: Published[] }) => {
      published.set(uri, diagnostics);
      for (const wake of waiting.splice(0)) wake();
    },
  );
  client.onNotification('window/logMessage', ({ message }: { message: string }) => void log.push(message));
  client.listen();
  await client.sendRequest('initialize', {
    processId: null,
    rootUri: null,
    capabilities,
    workspaceFolders: folders.map((uri) => ({ uri, name: 'test' })),
    initializationOptions: options,
  });
  await client.sendNotification('initialized', {});

  return {
    client,
    /** What the server wrote to its log. */
    log,
    open: (uri: string, text: string) =>
      client.sendNotification('textDocument/didOpen', {
        textDocument: { uri, languageId: 'qspec', version: 1, text },
      }),
    close: (uri: string) => client.sendNotification('textDocument/didClose', { textDocument: { uri } }),
    /** Waits until exactly these codes are published for a document. */
    async until(uri: string, ...codes: string[]): Promise<readonly Published[]> {
      for (;;) {
        const found = published.get(uri);
        if (
          found &&
          found
            .map(({ code }) => code)
            .sort()
            .join() === [...codes].sort().join()
        )
          return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}
