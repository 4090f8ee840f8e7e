import { loadKernels } from '../../kernels/loader.ts';
import type { Dataset } from '../data/dataset.ts';
import { compile } from '../executor/compile.ts';
import type { Compile, CompileOptions } from '../executor/program.ts';
import { type Finding, fail } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import { type ModelSummary, summarize } from '../graph/summary.ts';
import { assignedFormats, type ModelFormats } from '../hardware/model-formats.ts';
import type { Job, Plan } from '../plan.ts';
import { type AssignResult, assign } from '../quantize/assign.ts';
import type { QuantizedModel } from '../quantize/assignment.ts';
import { calibrate, needsCalibration as dataNeeded, noStatistics, type Statistics } from '../quantize/calibrate.ts';
import { calibrationSubject } from '../quantize/kept-statistics.ts';
import { needsReconstruction, reconstruct } from '../quantize/reconstruct.ts';
import { channelDistributions, expectedInputs } from '../rescaling/channel-distributions.ts';
import { equalizeLayers, needsEqualizing } from '../rescaling/data-free.ts';
import { needsRescaling, type Rescaled, rescale } from '../rescaling/rescale.ts';
import { type RunContext, renamed } from './context.ts';
import { coverageFindings } from './coverage.ts';
import type { LoadedModel, Prepared } from './load.ts';

export interface Compressed {
  readonly quantized: QuantizedModel;
  readonly statistics: Statistics;
  readonly summary: ModelSummary;
  readonly formats: ModelFormats;
  readonly findings: readonly Finding[];
}

/** Rescaling, calibration and assignment: from a float graph and a plan to codes. Data may be absent where only weights are compressed. */
export async function compress(
  model: LoadedModel,
  prepared: Prepared,
  wanted: Plan,
  calibration: Dataset | undefined,
  context: RunContext,
  pruned: ReadonlySet<string> = new Set(),
): Promise<Compressed> {
  const { startThread } = context.host;
  const running = {
    compile: (graph: Graph, options: CompileOptions) =>
      compile(graph, {
        ...options,
        progress: context.progress,
        memoryLeft: context.host.memoryLeft,
        ...(startThread && { startThread: startThread.bind(context.host) }),
      }),
    threads: context.threads,
  };
  const equalized = needsEqualizing(wanted)
    ? equalizeLayers(prepared.graph, wanted, channelDistributions(model.model.graph, prepared.graph), context.progress)
    : undefined;
  const source = equalized?.graph ?? prepared.graph;
  const kept = calibration && keptOf(source, calibration, context);
  const { graph, plan, findings }: Rescaled =
    calibration === undefined || !needsRescaling(wanted)
      ? { graph: source, plan: wanted, findings: [] }
      : await rescale(source, wanted, calibration, {
          ...running,
          progress: renamed(context.progress, 'Rescaling channels'),
          kept,
        });
  const statistics: Statistics =
    calibration === undefined || !dataNeeded(graph, plan)
      ? noStatistics
      : await calibrate(graph, plan, calibration, {
          ...running,
          progress: renamed(context.progress, 'Calibrating'),
          kept: graph === source ? kept : keptOf(graph, calibration, context),
        });
  const means = equalized && expectedInputs(graph, plan, equalized.distributions);
  const assigned: AssignResult = await assign(
    graph,
    plan,
    { ...statistics, ...(means && { means }) },
    { progress: renamed(context.progress, 'Choosing codes'), ...storeOf(context) },
  );
  const result =
    calibration !== undefined && needsReconstruction(plan)
      ? await layerByLayer(assigned, plan, calibration, context)
      : assigned;
  const summary = summarize({ ...model.model, graph: result.graph });
  // What is in codes already may be all that there is.
  const coverage = plan.keepsCodes ? [] : coverageFindings(summary, plan, result.assignment, pruned);
  return {
    quantized: result,
    statistics,
    summary,
    formats: assignedFormats(summary, result.assignment),
    findings: [...coverage, ...(equalized?.findings ?? []), ...findings, ...result.findings],
  };
}

/** Where statistics of a graph on these samples, in strict arithmetic, are kept from run to run. */
function keptOf(graph: Graph, calibration: Dataset, { statistics, toolVersion, host }: RunContext) {
  if (statistics === undefined) return undefined;
  const digest = host.sha256?.bind(host);
  let subject: string | undefined;
  return {
    cache: statistics,
    // Reads every weight: once, though rescaling and calibration both ask.
    subject: () => {
      subject ??= calibrationSubject(graph, calibration, 'strict', toolVersion, digest);
      return subject;
    },
  };
}

function layerByLayer(assigned: AssignResult, plan: Plan, calibration: Dataset, context: RunContext) {
  const options = { progress: renamed(context.progress, 'Reconstructing layers'), ...storeOf(context) };
  return compilingStrictly(context, (own) => reconstruct(assigned, plan, calibration, { compile: own, ...options }));
}

function storeOf({ codes }: RunContext) {
  return codes && { store: codes };
}

/** One set of threads for many small programs, in strict arithmetic. */
export async function compilingStrictly<T>(
  { host, threads, progress }: RunContext,
  work: (compile: Compile) => Promise<T>,
): Promise<T> {
  const startThread = host.startThread?.bind(host);
  const kernels = await loadKernels({ mode: 'strict', threads, startThread, cancelCell: progress.cancelCell });
  try {
    return await work((graph, options) =>
      compile(graph, { ...options, kernels, progress, memoryLeft: host.memoryLeft }),
    );
  } finally {
    kernels.dispose();
  }
}

/** Whether any activation is to be held in codes, or a method of the weights wants to see the data. */
export function needsCalibration(prepared: Prepared, plan: Plan): boolean {
  return dataNeeded(prepared.graph, plan);
}

/** The plan of a job that is to compress; one that only prunes leaves everything float. */
export function planOf(job: Job): Plan {
  return (
    job.plan ??
    (job.prune && { arithmetic: 'ort', nodes: {} }) ??
    fail('run/no-plan', 'The spec says nothing of what to compress.', {
      file: job.spec.path,
      fix: 'Add a quantize block: quantize { weights int8 symmetric per-channel  activations uint8 }.',
    })
  );
}
