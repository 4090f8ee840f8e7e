import * as vscode from 'vscode';
import { Sha256 } from '../../engine/hash.ts';
import type { Report } from '../../engine/report/report.ts';
import type { ViewAction } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import { Channel } from './channel.ts';
import { preparePage } from './page.ts';
import { reportMessage } from './report-view.ts';

export const reportViewType = 'qspec.report';

/** A report as it is kept between windows, one a spec. */
interface KeptReport {
  readonly version: 1;
  /** URIs. */
  readonly spec: string;
  readonly model: string;
  /** URI of the report's HTML file, if it was written. */
  readonly file: string | null;
  readonly report: Report;
}

/** The report view, and the last report of every spec. */
export class Reports implements vscode.Disposable, vscode.WebviewPanelSerializer<string> {
  readonly #app: App;
  readonly #panels = new Map<string, { readonly panel: vscode.WebviewPanel; readonly channel: Channel }>();
  readonly #serializer: vscode.Disposable;

  constructor(app: App) {
    this.#app = app;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(reportViewType, this);
  }

  async keep(spec: vscode.Uri, model: vscode.Uri, file: vscode.Uri | undefined, report: Report): Promise<void> {
    const kept: KeptReport = {
      version: 1,
      spec: spec.toString(),
      model: model.toString(),
      file: file?.toString() ?? null,
      report,
    };
    const bytes = new TextEncoder().encode(JSON.stringify(kept));
    await vscode.workspace.fs.createDirectory(this.#folder());
    await vscode.workspace.fs.writeFile(this.#place(spec), bytes);
    const open = this.#panels.get(spec.toString());
    if (open) this.#fill(open.channel, kept);
  }

  /** Shows the last report of a spec; false if there is none. */
  async open(spec: vscode.Uri): Promise<boolean> {
    const kept = await this.#load(spec);
    if (kept === undefined) return false;
    const known = this.#panels.get(spec.toString());
    if (known) {
      known.panel.reveal();
      return true;
    }
    const title = `Report: ${kept.report.title}`;
    const panel = vscode.window.createWebviewPanel(reportViewType, title, vscode.ViewColumn.Active);
    this.#show(panel, kept);
    return true;
  }

  /** A panel of an earlier window; its page remembers which spec it was about. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const spec = typeof state === 'object' && state !== null && 'id' in state ? String(state.id) : undefined;
    const kept = spec === undefined ? undefined : await this.#load(vscode.Uri.parse(spec));
    if (kept === undefined) panel.dispose();
    else this.#show(panel, kept);
  }

  dispose(): void {
    this.#serializer.dispose();
  }

  #show(panel: vscode.WebviewPanel, kept: KeptReport): void {
    const app = this.#app;
    const channel = new Channel(panel, app.log, (message) => {
      if (message.kind === 'action') void this.#act(message.action, kept);
      if (message.kind === 'select') app.spotlight.selected(vscode.Uri.parse(kept.model), message.layers, 'report');
      if (message.kind === 'showInGraph') void app.graphs.open(vscode.Uri.parse(kept.model), message.layer);
    });
    panel.iconPath = vscode.Uri.joinPath(app.context.extensionUri, 'media', 'icon.svg');
    this.#panels.set(kept.spec, { panel, channel });
    panel.onDidDispose(() => {
      channel.dispose();
      this.#panels.delete(kept.spec);
    });
    this.#fill(channel, kept);
    preparePage(panel.webview, app.context.extensionUri, 'report');
  }

  #fill(channel: Channel, { report, spec, file }: KeptReport): void {
    const actions: { action: ViewAction; label: string }[] = [
      { action: 'quantize', label: 'Run again' },
      { action: 'openGraph', label: 'Open graph' },
      { action: 'openSpec', label: 'Open spec' },
    ];
    if (file !== null) actions.push({ action: 'openReportFile', label: 'Open as a file' });
    channel.send(reportMessage(report, { id: spec, actions }));
  }

  async #act(action: ViewAction, { spec, model, file }: KeptReport): Promise<void> {
    if (action === 'quantize') await vscode.commands.executeCommand('qspec.quantize', vscode.Uri.parse(spec));
    if (action === 'openGraph') await this.#app.graphs.open(vscode.Uri.parse(model));
    if (action === 'openSpec') await vscode.window.showTextDocument(vscode.Uri.parse(spec));
    if (action === 'openReportFile' && file !== null) await vscode.env.openExternal(vscode.Uri.parse(file));
  }

  async #load(spec: vscode.Uri): Promise<KeptReport | undefined> {
    try {
      const bytes = await vscode.workspace.fs.readFile(this.#place(spec));
      const kept: KeptReport = JSON.parse(new TextDecoder().decode(bytes));
      return kept.version === 1 ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  #folder(): vscode.Uri {
    const { storageUri, globalStorageUri } = this.#app.context;
    return vscode.Uri.joinPath(storageUri ?? globalStorageUri, 'reports');
  }

  #place(spec: vscode.Uri): vscode.Uri {
    const name = new Sha256().update(new TextEncoder().encode(spec.toString())).hex().slice(0, 32);
    return vscode.Uri.joinPath(this.#folder(), `${name}.json`);
  }
}
