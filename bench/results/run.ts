// Accuracy of the main job on real models: the table of docs/results.md.
//   node bench/results/run.ts [--rows w8a8,w4a8] [--only NAME] [--draws 1,2,3] [--agreement 200] [--save FILE] [--write]
// For each row of formats, model and calibration draw: float and compressed on the same samples, the exported model in
// onnxruntime-web at both ends of its graph optimisation, our integer execution, and onnxruntime's own Python quantiser on the same samples
// (QSPEC_PYTHON names a Python that has it; without one its columns say so). --write puts the tables of the rows into docs/results.md;
// --agreement says on how many samples the readings are compared with each other;
// --save keeps each result in a file of JSON lines, and what is in there already is not measured again; with --saved nothing
// else is, and the table holds what there is. A quick look: --draws 1 --only NAME --rows ROW.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jobOf, openSpec } from '../../cli/spec.ts';
import { compressJob } from '../../engine/auto/compress-job.ts';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { formatNamed } from '../../engine/formats/registry.ts';
import type { Model } from '../../engine/graph/graph.ts';
import { modelToProto } from '../../engine/graph/to-proto.ts';
import { encodeModel } from '../../engine/onnx/codec.ts';
import type { DataSource, Job } from '../../engine/plan.ts';
import { edgeKey, hasCodes, type QuantizedModel } from '../../engine/quantize/assignment.ts';
import { exportQdq } from '../../engine/readings/export-qdq.ts';
import { calibrationSource, evaluationSource, openData } from '../../engine/run/datasets.ts';
import { evaluate } from '../../engine/run/evaluate.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import { ownExecution } from '../../engine/run/measure.ts';
import type { ComparisonMetrics } from '../../engine/run/metrics.ts';
import { pruneModel } from '../../engine/run/prune.ts';
import { engineScorer, runtimeScorer, type Scorer } from '../../engine/run/scorer.ts';
import { verifyModel } from '../../engine/verify/verify.ts';
import { writeBetweenMarkers } from '../../scripts/markers.mjs';
import { root } from '../../test/shared.ts';
import { benchContext, requireShared } from '../shared-run.ts';
import { type CalibrationMethod, peerVersion, quantizeWithPeer } from './peer.ts';
import { type Row, rows, tableNames } from './rows.ts';
import { tables } from './tables.ts';

export interface DrawResult {
  /** Names of the row and the network. */
  readonly row: string;
  readonly network: string;
  readonly bound?: number;
  readonly draw: number;
  /** Bytes of all weights, as a part of what they take in 8 bits. */
  readonly payload: number;
  /** Float against the export, optimised. */
  readonly ours: ComparisonMetrics;
  /** Absent where the runtime does not run the formats: `ours` is our integer execution then. */
  readonly runtime?: RuntimeResult;
  readonly peer?: { readonly method: CalibrationMethod; readonly metrics: ComparisonMetrics };
}

/** What ONNX Runtime made of the export. */
export interface RuntimeResult {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Optimised against as written; our integer execution against optimised. */
  readonly asWritten: ComparisonMetrics;
  readonly integers: ComparisonMetrics;
  readonly operators: string;
  readonly floatCompute: number;
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: rows.map(({ name }) => name).join(',') },
    only: { type: 'string', default: '' },
    draws: { type: 'string', default: '1,2,3' },
    samples: { type: 'string', default: '' },
    agreement: { type: 'string', default: '200' },
    save: { type: 'string', default: '' },
    saved: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
requireShared('results');

// Waiting threads of the runtime spin: on a machine with other work one is faster.
const runtime = await loadOnnxRuntime({ threads: 1 });
const peer = peerVersion();
if (peer === undefined)
  console.error("onnxruntime's Python quantiser is not installed: its columns are left empty (QSPEC_PYTHON)");
