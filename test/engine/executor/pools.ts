import { afterAll, beforeAll } from 'vitest';
import { startKernelThread } from '../../../engine/env/node/threads.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';

const started = {
  strict: () => loadKernels({ mode: 'strict' }),
  relaxed: () => loadKernels({ mode: 'relaxed' }),
  threaded: () =>
    loadKernels({ mode: 'strict', threads: 3, startThread: startKernelThread, startAfterMilliseconds: 0 }),
};

export type PoolName = keyof typeof started;

/** Kernels by name, started before the tests of the file, or of the group, that calls this, and ended after them. */
export function kernelPools<N extends PoolName>(...names: readonly N[]): Readonly<Record<N, Kernels>> {
  const pools: Partial<Record<N, Kernels>> = {};
  beforeAll(async () => {
    for (const name of names) pools[name] = await started[name]();
  });
  afterAll(() => {
    for (const name of names) pools[name]?.dispose();
  });
  return pools as Record<N, Kernels>;
}
