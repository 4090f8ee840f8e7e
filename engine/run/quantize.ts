import type { Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { compressJob } from '../auto/compress-job.ts';
import type { Finding } from '../findings.ts';
import { containers } from '../formats/carrier.ts';
import { modelToProto } from '../graph/to-proto.ts';
import { StatisticsMemory } from '../measurements/statistics-files.ts';
import { encodeModel } from '../onnx/codec.ts';
import { singleFileBytes, storedBytes, weightBytes } from '../onnx/model-file.ts';
import type { ExportRequest, Job } from '../plan.ts';
import { throwIfCancelled, turn } from '../progress.ts';
import { CodeStore } from '../quantize/code-store.ts';
import { exportFindings } from '../readings/export-findings.ts';
import { exportQdq, exportRefusal, type QdqOptions } from '../readings/export-qdq.ts';
import { bytes } from '../report/quantities.ts';
import type { Report } from '../report/report.ts';
import { verifyModel } from '../verify/verify.ts';
import { assembleReport } from './assemble-report.ts';
import { type Compressed, needsCalibration, planOf } from './compress.ts';
import type { RunContext } from './context.ts';
import { calibrationSource, evaluationSource, openData } from './datasets.ts';
import { outputNoise, weightNoise } from './layer-noise.ts';
import { type LoadedModel, loadJobModel, prepare } from './load.ts';
import { measureAccuracy } from './measure.ts';
import { checkPlaces, type Output, scratchOf, writeOutputs } from './outputs.ts';
import { pruneModel, zerosOf } from './prune.ts';
import { roundedWeights } from './rounded-weights.ts';
import { Stopwatch } from './stopwatch.ts';

export interface QuantizeOptions {
  /** Folder that gathers every output; absent: each export's own path. */
  readonly outFolder?: string;
  /** False: nothing is written (`eval`). */
  readonly write: boolean;
  /** `always`: weights in a file of their own beside the model. Default `auto`: only where one file would not do. */
  readonly externalData?: 'auto' | 'always';
  /** Samples that accuracy is measured on at most. Default: all of the data. 0: no evaluation. */
  readonly evaluationSamples?: number;
  /** Samples for the noise of each layer (default 4), for the agreement of the readings (16) and for verification (8). */
  readonly layerSamples?: number;
  readonly agreementSamples?: number;
  readonly verifySamples?: number;
}

/** Most bytes of weights of a model that is run as a whole, to be measured: as many as one file holds. */
const mostRun = 2 ** 31;

export interface QuantizeResult {
  readonly report: Report;
  /** Every expectation and every budget was judged and holds. */
  readonly passed: boolean;
  /** Absolute paths, in the order of `report.files`. */
  readonly written: readonly string[];
}

/**
 * The main job: load, fold, calibrate, assign, export, verify in the runtime, measure, judge, write, report. Files
 * appear only once the runtime has run the exported model.
 */
export async function quantizeJob(job: Job, owner: RunContext, options: QuantizeOptions): Promise<QuantizeResult> {
  const { host } = owner;
  if (options.write) await checkPlaces(job, host, options.outFolder);
  const codes = new CodeStore(options.write ? await scratchOf(job, host, options.outFolder) : undefined);
  try {
    return await run(job, { ...owner, statistics: new StatisticsMemory(owner.statistics), codes }, options);
  } finally {
    codes.close();
  }
}

async function run(job: Job, context: RunContext, options: QuantizeOptions): Promise<QuantizeResult> {
  const watch = new Stopwatch();
  const { host, progress } = context;
  const { evaluationSamples: wanted = Number.POSITIVE_INFINITY } = options;
  progress.report('Loading', 0, 1);
  const model = await watch.time('load', () => loadJobModel(host, job));
  const prepared = await watch.time('passes', () => prepare(model, job.passes));
  const pruned = await watch.time('prune', () => pruneModel(prepared, job, context));

  const open = (source: Parameters<typeof openData>[0] | undefined) =>
    source && watch.time('data', () => openData(source, prepared.graph, job, context));
  const calibration = await open(
    needsCalibration(prepared, planOf(job)) ? calibrationSource(job) : job.data['calibration'],
  );
  const evaluation = wanted === 0 ? undefined : await open(evaluationSource(job));
  const weights = prepared.summary.totals.constantBytes;
  const isRun = weights <= mostRun;
  const samples = isRun ? (evaluation ?? calibration) : undefined;

  const { plan, compressed } = await watch.time('calibrate', () =>
    compressJob(job, model, pruned, calibration, context),
  );
  throwIfCancelled(progress);
  const outputs = await watch.time('export', () =>
    makeOutputs(job, model, compressed, isRun, {
      'qspec.version': context.toolVersion,
      'qspec.model.sha256': model.hash,
      'qspec.spec.sha256': job.spec.hash,
      ...(calibration && { 'qspec.calibration.sha256': calibration.hash }),
    }),
  );
  const main = outputs.find((output) => output.request.style === 'qdq') ?? outputs[0]!;

  const runtime = main.bytes && (await context.loadRuntime?.());
  const verification =
    runtime &&
    (await watch.time('verify', () =>
      verifyModel(runtime, main.bytes!, {
        progress,
        ...(samples && { samples: first(samples, options.verifySamples) }),
      }),
    ));
  let loaded: Promise<Kernels> | undefined;
  const kernels = () => {
    loaded ??= loadKernels({
      mode: 'relaxed',
      threads: context.threads,
      startThread: host.startThread?.bind(host),
      cancelCell: progress.cancelCell,
    });
    return loaded;
  };
  try {
    const measured =
      samples === undefined || wanted === 0
        ? undefined
        : await watch.time('evaluate', async () =>
            measureAccuracy({
              exported: main.model,
              float: prepared.graph,
              quantized: compressed.quantized,
              dataset: samples,
              // What no export holds is measured in the engine.
              runtime: exportRefusal(compressed.quantized) ? undefined : runtime,
              kernels: await kernels(),
              context,
              samples: wanted,
              // Accuracy on the samples that chose the ranges would flatter; agreement and SQNR are all that they can tell.
              labelled: evaluation !== undefined,
              agreementSamples: options.agreementSamples ?? 16,
            }),
          );
    const noise = await watch.time('layers', () =>
      outputNoise(compressed.quantized.graph, compressed.quantized, isRun ? (calibration ?? evaluation) : undefined, {
        samples: options.layerSamples ?? 4,
        kernels,
        progress,
      }),
    );
    const lost = await watch.time('layers', () => weightNoise(compressed.quantized, progress));
    const zeros = await watch.time('layers', () => zerosOf(compressed.quantized.graph, pruned.zeroed, lost, context));
    // A short run may not have let a signal or a message through yet; from here on files are written.
    await turn();
    throwIfCancelled(progress);
    const report = assembleReport({
      job,
      toolVersion: context.toolVersion,
      model,
      prepared,
      plan,
      compressed,
      calibration,
      evaluation,
      size: main.bytes?.length ?? storedBytes(main.proto),
      measured,
      verification,
      weightNoise: lost,
      outputNoise: noise,
      zeros,
      findings: [
        ...exportFindings(compressed.quantized, qdqOptions(main.request)),
        ...pruned.findings,
        ...(main.bytes ? [] : [tooLargeToVerify(main, weights)]),
        ...(isRun || (calibration ?? evaluation) === undefined ? [] : [tooLargeToMeasure(weights)]),
      ],
      stages: watch.stages,
      path: host.path,
    });
    const { files, written } = options.write
      ? await watch.time('write', async () => {
          // Links may have changed in the minutes since.
          await checkPlaces(job, host, options.outFolder);
          return writeOutputs(report, job, outputs, context, options);
        })
      : { files: [], written: [] };
    const judged = [...report.expectations, ...report.targets.flatMap((target) => target.budgets)];
    return {
      report: { ...report, files, stages: watch.stages },
      passed: judged.every((judgement) => judgement.passed === true),
      written,
    };
  } finally {
    (await loaded)?.dispose();
  }
}

function tooLargeToVerify({ proto }: Output, before: number): Finding {
  return {
    code: 'verify/too-large',
    severity: 'warning',
    what: `The exported model was not run in ONNX Runtime: its weights take ${bytes(weightBytes(proto))}, ${bytes(before)} before.`,
    why: `Up to ${bytes(singleFileBytes)} of a model of up to ${bytes(mostRun)} are verified here; the runtime would need several times as much memory.`,
    fix: 'Run the exported model in the runtime that it is meant for.',
  };
}

function tooLargeToMeasure(weights: number): Finding {
  return {
    code: 'evaluate/too-large',
    severity: 'warning',
    what: `Accuracy and the noise of layers were not measured: the model has ${bytes(weights)} of weights.`,
    why: `Up to ${bytes(mostRun)} are run here; the float and the compressed model would both have to be in memory as a whole.`,
    fix: 'Measure the exported model in the runtime that it is meant for. What the weights lose is in the report.',
  };
}

function first<T extends { readonly length: number }>(dataset: T, count = 8): T {
  return Object.create(dataset, { length: { value: Math.min(count, dataset.length) } }) as T;
}

/** Every export that the spec asks for, in memory. A spec without one is measured all the same. */
function makeOutputs(
  job: Job,
  { model }: LoadedModel,
  { quantized }: Compressed,
  isRun: boolean,
  provenance: Readonly<Record<string, string>>,
): Output[] {
  const style = exportRefusal(quantized) ? 'float' : 'qdq';
  const unwritten: ExportRequest = { kind: 'onnx', style, path: '', options: {} };
  return (job.exports.length > 0 ? job.exports : [unwritten]).map((request) => {
    const exported =
      request.style === 'float'
        ? { ...model, graph: roundedWeights(quantized) }
        : exportQdq(model, quantized, { provenance, ...qdqOptions(request) });
    const proto = modelToProto(exported);
    const isLarge = !isRun || weightBytes(proto) > singleFileBytes;
    return { request, model: exported, proto, bytes: isLarge ? undefined : encodeModel(proto) };
  });
}

function qdqOptions({ options: { opset, container } }: ExportRequest): QdqOptions {
  const known = containers.find((own) => own === container);
  return { ...(typeof opset === 'number' && { opset }), ...(known && { container: known }) };
}
