import { nodeHost } from '../engine/env/node/host.ts';
import { type Finding, FindingError } from '../engine/findings.ts';
import type { ModelSummary } from '../engine/graph/summary.ts';
import type { Job } from '../engine/plan.ts';
import { loadModel } from '../engine/run/load.ts';
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

/** Reads a spec and everything it can be checked against. */
export async function openSpec(path: string, { outFolder, severities }: OpenOptions = {}): Promise<OpenedSpec> {
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
  readonly findings: readonly Finding[];
}

/** The job that a spec asks for, or what keeps it from being one. */
export function jobOf({ spec, context, findings }: OpenedSpec): ResolvedJob {
  const resolved = resolveSpec(spec, context);
  return { job: findings.length > 0 ? undefined : resolved.job, findings: [...findings, ...resolved.findings] };
}
