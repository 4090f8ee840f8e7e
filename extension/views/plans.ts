import * as vscode from 'vscode';
import type { PlanTable } from '../../language/editor/plan-table.ts';
import type { PlanResult } from '../../language/server/protocol.ts';
import type { NoticeMessage, ViewAction } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import { isSpec } from '../language.ts';
import { nameOf } from '../specs/find.ts';
import { untrusted } from '../trust.ts';
import { Channel } from './channel.ts';
import { preparePage } from './page.ts';
import { planMessage } from './plan-message.ts';
import { editorOf, rangeIn, showBeside } from './text-editors.ts';

export const planViewType = 'qspec.plan';

/** Pause after the last check of a spec before its plan is asked for, in milliseconds: what is typed on is not drawn. */
const settled = 100;

/**
 * The plan view: what a spec decides for every layer, beside the spec and as it is typed. There is one, which follows the
 * spec that is edited unless it is pinned to one.
 */
export class Plans implements vscode.Disposable, vscode.WebviewPanelSerializer<unknown> {
  readonly #app: App;
  readonly #serializer: vscode.Disposable;
  #view: PlanView | undefined;

  constructor(app: App) {
    this.#app = app;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(planViewType, this);
  }

  /** Shows what a spec decides, in the view that is there or in a new one beside the spec. */
  async open(spec: vscode.Uri): Promise<void> {
    if (editorOf(spec) === undefined) await vscode.window.showTextDocument(spec);
    if (this.#view) {
      this.#view.turnTo(spec);
      return;
    }
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    this.#show(vscode.window.createWebviewPanel(planViewType, 'Plan', column), spec, false);
  }

  /** Shows which layers are selected elsewhere, if this is their model. */
  point(model: vscode.Uri, layers: readonly string[]): void {
    this.#view?.point(model, layers);
  }

  /** A panel of an earlier window; its page remembers which spec it was about. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { id, pinned } = (typeof state === 'object' && state !== null ? state : {}) as Record<string, unknown>;
    if (typeof id !== 'string' || id === '' || this.#view) panel.dispose();
    else this.#show(panel, vscode.Uri.parse(id), pinned === true);
  }

  dispose(): void {
    this.#serializer.dispose();
    this.#view?.dispose();
  }

  #show(panel: vscode.WebviewPanel, spec: vscode.Uri, pinned: boolean): void {
    const view = new PlanView(panel, spec, pinned, this.#app);
    this.#view = view;
    panel.onDidDispose(() => {
      view.dispose();
      if (this.#view === view) this.#view = undefined;
    });
  }
}

class PlanView implements vscode.Disposable {
  readonly #app: App;
  readonly #panel: vscode.WebviewPanel;
  readonly #channel: Channel;
  readonly #subscriptions: vscode.Disposable[];
  #spec: vscode.Uri;
  #pinned: boolean;
  /** What is shown; undefined while a notice is. */
  #table: PlanTable | undefined;
  /** Absolute path of the model that the table is of. */
  #model = '';
  #note: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** An answer to an earlier question is not shown. */
  #asked = 0;

