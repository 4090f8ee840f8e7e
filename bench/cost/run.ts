// Wall time and peak memory of the whole job (start, load, calibrate, quantise, export) beside onnxruntime's Python quantiser, on
// the same model and samples; each run a process of its own, the two in turn.
//   node bench/cost/run.ts [--networks squeezenet,…] [--methods min-max,…] [--adaround] [--threads 2] [--runs 3] [--write]
// QSPEC_PYTHON names a Python with onnxruntime, onnx and sympy; without one the peer's columns are empty, and that is said.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBetweenMarkers } from '../../scripts/markers.mjs';
import { root } from '../../test/shared.ts';
import { peerVersion, runPeer } from '../results/peer.ts';
import { requireShared } from '../shared-run.ts';
import { buildJob, type Cost, command, cost, requireCommand } from './children.ts';
import { type Network, type NetworkName, networkFiles, networkNames, specOf } from './networks.ts';

const methods = { 'min-max': 'MinMax', percentile: 'Percentile', entropy: 'Entropy' } as const;
type Method = keyof typeof methods;

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: networkNames.join() },
    methods: { type: 'string', default: Object.keys(methods).join() },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '3' },
    adaround: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
requireShared('cost');
requireCommand();
const version = peerVersion();
if (version === undefined)
  console.error("onnxruntime's Python quantiser is not installed: nothing beside (QSPEC_PYTHON)");
/** Seconds that AdaRound may take on two cores. */
const roundingLimits: readonly (readonly [NetworkName, number])[] = [
  ['resnet8', 60],
  ['mobilenet v1 0.25', 300],
];
const work = mkdtempSync(join(tmpdir(), 'qspec-cost-'));
const rows: string[][] = [];
const roundings: string[][] = [];
try {
  const program = await buildJob(join(work, 'program'));
  for (const name of values.networks.split(',') as NetworkName[]) {
    const network = await networkFiles(name, work);
    for (const method of values.methods.split(',') as Method[]) {
      const row = compare(program, name, network, method);
      rows.push(row);
      console.error(row.join(' | '));
    }
  }
  if (values.adaround)
    for (const [name, limit] of roundingLimits) {
      const { seconds, processor, peak } = round(name);
      const verdict = seconds < limit ? 'held' : 'missed';
      roundings.push([
        name,
        `${seconds.toFixed(0)} s`,
        `${processor.toFixed(0)} s`,
        `${limit} s, ${verdict}`,
        `${peak.toFixed(0)} MB`,
      ]);
    }
} finally {
  rmSync(work, { recursive: true, force: true });
}

const titles = [
  'network, observer',
  'QSpec',
  `onnxruntime ${version ?? '–'}`,
  'times faster',
  'processor time',
  'of the peer',
  'peak memory',
  'of the peer',
  'share',
  'whole command',
];
const text = [
  `Processor: ${cpus()[0]?.model.trim() ?? 'unknown'}, ${values.threads} threads. Medians of ${values.runs} runs (fastest … slowest).`,
  '',
  `| ${titles.join(' | ')} |`,
  `|---|${'---:|'.repeat(titles.length - 1)}`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
  ...(roundings.length === 0
    ? []
    : [
        '',
        '| AdaRound, int4 weights, 100 samples | whole command | processor time | limit | peak memory |',
        '|---|---:|---:|---:|---:|',
        ...roundings.map((row) => `| ${row.join(' | ')} |`),
      ]),
].join('\n');
console.log(text);
if (values.write) writeBetweenMarkers(join(root, 'docs', 'performance.md'), 'cost', text);

/** AdaRound by the command. */
function round(name: NetworkName): Cost {
  const spec = join(work, 'rounding.qspec');
  const rules = '{ weights int4 symmetric per-channel using adaround  activations uint8 observe mse }';
  const lines = [
    'qspec 1',
    `import ${JSON.stringify(specOf(name))}`,
    `quantize ${rules}`,
    'export onnx qdq "out.onnx"',
  ];
  writeFileSync(spec, `${lines.join('\n')}\n`);
  return cost(command, ['quantize', spec, '--out', join(work, 'out'), '--samples', '0', '--threads', values.threads]);
}

function compare(program: string, name: string, { model, samples, count }: Network, method: Method): string[] {
  const spec = join(work, 'job.qspec');
  const lines = [
    'qspec 1',
    `model ${JSON.stringify(model)}`,
    `data calibration npy ${JSON.stringify(samples)}`,
    'quantize {',
    '  weights int8 symmetric per-channel',
    `  activations uint8 affine per-tensor observe ${method}`,
    '}',
    'export onnx qdq "model.int8.onnx" { opset 21 }',
  ];
  writeFileSync(spec, `${lines.join('\n')}\n`);
  const out = join(work, 'out');
  const [own, whole, peers]: Cost[][] = [[], [], []];
  for (let i = 0; i < Number(values.runs); i++) {
    own!.push(cost(program, [spec, out, values.threads]));
    whole!.push(cost(command, ['quantize', spec, '--out', out, '--samples', '0', '--threads', values.threads]));
    if (statSync(join(out, 'model.int8.onnx')).size === 0) throw new Error('nothing was written');
    if (version === undefined) continue;
    const begin = performance.now();
    const run = { model, samples, output: join(work, 'peer.onnx'), method: methods[method], weights: 'QInt8' } as const;
    const { peak, processor } = runPeer(run);
    // The script counts in MiB.
    peers!.push({ seconds: (performance.now() - begin) / 1000, processor, peak: peak * 1.048576 });
  }
  const none = peers!.length === 0;
  const of = (costs: readonly Cost[] | undefined, key: keyof Cost) => (costs ?? []).map((own) => own[key]);
  const ratios = (key: keyof Cost) => of(peers, key).map((theirs, i) => theirs / own![i]![key]);
  return [
    `${name}, ${method}, ${count} samples`,
    spread(of(own, 'seconds'), 's', 1),
    none ? '–' : spread(of(peers, 'seconds'), 's', 1),
    none ? '–' : spread(ratios('seconds'), '', 1),
    spread(of(own, 'processor'), 's', 1),
    none ? '–' : spread(of(peers, 'processor'), 's', 1),
    spread(of(own, 'peak'), 'MB', 0),
    none ? '–' : spread(of(peers, 'peak'), 'MB', 0),
    none ? '–' : `1/${spread(ratios('peak'), '', 1)}`,
    `${spread(of(whole, 'seconds'), 's', 1)}, ${spread(of(whole, 'peak'), 'MB', 0)}`,
  ];
}

function spread(samples: readonly number[], unit: string, digits: number): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const show = (x: number) => `${x.toFixed(digits)}`;
  const ends = sorted.length > 1 ? ` (${show(sorted[0]!)} … ${show(sorted.at(-1)!)})` : '';
  return `${show(sorted[Math.floor(sorted.length / 2)]!)}${unit && ` ${unit}`}${ends}`;
}
