// The thread of `qspec` that works.
import { parentPort, workerData } from 'node:worker_threads';
import { runCommandLine } from './run.ts';
import type { Sink } from './terminal.ts';

export interface CommandLineData {
  readonly arguments: readonly string[];
  readonly cancelCell: Int32Array;
  /** What the main thread's streams are; a thread's own do not know. */
  readonly out: Omit<Sink, 'write'>;
  readonly err: Omit<Sink, 'write'>;
}

const { arguments: argv, cancelCell, out, err } = workerData as CommandLineData;
const controller = new AbortController();
parentPort!.once('message', () => controller.abort());
// It waits for a signal for ever, and must not keep finished work alive.
parentPort!.unref();

/** Settled once the command has ended and said how. */
export const done = runCommandLine(argv, {
  out: { ...out, write: (text) => process.stdout.write(text) },
  err: { ...err, write: (text) => process.stderr.write(text) },
  environment: process.env,
  signal: controller.signal,
  cancelCell,
}).then((exitCode) => parentPort!.postMessage(exitCode));
