// Time per inference of the executor beside onnxruntime-web's, in alternation, with an interval of the ratio.
//   node bench/models/run.ts [--threads 1,2] [--only NAME,…] [--mode relaxed|strict] [--rounds N] [--clock wall|processor]
//     [--json | --markdown]
// On one thread processor time tells more than the time of day where other work shares the machine.
// onnxruntime-web fixes its threads when it is loaded, so every number of threads is measured in a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { startKernelThread } from '../../engine/env/node/threads.ts';
import { type Comparison, measure, type Timing } from '../../engine/executor/benchmark.ts';
import { compile } from '../../engine/executor/compile.ts';
import { shared } from '../../test/shared.ts';
import { measureIntegers } from './integer.ts';
import {
  dimsOf,
  type LoadedModel,
  loadModel,
  modelNames,
  randomInputs,
  sketchedModel,
  sketchedModels,
} from './models.ts';
import { nativeTimes } from './native.ts';

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '1,2' },
    only: { type: 'string', default: '' },
    mode: { type: 'string', default: 'relaxed' },
    rounds: { type: 'string', default: '15' },
    clock: { type: 'string', default: 'wall' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    measure: { type: 'boolean', default: false },
    quantised: { type: 'boolean', default: false },
  },
});
const mode = values.mode === 'strict' ? 'strict' : 'relaxed';
const print = (line: string) => process.stdout.write(`${line}\n`);

/** What the process of one number of threads says of one model. */
interface Line {
  readonly model: string;
  readonly threads: number;
  readonly peer: string;
  /** QSpec's and the peer's. */
  readonly timings: readonly [Timing, Timing];
  readonly ratio: { readonly ratio: number; readonly low: number; readonly high: number };
}

if (values.measure) await measureAll(Number(values.threads));
else if (values.quantised) await measureQuantised(Number(values.threads));
else compareAll(values.threads.split(',').map(Number));

async function measureAll(threads: number): Promise<void> {
  const runtime = await loadOnnxRuntime({ threads });
  const report = (model: string, { timings, ratios }: Comparison) => {
    print(JSON.stringify({ model, threads, peer: `onnxruntime-web ${runtime.version}`, timings, ratio: ratios[0] }));
  };
  for (const model of modelNames) {
    if (!isAsked(model)) continue;
    const path = shared('models', `${model}.onnx`);
    if (path === undefined) {
      process.stderr.write(`${model}: skipped, the shared models are absent\n`);
      continue;
    }
    report(model, await measureModel(model, loadModel(path), threads, runtime));
  }
  for (const [model, make] of sketchedModels) {
    if (isAsked(model)) report(model, await measureModel(model, sketchedModel(make()), threads, runtime));
  }
  process.exit(0);
}

function isAsked(model: string): boolean {
  return values.only.split(',').some((part) => model.includes(part));
}

/** Quantised models, which are compared with their own float network too, and print a table of their own. */
async function measureQuantised(threads: number): Promise<void> {
  const runtime = await loadOnnxRuntime({ threads });
  const format = values.json ? 'json' : values.markdown ? 'markdown' : 'text';
  const { only } = values;
  await measureIntegers({ threads, mode, rounds: Number(values.rounds), only, format }, runtime, print);
  process.exit(0);
}

async function measureModel(
  model: string,
  { bytes, graph }: LoadedModel,
  threads: number,
  runtime: Awaited<ReturnType<typeof loadOnnxRuntime>>,
): Promise<Comparison> {
  const inputs = randomInputs(graph, 1, model);
  const program = await compile(graph, { mode, threads, startThread: startKernelThread, inputDims: dimsOf(inputs) });
  const session = await runtime.createSession(bytes, { optimize: 'all' });
  const comparison = await measure(
    [
      { name: 'qspec', run: () => program.run(inputs) },
      { name: 'onnxruntime-web', run: () => session.run(inputs) },
    ],
    { rounds: Number(values.rounds), now: values.clock === 'processor' ? processorTime : () => performance.now() },
  );
  program.dispose();
  await session.release();
  return comparison;
}

