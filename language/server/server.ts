import {
  CodeLensRefreshRequest,
  type Connection,
  MarkupKind,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Finding, FindingError } from '../../engine/findings.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import type { Host } from '../../engine/host.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import { readSeverities, type Severities } from '../checks/severities.ts';
import { type CheckedSpec, examine, type FileKnowledge } from '../context.ts';
import { ruleEdit } from '../editor/add-rule.ts';
import { formattingSigns } from '../editor/format-on-type.ts';
import { tokenTypes } from '../editor/highlight.ts';
import { hoverAt } from '../editor/hover.ts';
import type { Manual } from '../editor/pages/keyword.ts';
import { lookAtFiles } from '../facts.ts';
import { importsOf, linkImports } from '../grammar/imports.ts';
import { type LoadedSpec, loadSpec } from '../grammar/load.ts';
import { engineVocabulary } from '../vocabulary-engine.ts';
import { codeActionKinds, serveActions } from './actions.ts';
import { pathOf, toDiagnostic, toRange } from './convert.ts';
import { serveEditing } from './editing.ts';
import { ImportStore, importsFile } from './imports.ts';
import { MeasurementStore } from './measurements.ts';
import { type ModelState, ModelStore } from './models.ts';
import { planAt } from './plan.ts';
import {
  type AllowedFoldersParams,
  allowedFoldersChanged,
  type CheckedParams,
  checkedNotification,
  type ExpectationsParams,
  type ExpectationsResult,
  expectationsRequest,
  type InitializationOptions,
  type ManualPlace,
  type MeasuredParams,
  type MeasuredResult,
  type ModelStateParams,
  type ModelsNamedParams,
  type ModelsNamedResult,
  measuredRequest,
  measurementsChanged,
  modelStateNotification,
  modelsNamedRequest,
  type PlanParams,
  type PlanResult,
  planRequest,
  type ResolveParams,
  type ResolveResult,
  type RuleEditParams,
  type RuleEditResult,
  resolveRequest,
  ruleEditRequest,
  type SeveritiesParams,
  severitiesChanged,
  trustGranted,
} from './protocol.ts';
import { Reach, type ReachOptions } from './reach.ts';
import {
  asks,
  expectationsAt,
  findingsOf,
  measurableOf,
  modelNamedAt,
  modelPathOf,
  resolveAt,
  type Surroundings,
} from './specs.ts';
import { serveSuggestions } from './suggesting.ts';

/** Pause in typing after which a document is checked, in milliseconds. */
const pause = 30;

interface Examined {
  readonly version: number;
  /** The version of the texts that it imports. */
  readonly imports: number;
  /** Without model and files. */
  readonly bare: CheckedSpec;
  readonly model: ModelSummary | undefined;
  readonly fileAt: ((path: string) => FileKnowledge | undefined) | undefined;
  readonly measurements: Measurements | undefined;
  readonly checked: CheckedSpec;
}

