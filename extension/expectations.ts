import * as vscode from 'vscode';
import type { QuantizeResult } from '../engine/run/quantize.ts';
import type { App } from './app.ts';
import type { Outcome } from './engine/runs.ts';
import { isSpec } from './language.ts';
import { findingText, safeText } from './messages.ts';
import { nameOf } from './specs/find.ts';
import { resolveMeasured } from './specs/resolve.ts';
import { requireTrust } from './trust.ts';

/** Most specs of a workspace whose expectations are listed. */
const most = 500;
/** Milliseconds of quiet after which a text that changes is looked at again. */
const pause = 300;

/** The `expect` lines of the workspace's specs as tests: listed, run without writing anything, and judged where they stand. */
export class Expectations implements vscode.Disposable {
  readonly #app: App;
  readonly #tests = vscode.tests.createTestController('qspec', 'QSpec');
  readonly #subscriptions: vscode.Disposable[];
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(app: App) {
    this.#app = app;
    const tests = this.#tests;
    tests.resolveHandler = (item) => (item ? this.#list(item) : this.#discover());
    tests.refreshHandler = () => this.#discover();
    const run = (request: vscode.TestRunRequest, token: vscode.CancellationToken) => this.#run(request, token);
    tests.createRunProfile('Evaluate', vscode.TestRunProfileKind.Run, run, true);
    const watcher = vscode.workspace.createFileSystemWatcher('**/*.qspec');
    this.#subscriptions = [
      watcher,
      watcher.onDidCreate((uri) => this.#soon(uri)),
      watcher.onDidChange((uri) => this.#soon(uri)),
      watcher.onDidDelete((uri) => tests.items.delete(uri.toString())),
      vscode.workspace.onDidOpenTextDocument((document) => isSpec(document) && this.#soon(document.uri)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => isSpec(document) && this.#soon(document.uri)),
      tests,
    ];
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #discover(): Promise<void> {
    const found = await vscode.workspace.findFiles('**/*.qspec', undefined, most);
    for (const [id] of this.#tests.items) {
      if (!found.some((uri) => uri.toString() === id)) this.#tests.items.delete(id);
    }
    for (const uri of found) await this.#look(uri);
  }

  /** A spec is listed while it has expectations. */
  async #look(uri: vscode.Uri): Promise<void> {
    const id = uri.toString();
    const lines = await this.#app.language.expectations(uri);
    if (lines.length === 0) {
      this.#tests.items.delete(id);
      return;
    }
    let item = this.#tests.items.get(id);
    if (!item) {
      item = this.#tests.createTestItem(id, nameOf(uri), uri);
      item.description = vscode.workspace.asRelativePath(uri).split('/').slice(0, -1).join('/');
      this.#tests.items.add(item);
    }
    item.children.replace(
      lines.map(({ text, range: { start, end } }, i) => {
        const test = this.#tests.createTestItem(`${id}#${i}`, safeText(text), uri);
        test.sortText = String(i).padStart(4, '0');
        test.range = new vscode.Range(start.line, start.column, end.line, end.column);
        return test;
      }),
    );
  }

  async #list(item: vscode.TestItem): Promise<void> {
    if (item.uri) await this.#look(item.uri);
  }

  #soon(uri: vscode.Uri): void {
    // A version of git's or of another editor is no spec of this workspace.
    if (vscode.workspace.getWorkspaceFolder(uri) === undefined) return;
    const id = uri.toString();
    clearTimeout(this.#timers.get(id));
    const look = () => {
      this.#timers.delete(id);
      void this.#look(uri).catch(() => {});
    };
    this.#timers.set(id, setTimeout(look, pause));
  }

  async #run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    if (!requireTrust()) return;
    await this.#discover();
    const run = this.#tests.createTestRun(request);
    try {
      for (const [spec, tests] of this.#asked(request)) {
        for (const test of tests) run.enqueued(test);
        if (token.isCancellationRequested) break;
        await this.#evaluate(spec, tests, run, token);
      }
    } finally {
      run.end();
    }
  }

  /** The tests to run, by spec. One run of the engine judges all lines of a spec. */
  #asked({ include, exclude = [] }: vscode.TestRunRequest): Map<vscode.TestItem, vscode.TestItem[]> {
    const specs = new Map<vscode.TestItem, vscode.TestItem[]>();
    const add = (spec: vscode.TestItem, test: vscode.TestItem) => {
      if (exclude.some(({ id }) => id === test.id || id === spec.id)) return;
      const tests = specs.get(spec) ?? [];
      if (!tests.includes(test)) tests.push(test);
      specs.set(spec, tests);
    };
    const all = [...this.#tests.items].map(([, item]) => item);
    // What was asked for may have been listed anew meanwhile: its id is what counts.
    for (const spec of all) {
      for (const [, test] of spec.children) {
        const wanted = include === undefined || include.some(({ id }) => id === spec.id || id === test.id);
        if (wanted) add(spec, test);
      }
    }
    return specs;
  }

  async #evaluate(
    spec: vscode.TestItem,
    tests: readonly vscode.TestItem[],
    run: vscode.TestRun,
    token: vscode.CancellationToken,
  ): Promise<void> {
    for (const test of tests) run.started(test);
    const errored = (text: string) => {
      for (const test of tests) run.errored(test, new vscode.TestMessage(text));
    };
    const resolved = await resolveMeasured(spec.uri!, this.#app, token, () => {});
    if (resolved.kind !== 'resolved') {
      if (resolved.kind === 'cancelled') for (const test of tests) run.skipped(test);
      else errored(whyNot(resolved));
      return;
    }
    const { job, findings } = resolved.result;
    if (!job) {
      const first = findings.find(({ severity }) => severity === 'error') ?? findings[0];
      errored(first ? findingText(first) : 'The spec cannot be run.');
      return;
    }
    const { runs } = this.#app;
    const { folders } = runs;
    // What only a report shows is left out.
    const options = { write: false, layerSamples: 0, agreementSamples: 0 };
    let stage = '';
    const outcome = await runs.work(
      undefined,
      token,
      (text) => {
        const begun = text.split(/ \d| ·/)[0]!;
        if (begun !== stage) run.appendOutput(`${spec.label}: ${begun}\r\n`);
        stage = begun;
      },
      (client, more) => client.quantize(job, options, { ...more, folders }),
    );
    if (outcome.kind !== 'done') {
      if (outcome.kind === 'cancelled') for (const test of tests) run.skipped(test);
      else errored(whyNot(outcome));
      return;
    }
    for (const test of tests) {
      const line = test.range!.start;
      const index = job.expectations.findIndex(
        ({ range }) => range?.start.line === line.line && range.start.column === line.character,
      );
      const judged = outcome.result.report.expectations[index];
      if (judged?.passed === true) run.passed(test);
      else {
        const message = new vscode.TestMessage(judged ? `Found: ${judged.found}.` : 'The line could not be judged.');
        message.location = new vscode.Location(spec.uri!, test.range!);
        if (judged?.passed === false) run.failed(test, message);
        else run.errored(test, message);
      }
      if (judged) run.appendOutput(`${test.label}: ${judged.found}\r\n`);
    }
  }
}

function whyNot(outcome: Exclude<Outcome<QuantizeResult>, { kind: 'done' | 'cancelled' }>): string {
  switch (outcome.kind) {
    case 'finding':
      return findingText(outcome.error.finding);
    case 'ended':
      return `The engine ended: ${outcome.error.end.reason}.`;
    case 'fault':
      return `QSpec failed: ${outcome.error}`;
  }
}
