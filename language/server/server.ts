import {
  type CodeAction,
  CodeActionKind,
  CodeLensRefreshRequest,
  type Connection,
  type Diagnostic,
  MarkupKind,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Finding, FindingError } from '../../engine/findings.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import type { Host } from '../../engine/host.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import { type CheckedSpec, examine, type FileKnowledge } from '../context.ts';
import { completionsAt } from '../editor/completion.ts';
import { fixOf } from '../editor/fixes.ts';
import { tokenTypes } from '../editor/highlight.ts';
import { hoverAt } from '../editor/hover.ts';
import { lookAtFiles } from '../facts.ts';
import { importsOf, linkImports } from '../grammar/imports.ts';
import { type LoadedSpec, loadSpec } from '../grammar/load.ts';
import { engineVocabulary } from '../vocabulary-engine.ts';
import { completionKinds, overlaps, pathOf, toDiagnostic, toRange } from './convert.ts';
import { measureCommand, serveEditing } from './editing.ts';
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
  resolveRequest,
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
  connection.onInitialize(({ initializationOptions, workspaceFolders, capabilities }) => {
    const { trusted, allowedFolders = [] } = (initializationOptions ?? {}) as InitializationOptions;
    reach.trusted = trusted === true;
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
        completionProvider: { triggerCharacters: ['"', ' ', '/'] },
        documentFormattingProvider: true,
        documentRangeFormattingProvider: true,
        documentOnTypeFormattingProvider: { firstTriggerCharacter: '}' },
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
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
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
      const hover = hoverAt(examined(document), { line: position.line, column: position.character });
      return hover
        ? { contents: { kind: MarkupKind.Markdown, value: hover.markdown }, range: toRange(hover.range) }
        : null;
    }),
  );

  connection.onCompletion(
    guarded('completion', null, ({ textDocument, position }) => {
      const document = documents.get(textDocument.uri);
      if (!document) return null;
      const { suggestions, start, end } = completionsAt(examined(document), document.offsetAt(position));
      const range = { start: document.positionAt(start), end: document.positionAt(end) };
      return suggestions.map((suggestion, i) => ({
        label: suggestion.label,
        kind: completionKinds[suggestion.kind],
        sortText: String(i).padStart(5, '0'),
        filterText: suggestion.text ?? suggestion.label,
        textEdit: { range, newText: suggestion.text ?? suggestion.label },
        ...(suggestion.documentation === undefined ? {} : { documentation: suggestion.documentation }),
      }));
    }),
  );

  connection.onCodeAction(
    guarded('code action', null, ({ textDocument, range, context }) => {
      const document = documents.get(textDocument.uri);
      if (!document) return null;
      return judged(document).findings.flatMap((finding): CodeAction[] => {
        if (finding.code === 'rule/pending' && finding.range && overlaps(toRange(finding.range), range)) {
          return [measureAction(document.uri, context.diagnostics)];
        }
        const fix = fixOf(finding);
        if (!fix || !overlaps(toRange(fix.range), range)) return [];
        const diagnostics = context.diagnostics.filter((diagnostic) => diagnostic.code === finding.code);
        const edit = { changes: { [document.uri]: [{ range: toRange(fix.range), newText: fix.text }] } };
        return [{ title: fix.title, kind: CodeActionKind.QuickFix, diagnostics, edit, isPreferred: true }];
      });
    }),
  );

  serveEditing(connection, { documentAt: (uri) => documents.get(uri), examined, guarded });

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
      documentAt: (uri) => documents.get(uri),
      openTextAt,
    };
  }

  /** A document with all that is known now. Many requests follow each keystroke; only the first has to read it. */
  function examined(document: TextDocument): CheckedSpec {
    const { uri, version } = document;
    const before = known.get(uri);
    const isRead = before?.version === version && before.imports === imports.version;
    const bare = isRead ? before.bare : bareOf(linked(loadSpec(document.getText(), pathOf(uri))));
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
    return { vocabulary, path: host.path };
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

/** Runs in the client, which has the engine. */
function measureAction(uri: string, diagnostics: readonly Diagnostic[]): CodeAction {
  const title = 'Measure sensitivity';
  return {
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: diagnostics.filter(({ code }) => code === 'rule/pending'),
    command: { title, command: measureCommand, arguments: [uri] },
  };
}

function urisOf(folders: readonly { readonly uri: string }[]): string[] {
  return folders.map(({ uri }) => uri);
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
