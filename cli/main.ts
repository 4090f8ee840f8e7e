#!/usr/bin/env node
// This thread hears signals; another works (`command-line.ts`). So Ctrl-C is heard while that one is deep in an operator.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { heapLimits } from '../engine/env/node/heap-limits.ts';
import type { CommandLineData } from './command-line.ts';

const cancelCell = new Int32Array(new SharedArrayBuffer(4));
const { stdout, stderr } = process;
const data: CommandLineData = {
  cancelCell,
  arguments: process.argv.slice(2),
  out: { isTTY: stdout.isTTY === true, columns: stdout.columns },
  err: { isTTY: stderr.isTTY === true, columns: stderr.columns },
};
const program = ['./command-line.ts', './command-line.mjs'].map((path) => new URL(path, import.meta.url));
const worker = new Worker(program.find((url) => existsSync(fileURLToPath(url)))!, {
  workerData: data,
  execArgv: process.execArgv,
  resourceLimits: heapLimits(),
});
let asked = false;
const stop = () => {
  // A second Ctrl-C does not wait for the work to notice the first. Half-written files bear temporary names.
  if (asked) process.exit(130);
  asked = true;
  Atomics.store(cancelCell, 0, 1);
  worker.postMessage('stop');
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// A reader that goes away (`qspec inspect model.onnx | head`) is no fault.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
worker.on('message', (exitCode: number) => {
  process.exitCode = exitCode;
});
worker.on('error', (error) => {
  throw error;
});
