// The program of a kernel thread under Node.
import { workerData } from 'node:worker_threads';
import { runKernelThread } from '../../../kernels/worker.ts';

runKernelThread(workerData);
