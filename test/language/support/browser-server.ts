import { readdir, readFile, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  createMessageConnection,
  type DataCallback,
  type Message,
} from 'vscode-jsonrpc/node';
import { fileRequests } from '../../../language/server/protocol.ts';
import { root } from '../../shared.ts';

/**
 * What a web worker of a browser has, and nothing of Node: the server's bundle runs in a context of its own with these globals
 * alone, so that what it takes of its world without being given it is an error here as it would be there.
 */
const worker = `
const { workerData, parentPort } = require('node:worker_threads');
const { createContext, runInContext } = require('node:vm');
const world = {
  ...{ TextDecoder, TextEncoder, URL, AbortController, performance, console, structuredClone, queueMicrotask },
  ...{ setTimeout, clearTimeout, setInterval, clearInterval },
  postMessage: (message) => parentPort.postMessage(message),
  addEventListener: () => {},
};
const context = createContext(world);
runInContext('var self = globalThis; var onmessage = null;', context);
runInContext(workerData, context, { filename: 'language-server.js' });
parentPort.on('message', (data) => world.onmessage({ data }));
`;

/** The language server as a web window starts it, from the entry and with the build of the extension; files come by message. */
export async function startBrowserServer() {
  const built = await build({
    absWorkingDir: root,
    entryPoints: ['language/server/browser.ts'],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    logLevel: 'warning',
  });
  const thread = new Worker(worker, { eval: true, workerData: built.outputFiles[0]!.text });
  const client = createMessageConnection(new WorkerReader(thread), new WorkerWriter(thread));
  client.onRequest(fileRequests.stat, async (path: string) => {
    const found = await stat(path).catch(() => undefined);
    return found ? { size: found.size, modified: found.mtimeMs, isDirectory: found.isDirectory() } : null;
  });
  client.onRequest(fileRequests.read, async (path: string) => Uint8Array.from(await readFile(path)).buffer);
  client.onRequest(fileRequests.list, (path: string) => readdir(path));
  return { client, stop: () => thread.terminate() };
}

class WorkerReader extends AbstractMessageReader {
  readonly #thread: Worker;

  constructor(thread: Worker) {
    super();
    this.#thread = thread;
    // What ends the worker ends the test with its words.
    thread.on('error', (error) => {
      throw error;
    });
  }

  listen(callback: DataCallback) {
    this.#thread.on('message', callback);
    return { dispose: () => void this.#thread.off('message', callback) };
  }
}

class WorkerWriter extends AbstractMessageWriter {
  readonly #thread: Worker;

  constructor(thread: Worker) {
    super();
    this.#thread = thread;
  }

  async write(message: Message): Promise<void> {
    this.#thread.postMessage(message);
  }

  end(): void {}
}
