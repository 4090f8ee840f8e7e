import * as vscode from 'vscode';
import { type BaseLanguageClient, CodeLensRequest, InlayHintRequest } from 'vscode-languageclient';
import {
  type AllowedFoldersParams,
  allowedFoldersChanged,
  type CheckedParams,
  checkedNotification,
  type ExpectationsParams,
  type ExpectationsResult,
  expectationsRequest,
  fileRequests,
  type InitializationOptions,
  type MeasuredParams,
  type MeasuredResult,
  type ModelsNamedParams,
  type ModelsNamedResult,
  measuredRequest,
  measurementsChanged,
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
} from '../language/server/protocol.ts';
import type { Environment } from './environment.ts';
import { answerFileRequests } from './files.ts';
import { manualPlace } from './manual.ts';
import type { MeasurementFiles } from './measurements.ts';
import { ModelStatus } from './model-status.ts';
import { allowedFolders, findingSeverities, onChange, showsCodeLens, showsInlayHints } from './settings.ts';

/** The language server, started where the workspace has specs, with the first that is opened, or with the first question about one. */
export class LanguageService implements vscode.Disposable {
  readonly #environment: Environment;
  readonly #log: vscode.LogOutputChannel;
  readonly #extension: vscode.Uri;
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #checked = new vscode.EventEmitter<vscode.Uri>();
  /** An open spec was checked and its findings are published. */
  readonly onChecked = this.#checked.event;
  readonly #measurements: MeasurementFiles;
  #client: Promise<BaseLanguageClient> | undefined;

  /** @param extension the folder of the extension */
  constructor(
    environment: Environment,
    log: vscode.LogOutputChannel,
    extension: vscode.Uri,
    measurements: MeasurementFiles,
  ) {
    this.#environment = environment;
    this.#log = log;
    this.#extension = extension;
    this.#measurements = measurements;
    if (vscode.workspace.textDocuments.some(isSpec)) this.start();
    this.#subscriptions.push(
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (isSpec(document)) this.start();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#client?.then((c) => c.sendNotification(trustGranted))),
    );
  }

  start(): void {
    void this.#started().catch((error) => {
      this.#log.error(`The language server did not start: ${error}`);
      void vscode.window.showErrorMessage('QSpec cannot check specs: its language server did not start.');
    });
  }

  /** What a spec resolves to: the open document's text where it is open, else the file's. */
  async resolve(spec: vscode.Uri): Promise<ResolveResult> {
    return (await this.#started()).sendRequest<ResolveResult>(resolveRequest, {
      uri: spec.toString(),
    } satisfies ResolveParams);
  }

  /** The `expect` lines of a spec. */
  async expectations(spec: vscode.Uri): Promise<ExpectationsResult> {
    return (await this.#started()).sendRequest<ExpectationsResult>(expectationsRequest, {
      uri: spec.toString(),
    } satisfies ExpectationsParams);
  }

  /** The absolute path of the model that each spec names. */
  async modelsNamed(specs: readonly vscode.Uri[]): Promise<ModelsNamedResult> {
    if (specs.length === 0) return [];
    return (await this.#started()).sendRequest<ModelsNamedResult>(modelsNamedRequest, {
      uris: specs.map(String),
    } satisfies ModelsNamedParams);
  }

  /** What an open spec decides for each layer. */
  async plan(spec: vscode.Uri): Promise<PlanResult> {
    return (await this.#started()).sendRequest<PlanResult>(planRequest, { uri: spec.toString() } satisfies PlanParams);
  }

  /** The change that adds a rule to an open spec; null while its text cannot be read. */
  async ruleEdit(spec: vscode.Uri, rule: RuleEditParams['rule']): Promise<RuleEditResult> {
    const params: RuleEditParams = { uri: spec.toString(), rule };
    return (await this.#started()).sendRequest<RuleEditResult>(ruleEditRequest, params);
  }

  dispose(): void {
    this.#checked.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
    void this.#client?.then((client) => client.dispose(2000)).catch(() => {});
  }

  #started(): Promise<BaseLanguageClient> {
    this.#client ??= this.#connect().catch((error) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #connect(): Promise<BaseLanguageClient> {
    const asked = performance.now();
    const manual = await manualPlace(this.#extension);
    const options: InitializationOptions = {
      trusted: vscode.workspace.isTrusted,
      allowedFolders: allowedFolders(),
      severities: findingSeverities(),
      suggestCommand: 'editor.action.triggerSuggest',
      ...(manual && { manual }),
    };
    const client = await this.#environment.startLanguageClient({
      documentSelector: [{ language: 'qspec' }],
      markdown: { isTrusted: false },
      initializationOptions: options,
      outputChannel: this.#log,
      middleware: {
        provideInlayHints: (document, range, token, next) => (showsInlayHints() ? next(document, range, token) : []),
        provideCodeLenses: (document, token, next) => (showsCodeLens() ? next(document, token) : []),
      },
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.{onnx,qspec}') },
    });
    this.#subscriptions.push(
      ...answerFileRequests(client, fileRequests, this.#environment),
      client.onRequest(
        measuredRequest,
        async ({ key }: MeasuredParams): Promise<MeasuredResult> => (await this.#measurements.get(key)) ?? null,
      ),
      this.#measurements.onChanged(() => void client.sendNotification(measurementsChanged)),
      new ModelStatus(client),
      client.onNotification(checkedNotification, ({ uri }: CheckedParams) => this.#checked.fire(vscode.Uri.parse(uri))),
      onChange('inlayHints', () => refresh(client, InlayHintRequest.method)),
      onChange('codeLens', () => refresh(client, CodeLensRequest.method)),
      onChange('findings.severity', () => {
        const params: SeveritiesParams = { severities: findingSeverities() };
        void client.sendNotification(severitiesChanged, params);
      }),
      onChange('files.allowedFolders', () => {
        const folders: AllowedFoldersParams = { allowedFolders: allowedFolders() };
        void client.sendNotification(allowedFoldersChanged, folders);
      }),
    );
    this.#log.info(`Language server ready after ${Math.round(performance.now() - asked)} ms.`);
    return client;
  }
}

/** Has editors ask again for the notes between their lines. */
function refresh(
  client: BaseLanguageClient,
  method: typeof InlayHintRequest.method | typeof CodeLensRequest.method,
): void {
  for (const document of vscode.workspace.textDocuments.filter(isSpec)) {
    if (method === InlayHintRequest.method) {
      client.getFeature(InlayHintRequest.method).getProvider(document)?.onDidChangeInlayHints.fire();
    } else client.getFeature(CodeLensRequest.method).getProvider(document)?.onDidChangeCodeLensEmitter.fire();
  }
}

export function isSpec(document: vscode.TextDocument): boolean {
  return document.languageId === 'qspec';
}
