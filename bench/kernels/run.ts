// What every kernel reaches on the shapes of real layers, beside what the machine can do; then operators beside onnxruntime-web.
//   node bench/kernels/run.ts [--mode relaxed,strict] [--only TEXT] [--part kernels,peers] [--rounds N] [--markdown]
import { parseArgs } from 'node:util';
import type { KernelMode } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { type KernelName, kernelTable } from '../../kernels/table.ts';
import { type BenchCase, benchCases } from './cases.ts';
import { best, type Machine, measureMachine } from './machine.ts';
import { comparePeers } from './peers.ts';

const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'relaxed,strict' },
    only: { type: 'string', default: '' },
    part: { type: 'string', default: 'kernels,peers' },
    rounds: { type: 'string', default: '9' },
    markdown: { type: 'boolean', default: false },
  },
});
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
/** Products of 16 bits, as on machines whose four-byte dot product is not exact. */
const byPairs: readonly KernelName[] = ['widenCodes', 'convCodes', 'depthwiseCodes'];
const byDot: readonly KernelName[] = ['padCodes', 'dotCodes', 'depthwiseDotCodes'];

/** One line of a table, its columns padded to `widths` or divided by bars. */
function row(columns: readonly string[], widths: readonly number[]): string {
  if (values.markdown) return `| ${columns.join(' | ')} |`;
  return columns.map((text, i) => (i < 2 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join(' ');
}

function showMachine(machine: Machine): void {
  const { fusedPeak, separatePeak, statedClock, measuredClock } = machine;
  const ports = (fusedPeak / (measuredClock * 4 * 2)).toFixed(2);
  const stated = statedClock === undefined ? 'none stated' : `the system states ${statedClock.toFixed(2)}`;
  print(`clock by a chain of dependent operations: ${measuredClock.toFixed(2)} GHz (${stated})`);
  print(`peak of one core, registers only: ${fusedPeak.toFixed(1)} GFLOP/s with fused multiply-add,`);
  print(
    `  that is ${ports} ports of 4 lanes × 2 operations a cycle; ${separatePeak.toFixed(1)} with product and sum apart`,
  );
  const bandwidth = [1 << 14, 1 << 18, 1 << 25].map((bytes) => {
    return `${(bytes / machine.copyMilliseconds(bytes) / 1e6).toFixed(0)} GB/s at ${bytes >> 10} KiB`;
  });
  print(`copy, read and written: ${bandwidth.join(', ')}`);
}

/**
 * The least time that the machine's multiply-adds or its memory leave: what a register-only loop needs for the
 * operations, or a copy for the bytes.
 */
function roof({ float, work, bytes }: BenchCase, machine: Machine): readonly [milliseconds: number, of: string] {
  const copy = machine.copyMilliseconds(bytes);
  const arithmetic = float === true ? work / machine.fusedPeak / 1e6 : 0;
  return arithmetic > copy ? [arithmetic, 'madd'] : [copy, 'copy'];
}

async function showKernels(mode: KernelMode, machine: Machine): Promise<void> {
  const kernels = await loadKernels({ mode });
  const withoutDot = await loadKernels({ mode, dot: 'none' });
  const widths = [18, 40, 10, 18, 14];
  print(
    `\nmode ${kernels.features.mode}, one thread; share of the time that multiply-adds or a copy would take at least\n`,
  );
  print(row(['kernel', 'on', 'ms', 'rate', 'share'], widths));
  if (values.markdown) print('|---|---|---|---|---|');
  for (const { name } of kernelTable)
    for (const one of benchCases[name]) {
      if (!`${name} ${one.name}`.includes(values.only)) continue;
      // Strict kernels take the direct sum, which has rows of its own.
      if (name === 'winogradF32' && kernels.features.mode === 'strict') continue;
      if (byDot.includes(name) && kernels.features.dot === undefined) continue;
      const own = byPairs.includes(name) ? withoutDot : kernels;
      const ws = own.workspace();
      const step = one.build(ws);
      const time = best(() => own.run(step));
      ws.dispose();
      const rate =
        one.unit === 'operations'
          ? `${(one.work / time / 1e6).toFixed(1)} GOP/s`
          : `${((time * 1e6) / one.work).toFixed(3)} ns/element`;
      const [least, of] = roof(one, machine);
      const share =
        one.unit === 'operations' && one.float !== true ? '' : `${Math.round((100 * least) / time)} % ${of}`;
      print(row([name, one.name, time.toFixed(4), rate, share], widths));
    }
  kernels.dispose();
  withoutDot.dispose();
}

async function showPeers(mode: KernelMode): Promise<void> {
  const widths = [14, 34, 10, 17, 24];
  print(`\noperators as models of one node, mode ${mode}, one thread, in alternation; milliseconds\n`);
  print(row(['operator', 'on', 'QSpec', 'onnxruntime-web', 'times faster (95 %)'], widths));
  if (values.markdown) print('|---|---|---|---|---|');
  for await (const { operator, on, timings, ratios } of comparePeers(mode, values.only, Number(values.rounds))) {
    const [ours, theirs] = timings.map(({ medianMs }) => medianMs.toFixed(4));
    const { ratio, low, high } = ratios[0]!;
    const interval = `${ratio.toFixed(2)} (${low.toFixed(2)} – ${high.toFixed(2)})`;
    print(row([operator, on, ours!, theirs!, interval], widths));
  }
}

const parts = values.part.split(',');
const modes = values.mode.split(',').map((mode): KernelMode => (mode === 'strict' ? 'strict' : 'relaxed'));
const machine = await measureMachine();
showMachine(machine);
for (const mode of modes) {
  if (parts.includes('kernels')) await showKernels(mode, machine);
  if (parts.includes('peers')) await showPeers(mode);
}
process.exit(0);
