// Milliseconds from a cancel to its answer, in the middle of an operator of many seconds: in an engine process, through the
// protocol, and on the command line, from the signal to the end of the process. The aim is 100 ms.
//   node bench/scale/cancel.ts [--rounds 5]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { jobOf, openSpec } from '../../cli/spec.ts';
import { startEngine } from '../../engine/env/node/start-engine.ts';
import { type LongModel, writeLongModel } from '../../test/engine/service/long-models.ts';
import { root } from '../../test/shared.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const underWay = 1500;
const print = (line: string) => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'qspec-long-'));
try {
  print(`${'operator run by'.padEnd(28)}${'threads'.padStart(8)}${'median'.padStart(12)}${'slowest'.padStart(12)}`);
  for (const kind of ['kernel', 'reference'] as const) {
    const model = writeLongModel(folder, kind);
    for (const threads of [1, 2]) show(`${kind}, engine process`, threads, await inEngine(model, threads));
    show(`${kind}, command line`, 1, await onCommandLine(model));
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function inEngine({ spec }: LongModel, threads: number): Promise<number[]> {
  const { job } = jobOf(await openSpec(spec));
  const engine = startEngine({ program: join(root, 'engine', 'env', 'node', 'engine-process.ts'), threads });
  await engine.client.status();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const controller = new AbortController();
    const answer = engine.client.quantize(job!, { write: false }, { signal: controller.signal }).catch(() => {});
    await wait(underWay);
    times.push(await timed(() => controller.abort(), answer));
  }
  engine.stop();
  await engine.exited;
  return times;
}

async function onCommandLine({ model, input }: LongModel): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [join(root, 'cli', 'main.ts'), 'run', model, '--input', input]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) => child.stderr.once('data', resolve));
    await wait(underWay);
    times.push(await timed(() => child.kill('SIGINT'), ended));
  }
  return times;
}

async function timed(cancel: () => void, answer: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  cancel();
  await answer;
  return performance.now() - begun;
}

function show(what: string, threads: number, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const cell = (milliseconds: number) => `${milliseconds.toFixed(0)} ms`.padStart(12);
  print(`${what.padEnd(28)}${String(threads).padStart(8)}${cell(sorted[sorted.length >> 1]!)}${cell(sorted.at(-1)!)}`);
}