/** Milliseconds that this process has computed. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function compareAll(settings: readonly number[]): void {
  const all = settings.map((threads) => {
    const arguments_ = ['--measure', ...process.argv.slice(2), '--threads', String(threads)];
    const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...arguments_], {
      stdio: ['inherit', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (status !== 0) process.exitCode = 1;
    const lines = stdout
      .split('\n')
      .filter((text) => text.startsWith('{'))
      .map((text) => JSON.parse(text) as Line);
    if (values.json) for (const line of lines) print(JSON.stringify({ mode, ...line }));
    else showTable(threads, lines);
    return lines;
  });
  if (!values.json && all.length > 1) showBest(all);
  if (!values.json) showNative(settings, all);
  for (const threads of settings) {
    const arguments_ = ['--quantised', ...process.argv.slice(2), '--threads', String(threads)];
    const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...arguments_], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
}

function row(...cells: readonly string[]): void {
  const [first, ...rest] = cells;
  print(
    values.markdown ? `| ${cells.join(' | ')} |` : first!.padEnd(42) + rest.map((cell) => cell.padStart(26)).join(''),
  );
}

function header(title: string, ...columns: readonly string[]): void {
  print(`\n${title}\n`);
  row(...columns);
  if (values.markdown) print(`|${columns.map(() => '---').join('|')}|`);
}

function showTable(threads: number, lines: readonly Line[]): void {
  if (lines.length === 0) return;
  const time = values.clock === 'processor' ? 'milliseconds of processor time' : 'milliseconds';
  const title = `${threadsText(threads)}, ${mode}; ${time}: median (p5 – p95)`;
  header(title, 'model', 'QSpec', lines[0]!.peer, 'times faster (95 %)');
  for (const { model, timings, ratio } of lines) {
    const times = timings.map((own) => `${own.medianMs.toFixed(3)} (${own.p5Ms.toFixed(3)} – ${own.p95Ms.toFixed(3)})`);
    row(model, ...times, `${ratio.ratio.toFixed(2)} (${ratio.low.toFixed(2)} – ${ratio.high.toFixed(2)})`);
  }
  row('geometric mean', '', '', geometricMean(lines.map(({ ratio }) => ratio.ratio)).toFixed(2));
}

/** The peer is slower on two threads than on one in some models: there its better setting counts. */
function showBest(all: readonly (readonly Line[])[]): void {
  const title = `The peer at its better number of threads (milliseconds, and times faster)`;
  header(title, 'model', 'peer', ...all.map((lines) => `QSpec, ${threadsText(lines[0]?.threads ?? 0)}`));
  const ratios: number[][] = all.map(() => []);
  for (const { model } of all[0]!) {
    const own = all.map((lines) => lines.find((line) => line.model === model)!);
    const best = Math.min(...own.map(({ timings }) => timings[1].medianMs));
    const times = own.map(({ timings }) => timings[0].medianMs);
    for (const [index, time] of times.entries()) ratios[index]!.push(best / time);
    row(model, best.toFixed(3), ...times.map((time) => `${time.toFixed(3)}: ${(best / time).toFixed(2)}`));
  }
  row('geometric mean', '', ...ratios.map((list) => geometricMean(list).toFixed(2)));
}

/** The far mark: the same models in native onnxruntime, measured one after the other and not in alternation. */
function showNative(settings: readonly number[], all: readonly (readonly Line[])[]): void {
  const models = (all[0] ?? []).map(({ model }) => model);
  const paths = new Map(models.flatMap((model) => [[model, shared('models', `${model}.onnx`)] as const]));
  const known = [...paths.values()].filter((path) => path !== undefined);
  const native = settings.map((threads) => nativeTimes(known, threads));
  const version = native[0]?.version;
  if (version === undefined) {
    print('\nnative onnxruntime: skipped, no Python with onnxruntime (QSPEC_PYTHON names one)');
    return;
  }
  const columns = settings.flatMap((threads) => [`native, ${threadsText(threads)}`, `QSpec, ${threadsText(threads)}`]);
  header(`native onnxruntime ${version}, the far mark (median milliseconds)`, 'model', ...columns);
  for (const [model, path] of paths) {
    const cells = settings.flatMap((_, i) => {
      const time = native[i]?.milliseconds.get(path ?? '');
      const own = all[i]!.find((line) => line.model === model)?.timings[0].medianMs;
      return [time?.toFixed(3) ?? '–', own?.toFixed(3) ?? '–'];
    });
    if (cells.some((cell, i) => i % 2 === 0 && cell !== '–')) row(model, ...cells);
  }
}

function threadsText(threads: number): string {
  return `${threads} thread${threads === 1 ? '' : 's'}`;
}

function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
