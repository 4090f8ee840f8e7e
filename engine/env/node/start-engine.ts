import { fork } from 'node:child_process';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { EngineClient } from '../../service/client.ts';
import { measurementsVariable } from './lent-folder.ts';
import { memoryLimitVariable, saysOutOfMemory } from './memory-limit.ts';

export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to standard error. */
  readonly lastWords: string;
  /** It used more memory than `memoryLimit` or than Node's heap allows. */
  readonly outOfMemory: boolean;
}

export interface StartedEngine {
  readonly client: EngineClient;
  readonly pid: number | undefined;
  /** Settles when the process is gone, whatever the reason: its owner says so, and starts another. */
  readonly exited: Promise<EngineExit>;
  stop(): void;
}

export interface StartOptions {
  /** `engine-process.ts`, or its bundle. */
  readonly program: string;
  readonly threads?: number;
  /** MiB of resident memory beyond which the process is ended; absent: no limit. */
  readonly memoryLimit?: number;
  /** Folder that it keeps statistics of calibration in; absent: none are kept from run to run. */
  readonly measurements?: string;
  /** Node to run it with; default: this process's own. In VS Code that is Electron, which runs as Node when told to. */
  readonly execPath?: string;
}

const lastWordsLimit = 8192;

/**
 * Starts an engine in a process of its own. One that runs out of memory or crashes ends alone; requests under way then fail.
 */
export function startEngine({
  program,
  threads,
  memoryLimit,
  measurements,
  execPath = process.execPath,
}: StartOptions): StartedEngine {
  const child = fork(program, [], {
    execPath,
    execArgv: [],
    serialization: 'json',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      ELECTRON_RUN_AS_NODE: '1',
      ...(threads !== undefined && { QSPEC_THREADS: String(threads) }),
      ...(measurements !== undefined && { [measurementsVariable]: measurements }),
      ...(memoryLimit !== undefined && { [memoryLimitVariable]: String(memoryLimit) }),
    },
  });
  let lastWords = '';
  child.stderr?.on('data', (chunk) => {
    lastWords = (lastWords + String(chunk)).slice(-lastWordsLimit);
  });
  const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  const client = new EngineClient(connection);
  const exited = new Promise<EngineExit>((resolve) => {
    child.on('error', ({ message }) => resolve({ code: null, signal: null, lastWords: message, outOfMemory: false }));
    // `close` and not `exit`: by then all that it wrote has arrived.
    child.on('close', (code, signal) => resolve({ code, signal, lastWords, outOfMemory: saysOutOfMemory(lastWords) }));
  });
  // Requests to a process that is gone would wait for ever.
  void exited.then(() => connection.dispose());
  return { client, pid: child.pid, exited, stop: () => child.kill() };
}
