import * as vscode from 'vscode';
import type { PlanTable } from '../../language/editor/plan-table.ts';
import type { App } from '../app.ts';
import { isSpec } from '../language.ts';
import { nameOf } from '../specs/find.ts';
import { rangeIn } from './text-editors.ts';

/** Pause after the cursor moved, and after the last check of a spec, in milliseconds. */
const settled = 100;

/**
 * Keeps in step what graph, plan and spec point at: layers that are selected in one view are shown in the others, with the
 * lines that decide them; the rule at the cursor shows its layers in the graph.
 */
export class Spotlight implements vscode.Disposable {
  readonly #app: App;
  readonly #subscriptions: vscode.Disposable[];
  readonly #deciding = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
    borderColor: new vscode.ThemeColor('editor.rangeHighlightBorder'),
    borderStyle: 'solid',
    borderWidth: '0 0 0 3px',
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.rangeHighlightForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The spec whose cursor counts: the one that had it last. */
  #spec: vscode.TextEditor | undefined;
  #asked = 0;

  constructor(app: App) {
    this.#app = app;
    this.#take(vscode.window.activeTextEditor);
    this.#subscriptions = [
      this.#deciding,
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#take(editor)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#soon()),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#take(textEditor)),
      app.language.onChecked(() => this.#soon()),
    ];
  }

  /** Layers of a model were selected in a view, by the person. */
  selected(model: vscode.Uri, layers: readonly string[], where: 'graph' | 'plan' | 'report'): void {
    const { graphs, plans, log } = this.#app;
    if (where !== 'graph') graphs.point(model, layers);
    if (where !== 'plan') plans.point(model, layers);
    // The plan takes the cursor to the line itself.
    void this.#markDeciding(model, where === 'plan' ? [] : layers).catch((error) =>
      log.warn(`Deciding lines: ${error}`),
    );
  }

  /** A graph came into view: it is to show what others show. */
  graphShown(): void {
    this.#soon();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #take(editor: vscode.TextEditor | undefined): void {
    if (!editor || !isSpec(editor.document)) return;
    this.#spec = editor;
    this.#soon();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#showRule().catch((error) => this.#app.log.warn(`Rule at the cursor: ${error}`));
    }, settled);
  }

  /** Shows the layers of the rule at the cursor in the graphs of its model. */
  async #showRule(): Promise<void> {
    const { graphs, environment } = this.#app;
    const mine = ++this.#asked;
    if (!graphs.anyVisible || !vscode.workspace.isTrusted) return;
    const editor = vscode.window.visibleTextEditors.find((one) => one === this.#spec);
    const known = editor && (await this.#app.planTables.of(editor.document.uri));
    if (mine !== this.#asked) return;
    // While a text cannot be read the layers of before stay, as the plan does.
    if (known?.kind === 'syntax' || known?.kind === 'loading') return;
    const table = known?.kind === 'table' ? known.table : undefined;
    const rule = editor && table?.rules.find(({ range }) => rangeIn(range).contains(editor.selection.active));
    if (!rule || rule.ofAll || !table || known?.kind !== 'table') {
      graphs.showRule(undefined, { kind: 'ruleAtCursor', rule: null, layers: [] });
      return;
    }
    const spans = [...rule.decides, ...rule.overridden, ...rule.idle];
    const layers = spans.flatMap(([from, to]) => table.rows.slice(from, to).map(({ name }) => name));
    const at = { spec: nameOf(editor.document.uri), line: rule.head.start.line + 1, text: rule.text };
    graphs.showRule(environment.uriOf(known.model), { kind: 'ruleAtCursor', rule: at, layers });
  }

  /** Marks the lines that decide what layers get, in every spec of the model that is in view. */
  async #markDeciding(model: vscode.Uri, layers: readonly string[]): Promise<void> {
    for (const editor of vscode.window.visibleTextEditors) {
      if (!isSpec(editor.document)) continue;
      const known = layers.length > 0 ? await this.#app.planTables.of(editor.document.uri) : undefined;
      const isOf = known?.kind === 'table' && this.#app.environment.uriOf(known.model).toString() === model.toString();
      const heads = isOf ? decidingHeads(known.table, layers) : [];
      editor.setDecorations(this.#deciding, heads);
      const [first] = heads;
      if (first && !editor.visibleRanges.some((seen) => heads.some((head) => seen.intersection(head)))) {
        editor.revealRange(first, vscode.TextEditorRevealType.InCenter);
      }
    }
  }
}

function decidingHeads({ rows, verdicts, rules }: PlanTable, layers: readonly string[]): vscode.Range[] {
  const wanted = new Set(layers);
  const deciders = new Set<number>();
  for (const { name, verdict } of rows) {
    const decider = wanted.has(name) ? verdicts[verdict]!.decider : null;
    if (decider !== null) deciders.add(decider);
  }
  return [...deciders].sort((a, b) => a - b).map((decider) => rangeIn(rules[decider]!.head));
}
