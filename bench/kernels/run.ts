// Prints what every kernel reaches on the shapes of real layers: `node bench/kernels/run.ts [strict|relaxed] [name]`.
import type { KernelMode, Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { type KernelName, kernelTable } from '../../kernels/table.ts';
import { type BenchCase, benchCases } from './cases.ts';

const mode: KernelMode = process.argv[2] === 'strict' ? 'strict' : 'relaxed';
const wanted = process.argv[3] ?? '';
const kernels = await loadKernels({ mode });
/** Products of 16 bits, as on machines whose four-byte dot product is not exact. */
const withoutDot = await loadKernels({ mode, dot: 'none' });
const byPairs: readonly KernelName[] = ['widenCodes', 'convCodes', 'depthwiseCodes'];
const byDot: readonly KernelName[] = ['padCodes', 'dotCodes', 'depthwiseDotCodes'];

/** Processor time of this process, in milliseconds: what others do on the machine counts less than in the time of day. */
function now(): number {
  return process.cpuUsage().user / 1000;
}

/** Best of several rounds, each long enough to be timed. */
function milliseconds(one: BenchCase, kernels: Kernels): number {
  const ws = kernels.workspace();
  const step = one.build(ws);
  let runs = 1;
  for (let elapsed = 0; elapsed < 20; runs *= 2) {
    const start = now();
    for (let i = 0; i < runs; i++) kernels.run(step);
    elapsed = now() - start;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const start = now();
    for (let i = 0; i < runs; i++) kernels.run(step);
    best = Math.min(best, (now() - start) / runs);
  }
  ws.dispose();
  return best;
}

console.log(`mode: ${kernels.features.mode}, one thread`);
for (const { name } of kernelTable)
  for (const one of benchCases[name]) {
    if (!`${name} ${one.name}`.includes(wanted)) continue;
    if (byDot.includes(name) && kernels.features.dot === undefined) continue;
    const time = milliseconds(one, byPairs.includes(name) ? withoutDot : kernels);
    const rate =
      one.unit === 'operations'
        ? `${(one.work / time / 1e6).toFixed(1).padStart(7)} GOP/s`
        : `${((time * 1e6) / one.work).toFixed(3).padStart(7)} ns/element`;
    console.log(`${name.padEnd(18)} ${one.name.padEnd(38)} ${time.toFixed(4).padStart(9)} ms ${rate}`);
  }
