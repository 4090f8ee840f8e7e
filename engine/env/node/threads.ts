import { Worker } from 'node:worker_threads';
import type { HostThread } from '../../host.ts';
import { threadProgram } from './programs.ts';

/** Starts a kernel thread with `data`. */
export function startKernelThread(data: unknown): HostThread {
  const worker = new Worker(threadProgram('kernel-thread'), { workerData: data, execArgv: [] });
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
