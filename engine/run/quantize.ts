import type { Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Finding } from '../findings.ts';
import type { Model } from '../graph/graph.ts';
import { modelToProto } from '../graph/to-proto.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { ExportRequest, Job, Plan } from '../plan.ts';
import { throwIfCancelled } from '../progress.ts';
import { layOut } from '../quantize/layout.ts';
import { exportQdq } from '../readings/export-qdq.ts';
import { integerGraph } from '../readings/integer.ts';
import { judge, type Measurements } from '../report/judge.ts';
import type { AccuracyReport, Report, VerificationReport } from '../report/report.ts';
import { verifyModel } from '../verify/verify.ts';
import { type Compressed, compress, planOf } from './compress.ts';
import type { RunContext } from './context.ts';
import { calibrationSource, evaluationSource, openData } from './datasets.ts';
import { evaluate } from './evaluate.ts';
import { hardwareReport } from './hardware-report.ts';
import { outputNoise, weightNoise } from './layer-noise.ts';
import { layerReports } from './layer-report.ts';
import { type LoadedModel, loadModel, type Prepared, prepare } from './load.ts';
import { type Output, writeOutputs } from './outputs.ts';
import { engineScorer, runtimeScorer } from './scorer.ts';
import { Stopwatch } from './stopwatch.ts';

export interface QuantizeOptions {
  /** Folder that gathers every output; absent: each export's own path. */
  readonly outFolder?: string;
  /** False: nothing is written (`eval`). */
  readonly write: boolean;
  /** Samples that accuracy is measured on at most. Default: all of the data. 0: no evaluation. */
  readonly evaluationSamples?: number;
  /** Samples for the noise of each layer and for the agreement of the readings. */
  readonly layerSamples?: number;
  readonly agreementSamples?: number;
}

export interface QuantizeResult {
  readonly report: Report;
  /** No expectation and no budget failed or stayed unjudged. */
  readonly passed: boolean;
  /** Absolute paths, in the order of `report.files`. */
  readonly written: readonly string[];
}

/**
 * The main job: load, fold, calibrate, assign, export, verify in the runtime, measure, judge, write, report. Files
 * appear only once the runtime has run the exported model.
 */
export async function quantizeJob(job: Job, context: RunContext, options: QuantizeOptions): Promise<QuantizeResult> {
  const watch = new Stopwatch();
  const { host, progress } = context;
  progress.report('Loading', 0, 1);
  const model = await watch.time('load', () => loadModel(host, job.model));
  const prepared = await watch.time('passes', () => prepare(model));
  const plan = planOf(job);
  const calibration = await watch.time('data', () => openData(calibrationSource(job), prepared.graph, job, context));
  const source = evaluationSource(job);
  const wanted = options.evaluationSamples ?? Number.POSITIVE_INFINITY;
  const evaluation =
    source === undefined || wanted === 0
      ? undefined
      : await watch.time('data', () => openData(source, prepared.graph, job, context));

  const compressed = await watch.time('calibrate', () => compress(model, prepared, plan, calibration, context));
  throwIfCancelled(progress);
  const outputs = await watch.time('export', () => makeOutputs(job, model, prepared, compressed, calibration, context));
  const main = outputs.find((output) => output.request.style === 'qdq') ?? outputs[0]!;

  const verification = await watch.time('verify', () => verify(main, evaluation ?? calibration, context));
  const kernels = await loadKernels({
    mode: 'relaxed',
    threads: context.threads,
    startThread: host.startThread?.bind(host),
  });
  try {
    const accuracy = await watch.time('evaluate', () =>
      measure(main.model, prepared, compressed, evaluation ?? calibration, kernels, context, {
        samples: wanted === 0 ? 1 : wanted,
        // Accuracy on the samples that chose the ranges would flatter; agreement and SQNR are all that these can tell.
        labelled: evaluation !== undefined,
        agreement: options.agreementSamples ?? 16,
      }),
    );
    const noise = await watch.time('layers', () =>
      outputNoise(prepared.graph, compressed.quantized, calibration, {
        samples: options.layerSamples ?? 4,
        kernels,
        progress,
      }),
    );
    throwIfCancelled(progress);

    const size = main.bytes.length;
    const targets = job.targets.map((choice) => hardwareReport(choice, prepared.summary, compressed, size));
    const measurements = measurementsOf(model, size, accuracy.report, targets[0]?.after);
    const title = host.path.basename(job.model).replace(/\.onnx$/, '');
    const report: Omit<Report, 'files'> = {
      version: 1,
      tool: { name: 'qspec', version: context.toolVersion },
      title,
      spec: { path: host.path.basename(job.spec.path), hash: job.spec.hash },
      model: { path: host.path.basename(job.model), hash: model.hash },
      calibration: {
        data: calibration.name,
        samples: calibration.length,
        dataHash: calibration.hash,
        observers: observersOf(prepared, plan),
      },
      size: { before: model.bytes, after: size, parameters: prepared.summary.totals.parameters },
      accuracy: wanted === 0 ? undefined : accuracy.report,
      layers: layerReports({
        before: prepared.summary,
        after: compressed.summary,
        formats: compressed.formats,
        absorbed: prepared.absorbed,
        weightNoise: weightNoise(compressed.quantized),
        outputNoise: noise,
      }),
      targets: targets.map((target) => target.report),
      expectations: job.expectations.map((expectation) => judge(expectation, measurements)),
      verification: verification && { ...verification.report, integerExecution: accuracy.integerExecution },
      findings: gatherFindings(job, [
        ...model.model.findings,
        ...calibration.findings,
        ...(evaluation?.findings ?? []),
        ...compressed.findings,
        ...(verification?.findings ?? []),
        ...targets.flatMap((target) => target.after.findings),
      ]),
      stages: watch.stages,
    };
    const { files, written } = options.write
      ? await watch.time('write', () => writeOutputs(report, job, outputs, context, options.outFolder))
      : { files: [], written: [] };
    const judged = [...report.expectations, ...report.targets.flatMap((target) => target.budgets)];
    return {
      report: { ...report, files, stages: watch.stages },
      passed: judged.every((judgement) => judgement.passed === true),
      written,
    };
  } finally {
    kernels.dispose();
  }
}

