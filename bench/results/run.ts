// Accuracy of the main job on real models: the table of docs/results.md.
//   node bench/results/run.ts [--only NAME] [--draws 1,2,3] [--agreement 200] [--save FILE] [--write]
// For each model and calibration draw: float and INT8 on the same samples, the exported model in onnxruntime-web at both
// ends of its graph optimisation, our integer execution, and onnxruntime's own Python quantiser on the same samples
// (QSPEC_PYTHON names a Python that has it; without one its columns say so). --write puts the tables into docs/results.md;
// --agreement says on how many samples the readings are compared with each other;
// --save keeps each result in a file of JSON lines, and what is in there already is not measured again.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jobOf, openSpec } from '../../cli/spec.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { modelToProto } from '../../engine/graph/to-proto.ts';
import { encodeModel } from '../../engine/onnx/codec.ts';
import type { DataSource, Job } from '../../engine/plan.ts';
import { exportQdq } from '../../engine/readings/export-qdq.ts';
import { integerGraph } from '../../engine/readings/integer.ts';
import { compress, planOf } from '../../engine/run/compress.ts';
import type { RunContext } from '../../engine/run/context.ts';
import { calibrationSource, evaluationSource, openData } from '../../engine/run/datasets.ts';
import { evaluate } from '../../engine/run/evaluate.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import type { ComparisonMetrics } from '../../engine/run/metrics.ts';
import { engineScorer, runtimeScorer, type Scorer } from '../../engine/run/scorer.ts';
import { verifyModel } from '../../engine/verify/verify.ts';
import { writeBetweenMarkers } from '../../scripts/markers.mjs';
import { hasShared, root } from '../../test/shared.ts';
import { type CalibrationMethod, peerVersion, quantizeWithPeer } from './peer.ts';
import { tables } from './tables.ts';

/** Upper bound of the drop that each model must stay below, in points. */
const models = [
  { name: 'kws', title: 'KWS DS-CNN', bound: 1.5 },
  { name: 'vww', title: 'VWW MobileNetV1-0.25-96', bound: 1.5 },
  { name: 'resnet8', title: 'ResNet8', bound: 1.5 },
  { name: 'mobilenetv1', title: 'MobileNetV1-0.25-224', bound: 3 },
  { name: 'squeezenet', title: 'SqueezeNet', bound: 1.5 },
] as const;

export interface DrawResult {
  readonly title: string;
  readonly bound: number;
  readonly draw: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Float against the export, optimised. */
  readonly ours: ComparisonMetrics;
  /** Optimised against as written; our integer execution against optimised. */
  readonly asWritten: ComparisonMetrics;
  readonly integers: ComparisonMetrics;
  readonly operators: string;
  readonly floatCompute: number;
  readonly peer?: { readonly method: CalibrationMethod; readonly metrics: ComparisonMetrics };
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    draws: { type: 'string', default: '1,2,3' },
    samples: { type: 'string', default: '' },
    agreement: { type: 'string', default: '200' },
    save: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});
if (!hasShared) {
  console.error('bench/results: skipped, the shared models and data are absent (QSPEC_SHARED names their folder)');
  process.exit(1);
}

// Results do not depend on it, and waiting threads of the runtime spin: on a machine with other work one is faster.
const threads = 1;
const runtime = await loadOnnxRuntime({ threads });
const peer = peerVersion();
if (peer === undefined)
  console.error("onnxruntime's Python quantiser is not installed: its columns are left empty (QSPEC_PYTHON)");
const context: RunContext = {
  host: nodeHost(),
  progress: { signal: new AbortController().signal, report() {} },
  threads,
  toolVersion: 'bench',
};
const saved: DrawResult[] =
  values.save !== '' && existsSync(values.save)
    ? readFileSync(values.save, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [];
const results: DrawResult[] = [];
for (const model of models) {
  if (!model.name.includes(values.only)) continue;
  for (const draw of values.draws.split(',').map(Number)) {
    const known = saved.find((result) => result.title === model.title && result.draw === draw);
    if (known !== undefined) {
      results.push(known);
      continue;
    }
    const begin = performance.now();
    const result = await measure(model, draw);
    results.push(result);
    if (values.save !== '') appendFileSync(values.save, `${JSON.stringify(result)}\n`);
    const { labelled } = result.ours;
    console.error(
      `${model.title}, draw ${draw}: ${labelled!.lost} lost, ${labelled!.won} won of ${result.ours.samples}, ${((performance.now() - begin) / 1000).toFixed(0)} s`,
    );
  }
}
const text = tables(results, { runtime: runtime.version, peer });
console.log(text);
if (values.write) writeBetweenMarkers(join(root, 'docs', 'results.md'), 'accuracy', text);
process.exit(0);

async function measure(model: (typeof models)[number], draw: number): Promise<DrawResult> {
  const opened = await openSpec(join(root, 'bench', 'specs', `${model.name}.qspec`));
  const resolved = jobOf(opened).job;
  if (resolved === undefined) throw new Error(`the spec of ${model.name} has errors`);
  const job = withDraw(resolved, draw);
  const loaded = await loadModel(context.host, job.model);
  const prepared = prepare(loaded);
  const calibration = await openData(calibrationSource(job), prepared.graph, job, context);
  const validation = await openData(evaluationSource(job)!, prepared.graph, job, context);
  const { quantized } = await compress(loaded, prepared, planOf(job), calibration, context);
  const exported = exportQdq(loaded.model, quantized, { opset: 21 });
  const bytes = encodeModel(modelToProto(exported));
  const samples = { length: 2, sample: (index: number) => validation.sample(index) };
  const { levels } = await verifyModel(runtime, bytes, { samples });
  const optimised = levels.find(({ level }) => level === 'all')!;

  const inputDims = new Map(Array.from(await validation.sample(0), ([name, tensor]) => [name, tensor.dims]));
  const engine = { mode: 'relaxed', inputDims } as const;
  const scorers: Scorer[] = [];
  const use = async (scorer: Promise<Scorer>) => {
    scorers.push(await scorer);
    return scorers.at(-1)!;
  };
  const float = await use(engineScorer(prepared.graph, context, { name: 'float', ...engine }));
  const export_ = await use(runtimeScorer(exported, runtime));
  const plain = await use(runtimeScorer(exported, runtime, 'disabled'));
  const integers = await use(engineScorer(integerGraph(quantized), context, { name: 'integers', ...engine }));
  const limit = values.samples === '' ? {} : { samples: Number(values.samples) };
  const candidates = [export_];
  if (peer !== undefined) {
    const { model: other } = await quantizeWithPeer(job.model, calibration, 'MinMax');
    candidates.push(await use(runtimeScorer(other, runtime)));
  }
  const [ours, theirs] = await evaluate(validation, float, candidates, limit);
  const [asWritten, ownIntegers] = await evaluate(validation, export_, [plain, integers], {
    samples: Number(values.agreement),
  });
  for (const scorer of scorers) await scorer.dispose();
  return {
    title: model.title,
    bound: model.bound,
    draw,
    bytesBefore: loaded.bytes,
    bytesAfter: bytes.length,
    ours: ours!,
    asWritten: asWritten!,
    integers: ownIntegers!,
    operators: optimised.operators.map(({ op, count }) => `${count} ${op}`).join(', '),
    floatCompute: optimised.floatCompute.length,
    ...(theirs && { peer: { method: 'MinMax' as const, metrics: theirs } }),
  };
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
