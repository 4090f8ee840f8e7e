// The recipe `auto` on networks that nothing of it was chosen with, beside fixed choices: the table of docs/results.md.
//   node bench/auto/run.ts [--only NAME] [--weights int8,int4] [--activations uint8] [--settings 'auto;…'] [--findings]
//     [--save FILE] [--saved] [--write]
// Every setting goes the whole way: calibrated on its samples, exported, run in ONNX Runtime and compared with float on others.
// --findings prints what the recipe says; --save keeps each result in a file of JSON lines, and what is in there already is not
// measured again; with --saved nothing else is. --write puts the table into docs/results.md.
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jobOf, openSpec } from '../../cli/spec.ts';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { FindingError } from '../../engine/findings.ts';
import type { Report } from '../../engine/report/report.ts';
import type { RunContext } from '../../engine/run/context.ts';
import { quantizeJob } from '../../engine/run/quantize.ts';
import { writeBetweenMarkers } from '../../scripts/markers.mjs';
import { root, sharedFolder } from '../../test/shared.ts';
import { benchContext, requireShared } from '../shared-run.ts';
import { type Network, networks } from './networks.ts';
import { type Line, table } from './table.ts';

/** Blocks by name: the recipe, and what a person could write instead of it. */
const settings: Readonly<Record<string, (weights: string, activations: string) => string>> = {
  auto: (weights, activations) => `quantize auto { weights ${weights}  activations ${activations} }`,
  nearest: fixed('round-to-nearest', 'min-max'),
  'layer-by-layer, mse': fixed('layer-by-layer', 'mse'),
  'layer-by-layer, min-max': fixed('layer-by-layer', 'min-max'),
  'layer-by-layer, margin': fixed('layer-by-layer', 'min-max(margin = 0.15)'),
  'layer-by-layer, percentile': fixed('layer-by-layer', 'percentile'),
  'coordinate-descent, mse': fixed('coordinate-descent', 'mse'),
  'bias-correction, mse': fixed('bias-correction', 'mse'),
  smoothed: fixed('layer-by-layer(smooth = 0.5)', 'min-max'),
};

/** What the table has. */
const usual = 'nearest;layer-by-layer, mse;auto';

function fixed(method: string, observer: string) {
  return (weights: string, activations: string) =>
    `quantize { weights ${weights} using ${method}  activations ${activations} observe ${observer} }`;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    weights: { type: 'string', default: 'int8,int4' },
    activations: { type: 'string', default: 'uint8' },
    settings: { type: 'string', default: usual },
    save: { type: 'string', default: '' },
    findings: { type: 'boolean', default: false },
    saved: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
requireShared('auto');

const context: RunContext = { ...benchContext(), loadRuntime: () => loadOnnxRuntime({ threads: 1 }) };
const folder = mkdtempSync(join(tmpdir(), 'qspec-bench-auto-'));
const known: Line[] =
  values.save !== '' && existsSync(values.save)
    ? readFileSync(values.save, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
const lines: Line[] = [];
try {
  for (const network of networks) {
    if (!network.model.includes(values.only)) continue;
    for (const weights of values.weights.split(','))
      for (const setting of values.settings.split(';')) {
        const own = { model: network.model, data: network.data, formats: `${weights}, ${values.activations}`, setting };
        const same = (line: Line) =>
          line.model === own.model && line.formats === own.formats && line.setting === setting;
        const line =
          known.find(same) ?? (values.saved ? undefined : { ...own, ...(await resultOf(network, weights, setting)) });
        if (line === undefined) continue;
        lines.push(line);
        if (!known.includes(line)) tell(line);
      }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const text = table(lines);
console.log(text);
if (values.write) writeBetweenMarkers(join(root, 'docs', 'results.md'), 'recipe', text);
process.exit(0);

function tell(line: Line): void {
  console.error(`${line.model} ${line.formats} ${line.setting}: ${line.cells.join(', ')}`);
  if (values.findings) for (const finding of line.findings) console.error(`  ${finding}`);
  if (values.save !== '') appendFileSync(values.save, `${JSON.stringify(line)}\n`);
}

async function resultOf(network: Network, weights: string, setting: string): Promise<Pick<Line, 'cells' | 'findings'>> {
  const place = join(folder, network.model);
  mkdirSync(place, { recursive: true });
  const model = JSON.stringify(join(sharedFolder, 'models', `${network.model}.onnx`));
  const block = settings[setting]!(weights, values.activations);
  const spec = join(place, 'own.qspec');
  writeFileSync(spec, `qspec 1\nmodel ${model}\n${await network.blocks(place)}\n${block}\n`);
  return measure(spec);
}

/** Agreement with float, signal to noise, size and seconds; or the finding that ended the run. */
async function measure(spec: string): Promise<Pick<Line, 'cells' | 'findings'>> {
  const begin = performance.now();
  try {
    const { job, findings } = jobOf(await openSpec(spec));
    if (job === undefined) throw new Error(findings.map(({ what }) => what).join('\n'));
    const options = { write: false, layerSamples: 0, agreementSamples: 2, verifySamples: 2 } as const;
    const { report } = await quantizeJob(job, context, options);
    return { cells: [...cellsOf(report), timeOf(report)], findings: sayings(report) };
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    const seconds = (performance.now() - begin) / 1000;
    return { cells: [error.finding.code, '–', '–', `${seconds.toFixed(1)} s`], findings: [error.finding.what] };
  }
}

function cellsOf({ accuracy, size }: Report): string[] {
  const { agreement, sqnr, labelled, outputs = [] } = accuracy!.metrics;
  const points = labelled && `, drop ${(100 * labelled.drop).toFixed(1)}`;
  const share = agreement === undefined ? '–' : `${(100 * agreement).toFixed(1)} %`;
  const least = outputs.length > 1 ? `, least ${Math.min(...outputs.map((output) => output.sqnr)).toFixed(1)} dB` : '';
  return [
    `${share}${points ?? ''}`,
    `${sqnr.toFixed(1)} dB${least}`,
    `${((100 * size.after) / size.before).toFixed(0)} %`,
  ];
}

/** Of choosing codes alone: loading, verifying and measuring take the same for all. */
function timeOf({ stages }: Report): string {
  return `${(stages.find(({ name }) => name === 'calibrate')?.seconds ?? 0).toFixed(1)} s`;
}

/** What the recipe says in full, and of everything else how often. */
function sayings({ findings }: Report): string[] {
  const own = findings.filter(({ code }) => code.startsWith('auto/'));
  const others = new Map<string, number>();
  for (const { code } of findings) if (!code.startsWith('auto/')) others.set(code, (others.get(code) ?? 0) + 1);
  return [
    ...own.map(({ what, why }) => `${what}${why ? ` ${why}` : ''}`),
    ...Array.from(others, ([code, count]) => `${count} × ${code}`),
  ];
}
