import * as vscode from 'vscode';
import { FindingError } from '../../engine/findings.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import type { ComparisonMessage, GraphMessage, RuleAtCursorMessage, ViewAction } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import { EngineEnded } from '../engine/owner.ts';
import { addRule } from '../specs/add-rule.ts';
import { nameOf } from '../specs/find.ts';
import { untrusted } from '../trust.ts';
import { Channel } from './channel.ts';
import { compareGraphs, versionLabel } from './graph-comparison.ts';
import { graphMessage, sensitivityMessage } from './graph-message.ts';
import { type OpenedModel, openModel } from './opened-model.ts';
import { preparePage } from './page.ts';
import { ruleFor, type SelectedLayers, selectedLayers } from './selection-message.ts';

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
      this.compare();
    });
    void view.load();
  }

  /** Opens a model's graph, at a layer if one is given. */
  async open(model: vscode.Uri, layer?: string): Promise<void> {
    await vscode.commands.executeCommand('vscode.openWith', model, graphViewType);
    if (layer !== undefined) this.#of(model)?.reveal([layer]);
  }

  /** Selects layers in the view of a model that is in sight, without taking anybody there. */
  point(model: vscode.Uri, layers: readonly string[]): void {
    const view = this.#of(model);
    if (view?.isVisible) view.reveal(layers);
  }

  /** Shows which layers the rule at the cursor is about, in the views of its model; undefined: of none. */
  showRule(model: vscode.Uri | undefined, message: RuleAtCursorMessage): void {
    for (const view of this.#views) {
      const isOf = view.uri.toString() === model?.toString();
      view.showRule(isOf ? message : { kind: 'ruleAtCursor', rule: null, layers: [] });
    }
  }

  /** Marks what is other in two versions of one file that are shown beside each other, as git does in a diff. */
  compare(): void {
    const pairs = new Map<string, GraphView[]>();
    for (const view of this.#views) {
      if (!view.isVisible || view.graph === undefined) continue;
      const versions = pairs.get(view.uri.path) ?? [];
      if (versions.some(({ uri }) => uri.toString() === view.uri.toString())) continue;
      pairs.set(view.uri.path, [...versions, view]);
    }
    const marks = new Map<GraphView, ComparisonMessage>();
    for (const versions of pairs.values()) {
      // The file is newer than what git keeps; of two versions of git's the older is on the left, and opens first.
      const [older, newer] = versions.toSorted((a, b) => Number(a.isFile) - Number(b.isFile));
      if (older?.graph === undefined || newer?.graph === undefined) continue;
      const { before, after } = compareGraphs(
        { graph: older.graph, label: older.label },
        { graph: newer.graph, label: newer.label },
      );
      marks.set(older, before).set(newer, after);
    }
    for (const view of this.#views) view.showComparison(marks.get(view));
  }

  get anyVisible(): boolean {
    return [...this.#views].some(({ isVisible }) => isVisible);
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
  readonly #shown: vscode.Disposable;
  #model: OpenedModel | undefined;
  #summary: ModelSummary | undefined;
  /** What is shown; undefined while a notice is. */
  graph: GraphMessage | undefined;
  /** Something is marked as other than in another version. */
  #compared = false;
  #selected: SelectedLayers | undefined;
  #loading = 0;
  #measuring: vscode.CancellationTokenSource | undefined;

  constructor(uri: vscode.Uri, panel: vscode.WebviewPanel, app: App) {
    this.uri = uri;
    this.#panel = panel;
    this.#app = app;
    this.#channel = new Channel(panel, app.log, (message) => {
      if (message.kind === 'action') void this.#act(message.action);
      if (message.kind === 'select') this.#select(message.layers);
      if (message.kind === 'addRule') void this.#addRule(message.head, message.keepFloat);
    });
    this.#shown = panel.onDidChangeViewState(() => {
      if (panel.visible) app.spotlight.graphShown();
      app.graphs.compare();
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

  get isVisible(): boolean {
    return this.#panel.visible;
  }

  /** A file of the machine or the workspace, not a version that something else keeps. */
  get isFile(): boolean {
    return this.#app.environment.pathOf(this.uri) !== undefined;
  }

  get label(): string {
    return this.isFile ? 'the file' : versionLabel(this.uri);
  }

  showComparison(message: ComparisonMessage | undefined): void {
    if (message === undefined && !this.#compared) return;
    this.#compared = message !== undefined;
    this.#channel.send(message ?? nothingCompared);
  }

  reveal(layers: readonly string[]): void {
    this.#channel.send({ kind: 'reveal', layers });
  }

  showRule(message: RuleAtCursorMessage): void {
    this.#channel.send(message);
  }

  async load(): Promise<void> {
    const mine = ++this.#loading;
    if (!vscode.workspace.isTrusted) {
      const actions = [{ action: 'manageTrust', label: 'Manage Trust' }] as const;
      this.#channel.send({ kind: 'notice', tone: 'untrusted', ...untrusted, actions });
      return;
    }
    this.#stopMeasuring();
    this.graph = undefined;
    this.showComparison(undefined);
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
      this.#summary = summary;
      const offered = { actions: this.#actions(), takesRules: model.inWorkspace };
      this.graph = graphMessage(nameOf(this.uri), summary, offered);
      this.#channel.send(this.graph);
      this.#app.spotlight.graphShown();
      this.#app.graphs.compare();
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
    this.#shown.dispose();
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

  #select(layers: readonly string[]): void {
    if (this.#summary === undefined) return;
    this.#selected = selectedLayers(this.#summary, layers);
    if (this.#model?.inWorkspace && layers.length > 0) this.#channel.send(this.#selected.message);
    // What another view selects here it shows itself.
    if (this.#panel.active) this.#app.spotlight.selected(this.uri, layers, 'graph');
  }

  async #addRule(head: number, keepFloat: boolean): Promise<void> {
    const rule = this.#model?.inWorkspace && this.#selected && ruleFor(this.#selected, head, keepFloat);
    if (!rule) return;
    try {
      await addRule(this.uri, rule, this.#panel, this.#app);
    } catch (error) {
      this.#app.tell(nameOf(this.uri), error);
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

const nothingCompared: ComparisonMessage = {
  kind: 'comparison',
  against: null,
  counts: { added: 0, removed: 0, changed: 0 },
  layers: [],
};

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
