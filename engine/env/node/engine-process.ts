// The engine as a process of its own, owned by the extension: the protocol of `engine/service` over Node's IPC channel.
// This thread only passes messages on; another computes. So a cancel is heard while that one is deep in an operator.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { cancelRelay } from '../../service/cancel-relay.ts';
import type { EngineThreadData } from './engine-thread.ts';
import { errorCode } from './errors.ts';
import { heapLimits } from './heap-limits.ts';
import { measurementsVariable } from './lent-folder.ts';
import { memoryLimitVariable, outOfHeapWords } from './memory-limit.ts';
import { threadProgram } from './programs.ts';
import { watchMemory } from './start-memory-watch.ts';

if (process.send === undefined) {
  console.error('This program is started by its owner, with an IPC channel: it is no command.');
  process.exit(2);
}
// The owner gone, nothing is left to work for.
process.on('disconnect', () => process.exit(0));

const memoryLimit = Number(process.env[memoryLimitVariable]);
if (memoryLimit > 0) watchMemory(memoryLimit);

const threads = Number(process.env['QSPEC_THREADS']) || availableParallelism();
const measurements = process.env[measurementsVariable];
const engine = new Worker(threadProgram('engine-thread'), {
  workerData: {
    threads,
    ...(memoryLimit > 0 && { memoryLimit: memoryLimit * 2 ** 20 }),
    ...(measurements && { measurements }),
  } satisfies EngineThreadData,
  execArgv: [],
  resourceLimits: heapLimits(),
});
const relay = cancelRelay();
process.on('message', (message) => engine.postMessage(relay(message)));
engine.on('message', (message) => process.send?.(message));
engine.on('error', (error) => {
  console.error(errorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfHeapWords : (error.stack ?? error.message));
  process.exit(1);
});
engine.on('exit', (code) => process.exit(code));
