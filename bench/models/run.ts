// Time per inference of the executor beside onnxruntime-web's, in alternation, with an interval of the ratio.
//   node bench/models/run.ts [--threads 1,2] [--only NAME] [--mode relaxed|strict] [--rounds N] [--json | --markdown]
// onnxruntime-web fixes its threads when it is loaded, so every number of threads is measured in a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { startKernelThread } from '../../engine/env/node/threads.ts';
import { type Comparison, measure } from '../../engine/executor/benchmark.ts';
import { compile } from '../../engine/executor/compile.ts';
import { shared } from '../../test/shared.ts';
import { type LoadedModel, loadModel, modelNames, randomInputs, sketchedModel, sketchedModels } from './models.ts';

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '1,2' },
    only: { type: 'string', default: '' },
    mode: { type: 'string', default: 'relaxed' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    measure: { type: 'boolean', default: false },
  },
});
const mode = values.mode === 'strict' ? 'strict' : 'relaxed';
const print = (line: string) => process.stdout.write(`${line}\n`);

if (values.measure) await measureAll(Number(values.threads));
else {
  for (const threads of values.threads.split(',')) {
    const { status } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), '--measure', ...process.argv.slice(2), '--threads', threads],
      { stdio: 'inherit' },
    );
    if (status !== 0) process.exitCode = 1;
  }
}

async function measureAll(threads: number): Promise<void> {
  const runtime = await loadOnnxRuntime({ threads });
  if (!values.json) showHeader(threads, runtime.version);
  for (const name of modelNames) {
    if (!name.includes(values.only)) continue;
    const path = shared('models', `${name}.onnx`);
    if (path === undefined) {
      print(`${name}: skipped, the shared models are absent`);
      continue;
    }
    show(name, threads, await measureModel(loadModel(path), threads, runtime));
  }
  for (const [name, make] of sketchedModels)
    if (name.includes(values.only)) show(name, threads, await measureModel(sketchedModel(make()), threads, runtime));
  process.exit(0);
}

async function measureModel(
  { bytes, graph }: LoadedModel,
  threads: number,
  runtime: Awaited<ReturnType<typeof loadOnnxRuntime>>,
): Promise<Comparison> {
  const inputs = randomInputs(graph, 1);
  const program = await compile(graph, { mode, threads, startThread: startKernelThread });
  const session = await runtime.createSession(bytes, { optimize: 'all' });
  const comparison = await measure(
    [
      { name: 'qspec', run: () => program.run(inputs) },
      { name: 'onnxruntime-web', run: () => session.run(inputs) },
    ],
    { rounds: Number(values.rounds) },
  );
  program.dispose();
  await session.release();
  return comparison;
}

function showHeader(threads: number, version: string): void {
  const title = `${threads} thread${threads === 1 ? '' : 's'}, ${mode}, onnxruntime-web ${version}; milliseconds: median (p5 – p95)`;
  print(`\n${title}\n`);
  const columns = ['model', 'QSpec', 'onnxruntime-web', 'times faster (95 %)'] as const;
  printRow(columns);
  if (values.markdown) print('|---|---|---|---|');
}

function printRow([model, ours, theirs, ratio]: readonly [string, string, string, string]): void {
  if (values.markdown) print(`| ${model} | ${ours} | ${theirs} | ${ratio} |`);
  else print(`${model.padEnd(40)}${ours.padStart(28)}${theirs.padStart(28)}   ${ratio}`);
}

function show(model: string, threads: number, { timings, ratios }: Comparison): void {
  if (values.json) {
    print(JSON.stringify({ model, threads, mode, timings, ratio: ratios[0] }));
    return;
  }
  const [ours, theirs] = timings.map(
    ({ medianMs, p5Ms, p95Ms }) => `${medianMs.toFixed(3)} (${p5Ms.toFixed(3)} – ${p95Ms.toFixed(3)})`,
  );
  const { ratio, low, high } = ratios[0]!;
  printRow([model, ours!, theirs!, `${ratio.toFixed(2)} (${low.toFixed(2)} – ${high.toFixed(2)})`]);
}