async function makeOutputs(
  job: Job,
  model: LoadedModel,
  prepared: Prepared,
  compressed: Compressed,
  calibration: Dataset,
  context: RunContext,
): Promise<Output[]> {
  const provenance = {
    'qspec.version': context.toolVersion,
    'qspec.model.sha256': model.hash,
    'qspec.spec.sha256': job.spec.hash,
    'qspec.calibration.sha256': calibration.hash,
  };
  const requests: readonly ExportRequest[] = job.exports.length > 0 ? job.exports : [unwritten()];
  return requests.map((request) => {
    const opset = request.options['opset'];
    const exported =
      request.style === 'float'
        ? { ...model.model, graph: prepared.graph }
        : exportQdq(model.model, compressed.quantized, {
            provenance,
            ...(typeof opset === 'number' && { opset }),
          });
    return { request, model: exported, proto: modelToProto(exported), bytes: encodeModel(modelToProto(exported)) };
  });
}

/** A spec without an export is measured all the same; nothing of it is written. */
function unwritten(): ExportRequest {
  return { kind: 'onnx', style: 'qdq', path: '', options: {} };
}

async function verify(output: Output, dataset: Dataset, context: RunContext) {
  if (context.loadRuntime === undefined) return undefined;
  const runtime = await context.loadRuntime();
  const samples = { length: Math.min(8, dataset.length), sample: (index: number) => dataset.sample(index) };
  const result = await verifyModel(runtime, output.bytes, { samples, progress: context.progress });
  const report: VerificationReport = {
    runtime: result.runtime,
    version: result.version,
    levels: result.levels,
    betweenLevels: result.betweenLevels[0]?.metrics,
    integerExecution: undefined,
  };
  return { report, findings: result.findings };
}

async function measure(
  exported: Model,
  prepared: Prepared,
  compressed: Compressed,
  dataset: Dataset,
  kernels: Kernels,
  context: RunContext,
  options: { readonly samples: number; readonly labelled: boolean; readonly agreement: number },
): Promise<{ report: AccuracyReport; integerExecution: VerificationReport['integerExecution'] }> {
  const first = await dataset.sample(0);
  const inputDims = new Map(Array.from(first, ([name, tensor]) => [name, tensor.dims]));
  const engine = { inputDims, mode: 'relaxed', kernels } as const;
  const integers = await engineScorer(integerGraph(compressed.quantized), context, {
    name: 'integer execution',
    ...engine,
    reference: true,
  });
  const reference = await engineScorer(prepared.graph, context, { name: 'float', ...engine });
  const candidate = context.loadRuntime ? await runtimeScorer(exported, await context.loadRuntime()) : integers;
  try {
    const { labels: _, ...unlabelled } = dataset;
    const data: Dataset = options.labelled ? dataset : unlabelled;
    const [metrics] = await evaluate(data, reference, [candidate], {
      progress: context.progress,
      samples: options.samples,
    });
    const [agreement] =
      candidate === integers
        ? []
        : await evaluate(data, candidate, [integers], {
            progress: context.progress,
            stage: 'Comparing integer execution',
            samples: options.agreement,
          });
    return {
      report: {
        data: dataset.name,
        dataHash: dataset.hash,
        runtime: candidate.name,
        metrics: metrics!,
        measuredOn: reference.kind,
      },
      integerExecution: agreement,
    };
  } finally {
    await reference.dispose();
    await integers.dispose();
    if (candidate !== integers) await candidate.dispose();
  }
}

function measurementsOf(
  model: LoadedModel,
  size: number,
  { metrics }: AccuracyReport,
  profile: { latency: number; flash: number; ram: number } | undefined,
): Measurements {
  const { labelled, sqnr } = metrics;
  const top = (k: 'top1' | 'top5') => {
    const value = labelled?.candidate[k];
    const before = labelled?.reference[k];
    return value === undefined || before === undefined ? undefined : { value, before };
  };
  return {
    top1: top('top1'),
    top5: top('top5'),
    sqnr: { value: sqnr },
    size: { value: size, before: model.bytes },
    latency: profile && { value: profile.latency },
    flash: profile && { value: profile.flash },
    ram: profile && { value: profile.ram },
  };
}

/** How many tensors, or groups that share their parameters, each observer chose the range of. */
function observersOf(prepared: Prepared, plan: Plan): { readonly name: string; readonly tensors: number }[] {
  const counts = new Map<string, number>();
  for (const { choice } of layOut(prepared.graph, plan).groups) {
    counts.set(choice.observer.name, (counts.get(choice.observer.name) ?? 0) + 1);
  }
  return Array.from(counts, ([name, tensors]) => ({ name, tensors }));
}

function gatherFindings(job: Job, findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings
    .map((finding) => (finding.file === undefined && finding.range ? { ...finding, file: job.spec.path } : finding))
    .filter((finding) => {
      const key = `${finding.code}\u0000${finding.what}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}
