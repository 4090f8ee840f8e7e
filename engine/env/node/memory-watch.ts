// The program of the thread that keeps an engine process within its memory limit.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { memoryLimitWords } from './memory-limit.ts';

const limit = Number(workerData);
/** Milliseconds between two looks. */
const interval = 200;

function look(): void {
  // Resident memory is the whole process's, kernels' shared memory included.
  if (process.memoryUsage.rss() < limit * 2 ** 20) return;
  try {
    // A thread's `process.stderr` goes through the main thread, which may be busy for minutes.
    writeSync(2, `${memoryLimitWords(limit)}\n`);
  } finally {
    // In a thread `process.exit` ends only the thread.
    process.kill(process.pid, 'SIGKILL');
  }
}

look();
setInterval(look, interval);