/** The language server, the same on Node and in a worker: all it knows of its machine is the host. */
export function serve(connection: Connection, host: Host, options: ReachOptions): void {
  const documents = new TextDocuments(TextDocument);
  const vocabulary = engineVocabulary();
  const reach = new Reach(host, options);
  const models = new ModelStore(() => reach.host, checkAll);
  const imports = new ImportStore(() => reach.host, openTextAt, checkAll);
  const measurements = new MeasurementStore(
    () => reach.host,
    (key) =>
      connection.sendRequest<MeasuredResult>(measuredRequest, { key } satisfies MeasuredParams).catch(() => null),
  );
  const files = new Map<string, (path: string) => FileKnowledge | undefined>();
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const known = new Map<string, Examined>();
  const modelStates = new Map<string, ModelStateParams['state']>();

  let severities: Severities = {};

  /** Whatever a text or a client does: the answer is empty, the log says why, and the server goes on. */
  function guarded<A extends unknown[], R>(
    name: string,
    empty: R,
    work: (...args: A) => R | Promise<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      try {
        return await work(...args);
      } catch (error) {
        connection.console.error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
        return empty;
      }
    };
  }

  const checkSafely = guarded('check', undefined, check);

  let refreshes = false;
  let snippets = false;
  let suggestCommand: string | undefined;
  let manual: Manual | undefined;
  connection.onInitialize(({ initializationOptions, workspaceFolders, capabilities }) => {
    const wishes = (initializationOptions ?? {}) as InitializationOptions;
    const { trusted, allowedFolders = [] } = wishes;
    setSeverities(wishes.severities);
    reach.trusted = trusted === true;
    suggestCommand = wishes.suggestCommand;
    manual = wishes.manual && manualAt(wishes.manual);
    snippets = capabilities.textDocument?.completion?.completionItem?.snippetSupport === true;
    const { inlayHint, codeLens } = capabilities.workspace ?? {};
    refreshes = inlayHint?.refreshSupport === true && codeLens?.refreshSupport === true;
    reach.changeWorkspace(urisOf(workspaceFolders ?? []), []);
    reach.allow(allowedFolders);
    reach.update([]);
    if (capabilities.workspace?.workspaceFolders) {
      connection.onInitialized(
        guarded('initialized', undefined, () => {
          connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
            reach.changeWorkspace(urisOf(added), urisOf(removed));
            updateReach();
          });
        }),
      );
    }
    return {
      capabilities: {
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        textDocumentSync: TextDocumentSyncKind.Incremental,
        hoverProvider: true,
        completionProvider: { triggerCharacters: ['"', ' ', '/'], resolveProvider: true },
        documentFormattingProvider: true,
        documentRangeFormattingProvider: true,
        documentOnTypeFormattingProvider: {
          firstTriggerCharacter: formattingSigns[0],
          moreTriggerCharacter: formattingSigns.slice(1),
        },
        documentSymbolProvider: true,
        foldingRangeProvider: true,
        selectionRangeProvider: true,
        documentLinkProvider: {},
        documentHighlightProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        renameProvider: { prepareProvider: true },
        inlayHintProvider: true,
        codeLensProvider: {},
        semanticTokensProvider: {
          legend: { tokenTypes: [...tokenTypes], tokenModifiers: ['definition'] },
          full: true,
        },
        codeActionProvider: { codeActionKinds },
      },
    };
  });

  connection.onNotification(trustGranted, () => {
    reach.trusted = true;
    updateReach();
    checkAll();
  });

  connection.onNotification(
    allowedFoldersChanged,
    guarded('allowed folders', undefined, ({ allowedFolders }: AllowedFoldersParams) => {
      reach.allow(allowedFolders);
      updateReach();
    }),
  );

  connection.onNotification(
    severitiesChanged,
    guarded('severities', undefined, (params: SeveritiesParams) => {
      setSeverities(params.severities);
      known.clear();
      checkAll();
    }),
  );

  connection.onNotification(measurementsChanged, () => {
    measurements.forget();
    checkAll();
  });

  connection.onDidChangeWatchedFiles(() => {
    models.refreshAll();
    measurements.forget();
    imports.forget();
    checkAll();
  });

  documents.onDidChangeContent(({ document }) => {
    schedule(document.uri);
    // Specs that import this one read it as it stands in the editor.
    const path = pathOf(document.uri);
    for (const { uri } of documents.all()) {
      const other = known.get(uri)?.bare.spec;
      if (uri === document.uri || !other || !importsFile(other, path)) continue;
      known.delete(uri);
      schedule(uri);
    }
  });
  documents.onDidOpen(guarded('open', undefined, updateReach));
  documents.onDidClose(
    guarded('close', undefined, async ({ document: { uri } }) => {
      updateReach();
      clearTimeout(timers.get(uri));
      for (const map of [timers, files, modelStates, known]) map.delete(uri);
      measurements.close(uri);
      await connection.sendDiagnostics({ uri, diagnostics: [] });
    }),
  );

  connection.onHover(
    guarded('hover', null, ({ textDocument, position }) => {
      const document = documents.get(textDocument.uri);
      if (!document) return null;
      const hover = hoverAt(examined(document), { line: position.line, column: position.character }, manual);
      return hover
        ? { contents: { kind: MarkupKind.Markdown, value: hover.markdown }, range: toRange(hover.range) }
        : null;
    }),
  );

  const serving = { documentAt: (uri: string) => documents.get(uri), examined, guarded, manual: () => manual };
  serveEditing(connection, serving);
  serveActions(connection, { ...serving, findings: (document) => judged(document).findings });
  serveSuggestions(connection, {
    ...serving,
    host: () => (reach.trusted ? reach.host : undefined),
    snippets: () => snippets,
    suggestCommand: () => suggestCommand,
  });

  connection.onRequest(
    resolveRequest,
    guarded<[ResolveParams], ResolveResult>('resolve', { findings: [unresolved] }, ({ uri }) =>
      resolveAt(uri, surroundings()),
    ),
  );

  connection.onRequest<PlanResult, void>(
    planRequest,
    guarded<[PlanParams], PlanResult>('plan', { kind: 'none', finding: unresolved }, ({ uri }) => {
      const document = documents.get(uri);
      if (!document) return { kind: 'none', finding: notOpen };
      const checked = examined(document);
      return planAt(checked, stateOf(checked), reach.trusted);
    }),
  );

  connection.onRequest<RuleEditResult, void>(
    ruleEditRequest,
    guarded<[RuleEditParams], RuleEditResult>('rule edit', null, ({ uri, rule }) => {
      const document = documents.get(uri);
      return (document && ruleEdit(examined(document), rule)) ?? null;
    }),
  );

  connection.onRequest(
    modelsNamedRequest,
    guarded<[ModelsNamedParams], ModelsNamedResult>('models named', [], async ({ uris }) => {
      const paths: (string | null)[] = [];
      // One after the other: hundreds of specs are not to be held at once.
      for (const uri of uris) paths.push(await modelNamedAt(uri, surroundings()));
      return paths;
    }),
  );

  connection.onRequest(
    expectationsRequest,
    guarded<[ExpectationsParams], ExpectationsResult>('expectations', [], ({ uri }) =>
      expectationsAt(uri, surroundings()),
    ),
  );

  function surroundings(): Surroundings {
    return {
      vocabulary,
      models,
      measurements,
      host: reach.host,
      trusted: reach.trusted,
      severities,
      documentAt: (uri) => documents.get(uri),
      openTextAt,
    };
  }

  /** A document with all that is known now. Many requests follow each keystroke; only the first has to read it. */
  function examined(document: TextDocument): CheckedSpec {
    const { uri, version } = document;
    const before = known.get(uri);
    const isRead = before?.version === version && before.imports === imports.version;
    const bare = isRead ? before.bare : bareOf(linked(loadSpec(document.getText(), pathOf(uri), before?.bare.spec)));
    const model = modelOf(bare);
    const fileAt = files.get(uri);
    const measured = measurements.get(uri);
    const same = before?.bare === bare && before.model === model && before.fileAt === fileAt;
    if (same && before.measurements === measured) return before.checked;
    const more = { ...(model && { model }), ...(fileAt && { fileAt }), ...(measured && { measurements: measured }) };
    const checked = model || fileAt ? examine(bare.spec, { ...context(), ...more }) : bare;
    known.set(uri, { version, imports: imports.version, bare, model, fileAt, measurements: measured, checked });
    return checked;
  }

  /** With what it imports, as far as that is known now. */
  function linked(spec: LoadedSpec): LoadedSpec {
    return reach.trusted ? linkImports(spec, host.path, (path) => imports.get(path)) : spec;
  }

  /** The text of an open document by its path. */
  function openTextAt(path: string): string | undefined {
    return documents
      .all()
      .find(({ uri }) => pathOf(uri) === path)
      ?.getText();
  }

  function bareOf(spec: LoadedSpec): CheckedSpec {
    return examine(spec, context());
  }

  function context() {
    return { vocabulary, path: host.path, severities };
  }

  function stateOf(checked: CheckedSpec): ModelState | undefined {
    const path = reach.trusted ? modelPathOf(checked) : undefined;
    return path === undefined ? undefined : models.get(path);
  }

  function modelOf(checked: CheckedSpec): ModelSummary | undefined {
    const state = stateOf(checked);
    return state?.kind === 'loaded' ? state.summary : undefined;
  }

  function judged(document: TextDocument): { state: ModelStateParams['state']; findings: readonly Finding[] } {
    const checked = examined(document);
    const state = stateOf(checked);
    // What an import brings is known in a moment; until then names of it would be unknown.
    const waits = [...importsOf(checked.spec)].some(({ outcome }) => outcome.kind === 'unknown');
    if (waits) return { state: state?.kind ?? 'none', findings: checked.spec.findings };
    return { state: state?.kind ?? 'none', findings: findingsOf(checked, state) };
  }

  function setSeverities(wishes: unknown): void {
    const read = readSeverities(wishes);
    severities = read.severities;
    for (const sentence of read.refused) connection.console.warn(`qspec.findings.severity: ${sentence}`);
  }

  function updateReach(): void {
    if (!reach.update(documents.keys())) return;
    models.refreshAll();
    imports.forget();
    checkAll();
  }

  function checkAll(): void {
    for (const { uri } of documents.all()) schedule(uri);
  }

  function schedule(uri: string): void {
    clearTimeout(timers.get(uri));
    timers.set(
      uri,
      setTimeout(() => void checkSafely(uri), pause),
    );
  }

  /** What can be said at once is said at once; what files have to say follows. */
  async function check(uri: string): Promise<void> {
    timers.delete(uri);
    const document = documents.get(uri);
    if (!document) return;
    await publish(document);
    if (!reach.trusted) return;
    const { version } = document;
    const fileAt = await lookAtFiles(examined(document).spec, reach.host);
    const current = documents.get(uri);
    if (!current) return;
    files.set(uri, fileAt);
    if (current.version !== version) return;
    await publish(current);
    if (!(await lookForMeasurements(current))) return;
    const latest = documents.get(uri);
    if (latest?.version !== version) return;
    await publish(latest);
    refreshNotes();
  }

  /** True if rules of the document ask for what is measured, and something else is known of it than before. */
  async function lookForMeasurements(document: TextDocument): Promise<boolean> {
    const checked = examined(document);
    const job = measurableOf(checked);
    // Of a spec with errors what was known stays: it has them while a word is being typed.
    if (!job && asks(checked)) return false;
    try {
      return await measurements.update(document.uri, job);
    } catch (error) {
      // A file that cannot be read is told of by the checks and by the run.
      if (error instanceof FindingError) return false;
      throw error;
    }
  }

  /** Notes between the lines are asked for anew only when they are told to be others. */
  function refreshNotes(): void {
    if (!refreshes) return;
    connection.languages.inlayHint.refresh().catch(() => {});
    connection.sendRequest(CodeLensRefreshRequest.type).catch(() => {});
  }

  async function publish(document: TextDocument): Promise<void> {
    const { uri, version } = document;
    const { state, findings } = judged(document);
    if ((modelStates.get(uri) ?? 'none') !== state) {
      modelStates.set(uri, state);
      refreshNotes();
      await connection.sendNotification(modelStateNotification, { uri, state } satisfies ModelStateParams);
    }
    await connection.sendDiagnostics({ uri, version, diagnostics: findings.map(toDiagnostic) });
    await connection.sendNotification(checkedNotification, { uri } satisfies CheckedParams);
  }

  documents.listen(connection);
  connection.listen();
}

function urisOf(folders: readonly { readonly uri: string }[]): string[] {
  return folders.map(({ uri }) => uri);
}

/** Addresses of sections, which editors open by their line. */
function manualAt({ uri, lines }: ManualPlace): Manual {
  return (section) => (Object.hasOwn(lines, section) ? `${uri}#L${lines[section]}` : undefined);
}

const unresolved: Finding = {
  code: 'spec/unresolved',
  severity: 'error',
  what: 'QSpec could not work out what this spec asks for: an error of its own, which its log tells of.',
};

const notOpen: Finding = {
  code: 'plan/not-open',
  severity: 'information',
  what: 'The spec is not open, so nobody watches what it decides.',
  fix: 'Open it.',
};
