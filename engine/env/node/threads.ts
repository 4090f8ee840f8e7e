import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { HostThread } from '../../host.ts';

/** The program: beside this file in the source tree; beside the bundle or, from a shared chunk, above it. */
const programs = ['./kernel-thread.ts', './kernel-thread.mjs', '../kernel-thread.mjs'];

/** Starts a kernel thread with `data`. */
export function startKernelThread(data: unknown): HostThread {
  const program = programs.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(fileURLToPath(url)));
  if (program === undefined) throw new Error('The program of the kernel threads is missing.');
  const worker = new Worker(program, { workerData: data, execArgv: [] });
  const ended: ((reason: string) => void)[] = [];
  // It waits for work for ever, and must not keep a finished process alive.
  worker.unref();
  worker.on('error', (error) => {
    for (const listener of ended.splice(0)) listener(error.message);
  });
  worker.on('exit', (code) => {
    for (const listener of ended.splice(0)) listener(`exit code ${code}`);
  });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on('message', listener),
    onEnd: (listener) => ended.push(listener),
    terminate: () => void worker.terminate(),
  };
}
