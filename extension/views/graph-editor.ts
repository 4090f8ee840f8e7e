import * as vscode from 'vscode';
import { FindingError } from '../../engine/findings.ts';
import type { ViewAction } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import { EngineEnded } from '../engine/owner.ts';
import { nameOf } from '../specs/find.ts';
import { untrusted } from '../trust.ts';
import { Channel } from './channel.ts';
import { graphMessage, sensitivityMessage } from './graph-message.ts';
import { type OpenedModel, openModel } from './opened-model.ts';
import { preparePage } from './page.ts';

export const graphViewType = 'qspec.graph';

/** The graph viewer: a read-only editor of `.onnx` files, offered beside others and never forced on anybody. */
export class GraphEditors implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  readonly #app: App;
  readonly #views = new Set<GraphView>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(app: App) {
    this.#app = app;
    this.#subscriptions = [
      vscode.window.registerCustomEditorProvider(graphViewType, this, { supportsMultipleEditorsPerDocument: true }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        for (const view of this.#views) void view.load();
      }),
    ];
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => {} };
  }

  resolveCustomEditor(document: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const view = new GraphView(document.uri, panel, this.#app);
    this.#views.add(view);
    panel.onDidDispose(() => {
      this.#views.delete(view);
      view.dispose();
    });
    void view.load();
  }

  /** Opens a model's graph, at a layer if one is given. */
  async open(model: vscode.Uri, layer?: string): Promise<void> {
    await vscode.commands.executeCommand('vscode.openWith', model, graphViewType);
    if (layer !== undefined) this.#of(model)?.reveal(layer);
  }

  /** Measures sensitivity in the view of a model, which opens if it is not there. */
  async measure(model: vscode.Uri): Promise<void> {
    await this.open(model);
    await this.#of(model)?.measure('choose');
  }

  /** The model in the active editor, if a graph is shown there. */
  get active(): vscode.Uri | undefined {
    return [...this.#views].find((view) => view.isActive)?.uri;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #of(model: vscode.Uri): GraphView | undefined {
    const views = [...this.#views].filter(({ uri }) => uri.toString() === model.toString());
    return views.find((view) => view.isActive) ?? views[0];
  }
}

class GraphView implements vscode.Disposable {
  readonly uri: vscode.Uri;
  readonly #app: App;
  readonly #panel: vscode.WebviewPanel;
  readonly #channel: Channel;
  readonly #watcher: vscode.FileSystemWatcher | undefined;
  #model: OpenedModel | undefined;
  #loading = 0;
  #measuring: vscode.CancellationTokenSource | undefined;

  constructor(uri: vscode.Uri, panel: vscode.WebviewPanel, app: App) {
    this.uri = uri;
    this.#panel = panel;
    this.#app = app;
    this.#channel = new Channel(panel, app.log, (message) => {
      if (message.kind === 'action') void this.#act(message.action);
    });
    if (app.environment.pathOf(uri) !== undefined) {
      const pattern = new vscode.RelativePattern(
        vscode.Uri.joinPath(uri, '..'),
        nameOf(uri).replace(/[[\]{}*?]/g, '?'),
      );
      this.#watcher = vscode.workspace.createFileSystemWatcher(pattern);
      this.#watcher.onDidChange(() => this.load());
      this.#watcher.onDidCreate(() => this.load());
    }
    preparePage(panel.webview, app.context.extensionUri, 'graph');
  }

  get isActive(): boolean {
    return this.#panel.active;
  }

  reveal(layer: string): void {
    this.#channel.send({ kind: 'reveal', layer });
  }

  async load(): Promise<void> {
    const mine = ++this.#loading;
    if (!vscode.workspace.isTrusted) {
      const actions = [{ action: 'manageTrust', label: 'Manage Trust' }] as const;
      this.#channel.send({ kind: 'notice', tone: 'untrusted', ...untrusted, actions });
      return;
    }
    this.#stopMeasuring();
    this.#channel.send({ kind: 'notice', tone: 'loading', what: `Reading ${nameOf(this.uri)}`, actions: [] });
    try {
      this.#model?.dispose();
      this.#model = undefined;
      const model = await openModel(this.uri, this.#app);
      if (mine !== this.#loading) return model.dispose();
      this.#model = model;
      const { path, folders } = model;
      const summary = await this.#app.engine.ask((client) => client.summarize({ path, folders }));
      if (mine !== this.#loading) return;
      this.#channel.send(graphMessage(nameOf(this.uri), summary, this.#actions()));
      await this.measure('weights');
    } catch (error) {
      if (mine === this.#loading) this.#fail(error);
    }
  }

  /**
   * @param by `weights`: without data, at once; `choose`: by a spec that names the model, if there is one
   */
  async measure(by: 'weights' | 'choose'): Promise<void> {
    const model = this.#model;
    if (model === undefined) return;
    const { engine: _, language, runs } = this.#app;
    const spec = by === 'choose' ? await model.spec('Which spec says how the layers are quantised?') : undefined;
    if (spec === 'cancelled') return;
    const resolved = spec && (await language.resolve(spec));
    // Rules that wait for a measurement do not count in it.
    const job = resolved?.job ?? resolved?.pending?.job;
    if (spec !== undefined && job === undefined) {
      const what = `${nameOf(spec)} has errors; sensitivity needs a spec without.`;
      this.#channel.send({ kind: 'sensitivity', state: { kind: 'failed', what, fix: 'Open the spec to see them.' } });
      return;
    }
    this.#stopMeasuring();
    const source = new vscode.CancellationTokenSource();
    this.#measuring = source;
    const { path, folders } = model;
    const outcome = await runs.work(
      undefined,
      source.token,
      (text, share) => this.#channel.send({ kind: 'sensitivity', state: { kind: 'running', text, share } }),
      (client, run) => client.sensitivity(path, { folders, ...(job && { job }) }, run),
    );
    if (this.#measuring !== source) return;
    this.#measuring = undefined;
    if (outcome.kind === 'done') this.#channel.send(sensitivityMessage(outcome.result, spec && nameOf(spec)));
    else if (outcome.kind === 'cancelled') this.#channel.send({ kind: 'sensitivity', state: { kind: 'none' } });
    else {
      if (outcome.kind === 'fault')
        this.#app.log.error(`Sensitivity: ${(outcome.error as Error)?.stack ?? outcome.error}`);
      this.#channel.send({ kind: 'sensitivity', state: { kind: 'failed', ...explained(outcome.error) } });
    }
  }

  dispose(): void {
    this.#loading++;
    this.#stopMeasuring();
    this.#watcher?.dispose();
    this.#channel.dispose();
    this.#model?.dispose();
  }

  #actions() {
    if (this.#model?.inWorkspace !== true) return [];
    return [
      { action: 'quantize', label: 'Quantize' },
      { action: 'measureSensitivity', label: 'Measure sensitivity' },
      { action: 'createSpec', label: 'Create spec' },
    ] as const;
  }

  async #act(action: ViewAction): Promise<void> {
    const command = {
      quantize: 'qspec.quantize',
      createSpec: 'qspec.createSpec',
      manageTrust: 'workbench.trust.manage',
    };
    if (action === 'measureSensitivity') await this.measure('choose');
    else if (action === 'cancelSensitivity') this.#measuring?.cancel();
    else if (action === 'retry') await this.load();
    else if (Object.hasOwn(command, action)) {
      await vscode.commands.executeCommand(command[action as keyof typeof command], this.uri);
    }
  }

  #stopMeasuring(): void {
    const measuring = this.#measuring;
    this.#measuring = undefined;
    measuring?.cancel();
  }

  #fail(error: unknown): void {
    if (!(error instanceof FindingError || error instanceof EngineEnded)) {
      this.#app.log.error(`Opening ${this.uri.path}: ${(error as Error)?.stack ?? error}`);
    }
    const actions = [{ action: 'retry', label: 'Try again' }] as const;
    this.#channel.send({ kind: 'notice', tone: 'failed', ...explained(error), actions });
  }
}

function explained(error: unknown): { readonly what: string; readonly why?: string; readonly fix?: string } {
  if (error instanceof FindingError) {
    const { what, why, fix } = error.finding;
    return { what, ...(why !== undefined && { why }), ...(fix !== undefined && { fix }) };
  }
  if (error instanceof EngineEnded) {
    const { reason, outOfMemory } = error.end;
    return outOfMemory
      ? { what: 'The engine reached its memory limit.', fix: 'Raise the setting qspec.engine.memory.' }
      : { what: `The engine ended unexpectedly (${reason}).`, fix: 'Try again; the log says more.' };
  }
  return { what: 'QSpec failed; this is a fault of its own.', why: String(error), fix: 'The log says more.' };
}
