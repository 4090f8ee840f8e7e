import { Worker } from 'node:worker_threads';
import { threadProgram } from './programs.ts';

/** Watches this process from a thread of its own, which also looks while the main thread computes, and ends it beyond `limit` MiB. */
export function watchMemory(limit: number): void {
  const worker = new Worker(threadProgram('memory-watch'), { workerData: limit, execArgv: [] });
  worker.unref();
  worker.on('error', (error) => console.error(`The memory limit is not watched: ${error.message}`));
}
