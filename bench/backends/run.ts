// Accuracy of every backend's formats and placement on real models: the table of backends in docs/results.md.
//   node bench/backends/run.ts [--only NAME] [--bits 8,4] [--write]
// Rounding to nearest with min-max ranges, one calibration draw: what the settings themselves cost, before any method makes
// up for it. --only measures backends or networks whose names contain NAME, and writes nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jobOf, openSpec } from '../../cli/spec.ts';
import type { Backend } from '../../engine/backends/backend.ts';
import { backends } from '../../engine/backends/registry.ts';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import type { RunContext } from '../../engine/run/context.ts';
import { quantizeJob } from '../../engine/run/quantize.ts';
import { writeBetweenMarkers } from '../../scripts/markers.mjs';
import { root } from '../../test/shared.ts';
import { networks } from '../results/rows.ts';
import { benchContext, requireShared } from '../shared-run.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    bits: { type: 'string', default: '8,4' },
    write: { type: 'boolean', default: false },
  },
});
requireShared('backends');

const context: RunContext = { ...benchContext(), loadRuntime: () => loadOnnxRuntime({ threads: 1 }) };
const measured = ['resnet8', 'vww'];
const folder = mkdtempSync(join(tmpdir(), 'qspec-bench-backends-'));
const lines: string[] = [];
try {
  for (const network of measured)
    for (const backend of backends)
      for (const bits of values.bits.split(',').map(Number))
        if (`${network} ${backend.name}`.includes(values.only)) lines.push(await measure(network, backend, bits));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const text = [
  '| model | backend | bits | float top-1 | top-1 | drop, points (95 %) | agreement | logits SQNR | products left in float |',
  '|---|---|---:|---:|---:|---:|---:|---:|---:|',
  ...lines,
].join('\n');
console.log(text);
if (values.write && values.only === '') writeBetweenMarkers(join(root, 'docs', 'results.md'), 'backends', text);
process.exit(0);

/** With fewer bits than 8, what the first and the last product read and weigh keeps 8. */
function block({ name, weights, activations }: Backend, bits: number): string {
  const narrowed = (format: string) => format.replace(/\d+$/, String(bits));
  if (bits === 8) return `backend ${name}`;
  const [w, a] = [weights.format, activations.format];
  return `backend ${name} weights ${narrowed(w)} activations ${narrowed(a)}
  layers first or last { weights ${w} inputs ${a} }`;
}

async function measure(network: string, backend: Backend, bits: number): Promise<string> {
  const path = join(folder, 'own.qspec');
  const base = JSON.stringify(join(root, 'bench', 'specs', 'networks', `${network}.qspec`));
  writeFileSync(
    path,
    `qspec 1 import ${base} quantize { ${block(backend, bits)} } export onnx qdq "own.onnx" { container int8 }`,
  );
  const { job, findings } = jobOf(await openSpec(path));
  if (job === undefined) throw new Error(JSON.stringify(findings));
  const { report } = await quantizeJob(job, context, { write: false });
  const { metrics } = report.accuracy!;
  const { reference, candidate, drop, dropInterval } = metrics.labelled!;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const points = (share: number) => `${(100 * share).toFixed(2)}`.replace('-', '−');
  console.error(`${network} ${backend.name} ${bits} bits: ${percent(candidate.top1)}`);
  const cells = [
    networks[network],
    `\`${backend.name}\``,
    bits,
    percent(reference.top1),
    percent(candidate.top1),
    `${points(drop)} (${points(dropInterval.low)} … ${points(dropInterval.high)})`,
    `${(100 * metrics.agreement!).toFixed(1)} %`,
    `${metrics.sqnr.toFixed(1)} dB`.replace('-', '−'),
    report.verification!.levels.find(({ level }) => level === 'all')!.floatCompute.length,
  ];
  return `| ${cells.join(' | ')} |`;
}
