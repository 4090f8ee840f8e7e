import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { HostThread } from '../../host.ts';

/** The kernel thread's program: beside this file in the source tree, and where the build puts it. */
const programs = ['./kernel-thread.ts', './kernel-thread.mjs', '../engine/kernel-thread.mjs'];

/** Starts a thread that runs the kernel worker's program with `data` as its first message. */
export function startKernelThread(data: unknown): HostThread {
  const program = programs.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(fileURLToPath(url)));
  if (program === undefined) throw new Error('The program of the kernel threads is missing.');
  const worker = new Worker(program, { workerData: data, execArgv: [] });
  const ended: ((reason: string) => void)[] = [];
  // Once it answers it waits for work, and must not keep a finished process alive.
  worker.once('message', () => worker.unref());
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