  constructor(panel: vscode.WebviewPanel, spec: vscode.Uri, pinned: boolean, app: App) {
    this.#app = app;
    this.#panel = panel;
    this.#spec = spec;
    this.#pinned = pinned;
    this.#channel = new Channel(panel, app.log, (message) => {
      if (message.kind === 'action') void this.#act(message.action);
      if (message.kind === 'goToRule') void this.#goTo(message.rule, message.focus);
      if (message.kind === 'showInGraph') this.#showInGraph(message.layer);
      if (message.kind === 'select' && this.#table) {
        app.spotlight.selected(app.environment.uriOf(this.#model), message.layers, 'plan');
      }
      if (message.kind === 'pin') {
        this.#pinned = message.pinned;
        this.#follow(vscode.window.activeTextEditor);
        this.#sendState();
      }
    });
    this.#subscriptions = [
      this.#channel,
      app.language.onChecked((uri) => {
        if (uri.toString() === this.#spec.toString()) this.#schedule(settled);
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#follow(editor)),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor: { document } }) => {
        if (document.uri.toString() === this.#spec.toString()) this.#sendState();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#schedule(0)),
      // A hidden view is not kept up to date.
      panel.onDidChangeViewState(() => this.#schedule(0)),
    ];
    panel.iconPath = vscode.Uri.joinPath(app.context.extensionUri, 'media', 'icon.svg');
    preparePage(panel.webview, app.context.extensionUri, 'plan');
    this.turnTo(spec);
  }

  /** Shows another spec, or the same one where nobody looked. */
  turnTo(spec: vscode.Uri): void {
    if (spec.toString() !== this.#spec.toString()) this.#table = undefined;
    this.#spec = spec;
    this.#panel.title = `Plan: ${nameOf(spec)}`;
    if (!this.#panel.visible) this.#panel.reveal(undefined, true);
    this.#schedule(0);
  }

  point(model: vscode.Uri, layers: readonly string[]): void {
    if (this.#table === undefined || this.#app.environment.uriOf(this.#model).toString() !== model.toString()) return;
    this.#channel.send({ kind: 'reveal', layers });
  }

  dispose(): void {
    this.#asked++;
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #follow(editor: vscode.TextEditor | undefined): void {
    if (!editor || this.#pinned || !isSpec(editor.document)) return;
    if (editor.document.uri.toString() !== this.#spec.toString()) this.turnTo(editor.document.uri);
  }

  #schedule(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#panel.visible) void this.#ask();
    }, pause);
  }

  async #ask(): Promise<void> {
    const mine = ++this.#asked;
    const spec = this.#spec;
    try {
      if (!vscode.workspace.isTrusted) {
        this.#notice('untrusted', untrusted, { action: 'manageTrust', label: 'Manage Trust' });
        return;
      }
      const result = await this.#app.planTables.of(spec);
      if (mine === this.#asked) this.#show(result);
    } catch (error) {
      if (mine !== this.#asked) return;
      this.#app.log.warn(`Plan of ${spec.path}: ${error}`);
      this.#notice('failed', { what: `${nameOf(spec)} cannot be read.`, why: String(error) });
    }
  }

  #show(result: PlanResult): void {
    if (result.kind === 'table') {
      const { table, model } = result;
      this.#table = table;
      this.#model = model;
      this.#note = null;
      const labels = { id: this.#spec.toString(), title: nameOf(this.#spec), model: lastPart(model) };
      this.#channel.send(planMessage(table, labels));
      this.#sendState();
    } else if (result.kind === 'syntax' && this.#table) {
      const line = (result.finding.range?.start.line ?? 0) + 1;
      this.#note = `Line ${line} cannot be read yet; this is the plan as it was before.`;
      this.#sendState();
    } else if (result.kind === 'loading') this.#notice('loading', { what: `Reading ${lastPart(result.model)}` });
    else {
      const { severity, what, why, fix } = result.finding;
      const tone = severity === 'information' ? 'empty' : 'failed';
      this.#notice(
        tone,
        { what, ...(why && { why }), ...(fix && { fix }) },
        { action: 'openSpec', label: 'Open Spec' },
      );
    }
  }

  #notice(
    tone: NoticeMessage['tone'],
    text: Pick<NoticeMessage, 'what' | 'why' | 'fix'>,
    ...actions: NoticeMessage['actions']
  ): void {
    this.#table = undefined;
    this.#channel.send({ kind: 'notice', tone, ...text, actions });
  }

  #sendState(): void {
    if (this.#table === undefined) return;
    this.#channel.send({ kind: 'planState', pinned: this.#pinned, note: this.#note, rule: this.#ruleAtCursor() });
  }

  #ruleAtCursor(): number | null {
    const position = editorOf(this.#spec)?.selection.active;
    const found = this.#table?.rules.findIndex(({ range }) => position && rangeIn(range).contains(position)) ?? -1;
    return found < 0 ? null : found;
  }

  async #goTo(rule: number, focus: boolean): Promise<void> {
    const head = this.#table?.rules[rule]?.head;
    if (head === undefined) return;
    const editor = await showBeside(this.#spec, this.#panel, { focus });
    const range = editor.document.validateRange(rangeIn(head));
    editor.selection = new vscode.Selection(range.start, range.end);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  #showInGraph(layer: string): void {
    if (this.#table) void this.#app.graphs.open(this.#app.environment.uriOf(this.#model), layer);
  }

  async #act(action: ViewAction): Promise<void> {
    if (action === 'openSpec') await showBeside(this.#spec, this.#panel, { focus: true });
    if (action === 'manageTrust') await this.#app.run('workbench.trust.manage');
  }
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