const context = benchContext();
const saved: DrawResult[] =
  values.save !== '' && existsSync(values.save)
    ? readFileSync(values.save, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [];
const results: DrawResult[] = [];
for (const row of rows) {
  if (!values.rows.split(',').includes(row.name)) continue;
  for (const network of Object.keys(row.bounds)) {
    if (!network.includes(values.only)) continue;
    for (const draw of values.draws.split(',').map(Number)) {
      const result = knownResult(row, network, draw) ?? (values.saved ? undefined : await resultOf(row, network, draw));
      if (result !== undefined) results.push(result);
    }
  }
}
for (const table of tableNames) {
  const own = results.filter(({ row }) => rows.find(({ name }) => name === row)!.table === table);
  if (own.length === 0) continue;
  const text = tables(own, { runtime: runtime.version, peer });
  console.log(text);
  if (values.write) writeBetweenMarkers(join(root, 'docs', 'results.md'), table, text);
}
process.exit(0);

function knownResult(row: Row, network: string, draw: number): DrawResult | undefined {
  return saved.find((own) => own.row === row.name && own.network === network && own.draw === draw);
}

async function resultOf(row: Row, network: string, draw: number): Promise<DrawResult> {
  const begin = performance.now();
  const result = await measure(row, network, draw);
  if (values.save !== '') appendFileSync(values.save, `${JSON.stringify(result)}\n`);
  const { lost, won, dropInterval } = result.ours.labelled!;
  console.error(
    `${row.title} ${network}, draw ${draw}: ${lost} lost, ${won} won of ${result.ours.samples}, at most ${(100 * dropInterval.high).toFixed(2)} points; ${((performance.now() - begin) / 1000).toFixed(0)} s`,
  );
  return result;
}

async function measure(row: Row, network: string, draw: number): Promise<DrawResult> {
  const opened = await openSpec(join(root, 'bench', 'specs', row.from?.folder ?? row.name, `${network}.qspec`));
  const resolved = jobOf(opened).job;
  if (resolved === undefined) throw new Error(`the spec ${row.name}/${network} has errors`);
  const job = withDraw(withFormat(resolved, row), draw);
  const loaded = await loadModel(context.host, job.model);
  const pruned = await pruneModel(prepare(loaded, job.passes), job, context);
  const { prepared } = pruned;
  const calibration = await openData(calibrationSource(job), prepared.graph, job, context);
  const validation = await openData(evaluationSource(job)!, prepared.graph, job, context);
  const { compressed } = await compressJob(job, loaded, pruned, calibration, context);
  const { quantized } = compressed;

  const inputDims = new Map(Array.from(await validation.sample(0), ([name, tensor]) => [name, tensor.dims]));
  const engine = { mode: 'relaxed', inputDims } as const;
  const scorers: Scorer[] = [];
  const use = async (scorer: Promise<Scorer>) => {
    scorers.push(await scorer);
    return scorers.at(-1)!;
  };
  const float = await use(engineScorer(prepared.graph, context, { name: 'float', ...engine }));
  const own = ownExecution(quantized);
  const integers = await use(engineScorer(own.graph, context, { name: own.name, ...engine }));
  const main = row.engineOnly ? integers : await use(runtimeScorer(exported(), runtime));
  const limit = values.samples === '' ? {} : { samples: Number(values.samples) };
  const candidates = [main];
  if (peer !== undefined && row.peer !== undefined) {
    const { model: other } = await quantizeWithPeer(job.model, calibration, 'MinMax', row.peer);
    candidates.push(await use(runtimeScorer(other, runtime)));
  }
  const [ours, theirs] = await evaluate(validation, float, candidates, limit);
  const ran = row.engineOnly ? undefined : await inRuntime(exported());
  for (const scorer of scorers) await scorer.dispose();
  return {
    row: row.name,
    network,
    ...(row.bounds[network] !== undefined && { bound: row.bounds[network] }),
    draw,
    payload: payloadOf(quantized),
    ours: ours!,
    ...(ran && { runtime: ran }),
    ...(theirs && { peer: { method: 'MinMax' as const, metrics: theirs } }),
  };

  function exported(): Model {
    return exportQdq(loaded.model, quantized, { opset: Number(job.exports[0]!.options['opset']) });
  }

  async function inRuntime(model: Model): Promise<RuntimeResult> {
    const bytes = encodeModel(modelToProto(model));
    const samples = { length: 2, sample: (index: number) => validation.sample(index) };
    const { levels } = await verifyModel(runtime, bytes, { samples });
    const { operators, floatCompute } = levels.find(({ level }) => level === 'all')!;
    const plain = await use(runtimeScorer(model, runtime, 'disabled'));
    const [asWritten, own] = await evaluate(validation, main, [plain, integers], { samples: Number(values.agreement) });
    return {
      bytesBefore: loaded.bytes,
      bytesAfter: bytes.length,
      asWritten: asWritten!,
      integers: own!,
      operators: operators.map(({ op, count }) => `${count} ${op}`).join(', '),
      floatCompute: floatCompute.length,
    };
  }
}

/** Bits of all weights in codes, by their format, over 8 bits each. */
function payloadOf({ assignment }: QuantizedModel): number {
  let bits = 0;
  let count = 0;
  for (const [key, entry] of assignment.entries) {
    if (!key.endsWith(edgeKey('', 'weight')) || !hasCodes(entry)) continue;
    bits += entry.codes.length * formatNamed(entry.format).bits;
    count += entry.codes.length;
  }
  return bits / (8 * count);
}

/** The same job with the row's format for weights in the place of the spec's. */
function withFormat(job: Job, { from }: Row): Job {
  const { plan } = job;
  if (from === undefined || plan === undefined) return job;
  const nodes = Object.entries(plan.nodes).map(([name, choices]) => {
    const { weight } = choices;
    return [name, weight?.format === from.replaced ? { ...choices, weight: { ...weight, format: from.by } } : choices];
  });
  return { ...job, plan: { ...plan, nodes: Object.fromEntries(nodes) } };
}

/** The same job with another calibration draw; the samples measured are those outside of it. */
function withDraw(job: Job, draw: number): Job {
  const data = Object.fromEntries(
    Object.entries(job.data).map(([name, source]) => [name, sourceWithDraw(source, draw)]),
  );
  return { ...job, data };
}

function sourceWithDraw(source: DataSource, draw: number): DataSource {
  const { split } = source;
  return split === undefined
    ? source
    : { ...source, split: { ...split, path: split.path.replace('.draw1.', `.draw${draw}.`) } };
}
