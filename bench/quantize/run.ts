// Time and peak memory of the whole job on SqueezeNet, each run a process of its own, beside onnxruntime's Python quantiser.
//   node bench/quantize/run.ts [--threads 2] [--runs 3] [--write]
// QSPEC_PYTHON names a Python with onnxruntime and onnx; without one the peer's rows are left out, and that is said.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { jobOf, openSpec } from '../../cli/spec.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { calibrationSource, openData } from '../../engine/run/datasets.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import { writeBetweenMarkers } from '../../scripts/markers.mjs';
import { hasShared, root } from '../../test/shared.ts';
import { peerVersion, quantizeWithPeer } from '../results/peer.ts';

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
if (!hasShared) {
  console.error('bench/quantize: skipped, the shared models and data are absent (QSPEC_SHARED names their folder)');
  process.exit(1);
}
const spec = join(root, 'bench', 'specs', 'squeezenet.qspec');
const rows: string[][] = [];

job('QSpec, without measuring accuracy', ['--samples', '0']);
job('QSpec, with accuracy on 400 more images', []);
await peers();

const titles = ['what', 'wall time', 'peak memory'];
const text = [
  `Processor: ${cpus()[0]?.model.trim() ?? 'unknown'}, ${values.threads} threads. Median of ${values.runs} runs (fastest … slowest).`,
  '',
  `| ${titles.join(' | ')} |`,
  '|---|---:|---:|',
  ...rows.map((row) => `| ${row.join(' | ')} |`),
].join('\n');
console.log(text);
if (values.write) writeBetweenMarkers(join(root, 'docs', 'results.md'), 'job', text);

function job(what: string, options: readonly string[]): void {
  const program = fileURLToPath(new URL('./job.ts', import.meta.url));
  const seconds: number[] = [];
  const peaks: number[] = [];
  for (let i = 0; i < Number(values.runs); i++) {
    const folder = mkdtempSync(join(tmpdir(), 'qspec-bench-'));
    const begin = performance.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program, 'quantize', spec, '--out', folder, '--threads', values.threads, ...options],
      { encoding: 'utf8' },
    );
    seconds.push((performance.now() - begin) / 1000);
    const written = readFileSync(join(folder, 'squeezenet.int8.onnx')).length;
    rmSync(folder, { recursive: true, force: true });
    if (status !== 0 || written === 0) throw new Error(stderr);
    peaks.push((JSON.parse(stdout) as { peakMegabytes: number }).peakMegabytes);
  }
  rows.push([what, spread(seconds, 's', 1), spread(peaks, 'MB', 0)]);
}

async function peers(): Promise<void> {
  const version = peerVersion();
  if (version === undefined) {
    console.error("onnxruntime's Python quantiser is not installed: no rows of it (QSPEC_PYTHON)");
    return;
  }
  const opened = jobOf(await openSpec(spec)).job!;
  const context = {
    host: nodeHost(),
    progress: { signal: new AbortController().signal, report() {} },
    threads: 1,
    toolVersion: 'bench',
  };
  const { graph } = prepare(await loadModel(context.host, opened.model));
  const calibration = await openData(calibrationSource(opened), graph, opened, context);
  for (const method of ['MinMax', 'Percentile', 'Entropy'] as const) {
    const seconds: number[] = [];
    const peaks: number[] = [];
    for (let i = 0; i < Number(values.runs); i++) {
      const result = await quantizeWithPeer(opened.model, calibration, method);
      seconds.push(result.seconds);
      peaks.push(result.peak);
    }
    rows.push([
      `onnxruntime ${version} (Python), ${method}; images decoded before`,
      spread(seconds, 's', 1),
      spread(peaks, 'MB', 0),
    ]);
  }
}

function spread(samples: readonly number[], unit: string, digits: number): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  const ends = sorted.length > 1 ? ` (${sorted[0]!.toFixed(digits)} … ${sorted.at(-1)!.toFixed(digits)})` : '';
  return `${middle.toFixed(digits)} ${unit}${ends}`;
}
