import type { TextDocument } from 'vscode-languageserver-textdocument';
import { type Finding, FindingError, fail } from '../../engine/findings.ts';
import type { Host } from '../../engine/host.ts';
import type { Job } from '../../engine/plan.ts';
import { runChecks } from '../checks/run.ts';
import type { Severities } from '../checks/severities.ts';
import { type CheckedSpec, examine } from '../context.ts';
import { largestSpecFile, lookAtFiles, modelPathNamed, readImports } from '../facts.ts';
import { byPosition, type LoadedSpec, loadSpec } from '../grammar/load.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { selects } from '../grammar/rules.ts';
import { textValue } from '../grammar/text.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { resolveSpec } from '../resolve/job.ts';
import { asksForMeasurements } from '../selectors/select.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { asEditorsWrite, pathOf } from './convert.ts';
import type { MeasurementStore } from './measurements.ts';
import type { ModelState, ModelStore } from './models.ts';
import type { ExpectationsResult, ResolveResult } from './protocol.ts';

/** What specs are judged with: their texts, the machine's files, the models. */
export interface Surroundings {
  readonly vocabulary: Vocabulary;
  readonly models: ModelStore;
  readonly measurements: MeasurementStore;
  /** What it refuses is not opened. */
  readonly host: Host;
  /** False: `host` is not to be called at all. */
  readonly trusted: boolean;
  readonly severities: Severities;
  documentAt(uri: string): TextDocument | undefined;
  /** The text of an open document by its path. */
  openTextAt(path: string): string | undefined;
}

/** What the checks find, and why the model cannot be had. */
export function findingsOf(checked: CheckedSpec, state: ModelState | undefined): readonly Finding[] {
  return withModelState(runChecks(checked), checked, state);
}

/** Absolute; undefined where none is named. */
export function modelPathOf({ definitions, absolute }: CheckedSpec): string | undefined {
  const path = definitions.model?.path;
  return path && textValue(path) !== '' ? absolute(path) : undefined;
}

function withModelState(
  findings: readonly Finding[],
  { definitions, spec }: CheckedSpec,
  state: ModelState | undefined,
): readonly Finding[] {
  if (state?.kind !== 'failed' || !state.finding) return findings;
  const place = definitions.model?.path && { range: rangeOf(definitions.model.path) };
  return [...findings, { ...state.finding, ...place, file: spec.path }].sort(byPosition);
}

/** What is to be measured for a spec whose rules ask for it; undefined where none does, or where it has errors. */
export function measurableOf(checked: CheckedSpec): Job | undefined {
  if (!asks(checked)) return undefined;
  const { spec, measurements: _, ...context } = checked;
  return resolveSpec(spec, context).pending;
}

export function asks({ outcomes }: CheckedSpec): boolean {
  return outcomes.some(({ matches }) =>
    matches.some(({ rule }) => selects(rule) && asksForMeasurements(rule.selector, rule.predicate)),
  );
}

/** The job that a spec asks for, after its model was read and its files were looked at; or what keeps it from being one. */
export async function resolveAt(uri: string, surroundings: Surroundings): Promise<ResolveResult> {
  if (!surroundings.trusted) return { findings: [untrusted] };
  try {
    const { vocabulary, host, models, severities } = surroundings;
    const openText = (path: string) => {
      const text = surroundings.openTextAt(path);
      return text === undefined ? undefined : { text };
    };
    const spec = await readImports(await specAt(uri, surroundings), host, openText);
    const fileAt = await lookAtFiles(spec, host);
    const bare = examine(spec, { vocabulary, path: host.path, fileAt });
    const path = modelPathOf(bare);
    const state = path === undefined ? undefined : await models.settled(path);
    const model = state?.kind === 'loaded' ? state.summary : undefined;
    const context = { vocabulary, path: host.path, fileAt, model, severities };
    const first = resolveSpec(spec, context);
    const found = first.pending && (await surroundings.measurements.of(first.pending));
    const measurements = found?.measurements;
    const { job, pending, findings } = measurements ? resolveSpec(spec, { ...context, measurements }) : first;
    return {
      ...(job && state?.kind === 'loaded' && { job }),
      ...(pending && found && { pending: { key: found.key, job: pending } }),
      findings: withModelState(findings, bare, state),
    };
  } catch (error) {
    if (error instanceof FindingError) return { findings: [error.finding] };
    throw error;
  }
}

/** The path of the model that a spec names; null where it names none or cannot be read. */
export async function modelNamedAt(uri: string, surroundings: Surroundings): Promise<string | null> {
  if (!surroundings.trusted) return null;
  try {
    const path = modelPathNamed(
      await readImports(await specAt(uri, surroundings), surroundings.host),
      surroundings.host.path,
    );
    return path === undefined ? null : asEditorsWrite(path);
  } catch {
    return null;
  }
}

/** The `expect` lines of a spec. An open document may be read in an untrusted workspace too: it names no file yet. */
export async function expectationsAt(uri: string, surroundings: Surroundings): Promise<ExpectationsResult> {
  if (!surroundings.trusted && !surroundings.documentAt(uri)) return [];
  try {
    const { ast } = await specAt(uri, surroundings);
    return statementsOf(ast, 'ExpectStatement').map((statement) => ({
      text: (statement.$cstNode?.text ?? '').replaceAll(/\s+/g, ' '),
      range: rangeOf(statement),
    }));
  } catch {
    return [];
  }
}

async function specAt(uri: string, { host, documentAt }: Surroundings): Promise<LoadedSpec> {
  const document = documentAt(uri);
  const path = pathOf(uri);
  if (document) return loadSpec(document.getText(), path);
  const stat = await host.stat(path);
  if (stat === undefined) fail('file/missing', `There is no spec at ${path}.`, { file: path });
  if (stat.size > largestSpecFile) {
    fail('syntax/too-large', `The spec has ${stat.size} bytes; at most ${largestSpecFile} are read.`, {
      file: path,
      fix: 'Check that this is the file you meant.',
    });
  }
  return loadSpec(new TextDecoder().decode(await host.readFile(path)), path);
}

export const untrusted: Finding = {
  code: 'workspace/untrusted',
  severity: 'error',
  what: 'This workspace is not trusted, so QSpec opens no model and no data of it.',
  why: 'A spec from elsewhere could name any file of this machine.',
  fix: 'Trust the workspace (command "Workspaces: Manage Workspace Trust").',
};
