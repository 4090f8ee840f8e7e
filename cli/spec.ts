import { nodeHost } from '../engine/env/node/host.ts';
import { type Finding, FindingError } from '../engine/findings.ts';
import type { ModelSummary } from '../engine/graph/summary.ts';
import { MeasurementCache } from '../engine/measurements/cache.ts';
import { measurementKey } from '../engine/measurements/key.ts';
import { type Measurements, measurementsOf } from '../engine/measurements/measurements.ts';
import type { Job } from '../engine/plan.ts';
import type { RunContext } from '../engine/run/context.ts';
import { loadModel } from '../engine/run/load.ts';
import { measureSensitivity } from '../engine/run/sensitivity.ts';
import type { Severities } from '../language/checks/severities.ts';
import { modelPathNamed } from '../language/facts.ts';
import {
  checkSpec,
  type LoadedSpec,
  loadSpec,
  lookAtFiles,
  readImports,
  resolveSpec,
  type SpecContext,
} from '../language/index.ts';
import { engineVocabulary } from '../language/vocabulary-engine.ts';
import { measurementFolder } from './measurement-folder.ts';

export interface OpenedSpec {
  readonly spec: LoadedSpec;
  readonly context: SpecContext;
  /** What the model's file holds; absent where it could not be read, which is a finding. */
  readonly summary: ModelSummary | undefined;
  readonly findings: readonly Finding[];
}

export interface OpenOptions {
  /** Where outputs may lie besides the spec's own folder. */
  readonly outFolder?: string | undefined;
  readonly severities?: Severities | undefined;
}

/** Reads a spec and everything it can be checked against, what was measured before among it. */
export async function openSpec(path: string, options: OpenOptions = {}): Promise<OpenedSpec> {
  const opened = await openUnmeasured(path, options);
  const { pending } = resolveSpec(opened.spec, opened.context);
  const known = pending && (await measuredBefore(pending));
  return known ? withMeasurements(opened, known) : opened;
}

async function measuredBefore(job: Job): Promise<Measurements | undefined> {
  try {
    return await measurementCache().get(await measurementKey(job, nodeHost()));
  } catch (error) {
    // A file that cannot be read is told of by whoever needs it.
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

function withMeasurements(opened: OpenedSpec, measurements: Measurements): OpenedSpec {
  return { ...opened, context: { ...opened.context, measurements } };
}

function measurementCache(): MeasurementCache {
  return new MeasurementCache(measurementFolder());
}

async function openUnmeasured(path: string, { outFolder, severities }: OpenOptions): Promise<OpenedSpec> {
  const host = nodeHost();
  const text = new TextDecoder().decode(await host.readFile(path));
  const spec = await readImports(loadSpec(text, path), host);
  const findings: Finding[] = [];
  const summary = await summaryOf(spec, findings);
  const context: SpecContext = {
    vocabulary: engineVocabulary(),
    path: host.path,
    fileAt: await lookAtFiles(spec, host),
    ...(summary && { model: summary }),
    ...(outFolder !== undefined && { outputFolders: [outFolder] }),
    ...(severities && { severities }),
  };
  return { spec, context, summary, findings };
}

async function summaryOf(spec: LoadedSpec, findings: Finding[]): Promise<ModelSummary | undefined> {
  const host = nodeHost();
  const path = modelPathOf(spec);
  if (path === undefined) return undefined;
  // That it is missing is a finding of the language's own, with the place in the spec.
  if ((await host.stat(path)) === undefined) return undefined;
  try {
    return (await loadModel(host, path, { weights: 'shapes' })).summary;
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    findings.push(error.finding);
    return undefined;
  }
}

/** The spec's own model, else that of the last import that names one. */
function modelPathOf(spec: LoadedSpec): string | undefined {
  return modelPathNamed(spec, nodeHost().path);
}

/** Everything that is wrong with a spec, and what its model's file has that the engine cannot work with. */
export function findingsOf({ spec, context, summary, findings }: OpenedSpec): readonly Finding[] {
  const ofModel = (summary?.findings ?? []).map((finding) => ({ ...finding, file: modelPathOf(spec) ?? spec.path }));
  return [...findings, ...ofModel, ...checkSpec(spec, context)];
}

export interface ResolvedJob {
  readonly job: Job | undefined;
  /** In place of a job: what has to be measured before there is one. */
  readonly pending?: Job | undefined;
  readonly findings: readonly Finding[];
}

/** The job that a spec asks for, or what keeps it from being one. */
export function jobOf({ spec, context, findings }: OpenedSpec): ResolvedJob {
  const resolved = resolveSpec(spec, context);
  const [job, pending] = findings.length > 0 ? [] : [resolved.job, resolved.pending];
  return { job, pending, findings: [...findings, ...resolved.findings] };
}

/** As `jobOf`, but what rules ask for and nobody has measured yet is measured first, and kept. */
export async function measuredJobOf(opened: OpenedSpec, context: RunContext): Promise<ResolvedJob> {
  const resolved = jobOf(opened);
  if (!resolved.pending) return resolved;
  const measured = measurementsOf(await measureSensitivity(resolved.pending.model, resolved.pending, context));
  await keep(resolved.pending, measured);
  return jobOf(withMeasurements(opened, measured));
}

/** A cache that cannot be written costs the next run its time, and this one nothing. */
export async function keep(measuredJob: Job, measurements: Measurements): Promise<void> {
  try {
    await measurementCache().put(await measurementKey(measuredJob, nodeHost()), measurements);
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
  }
}
