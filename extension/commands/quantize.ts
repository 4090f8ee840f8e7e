import * as vscode from 'vscode';
import type { Finding } from '../../engine/findings.ts';
import type { QuantizeResult } from '../../engine/run/quantize.ts';
import type { App } from '../app.ts';
import type { Outcome } from '../engine/runs.ts';
import { findingText, offer } from '../messages.ts';
import { opensReport } from '../settings.ts';
import { chooseSpec, nameOf, specsOf } from '../specs/find.ts';
import { type Resolved, resolveMeasured } from '../specs/resolve.ts';
import { writeStarterSpec } from '../specs/starter.ts';
import { requireTrust } from '../trust.ts';
import type { Command } from './command.ts';
import { inWorkspace } from './create-spec.ts';
import { documentOf, kindOf, resourceOf } from './resource.ts';

/** The main job: on a spec, or on a model by the spec that names it or a new one. */
export const quantize: Command = {
  id: 'qspec.quantize',
  async run(app, given) {
    if (!requireTrust()) return;
    const resource = await resourceOf(given, ['spec', 'model'], app);
    if (resource === undefined) return;
    const spec = kindOf(resource) === 'model' ? await specFor(resource, app) : resource;
    const saved = spec && (await save(spec));
    if (saved) await runSpec(saved, app);
  },
};

async function specFor(model: vscode.Uri, app: App): Promise<vscode.Uri | undefined> {
  if (!inWorkspace(model)) return undefined;
  const specs = await specsOf(model, app);
  if (specs.length > 0) return chooseSpec(specs, `Which spec is ${nameOf(model)} to be quantised by?`);
  const spec = await app.reading(nameOf(model), () => writeStarterSpec(model, 'ask', app));
  if (spec) await vscode.window.showTextDocument(spec, { preview: false });
  return spec;
}

/** What runs is what stands in the file: unsaved changes are saved, an untitled spec asks where to. Undefined: not saved. */
async function save(spec: vscode.Uri): Promise<vscode.Uri | undefined> {
  const document = documentOf(spec);
  if (document === undefined) return spec;
  if (document.isUntitled) {
    await vscode.window.showTextDocument(document);
    return vscode.workspace.save(spec);
  }
  if (!document.isDirty || (await document.save())) return spec;
  void offer('error', `${nameOf(spec)} could not be saved, so it was not run.`);
  return undefined;
}

async function runSpec(spec: vscode.Uri, app: App): Promise<void> {
  const name = nameOf(spec);
  const resolved = await resolveShowingProgress(spec, app);
  if (resolved.kind !== 'resolved') return tell(spec, resolved, app);
  const { job, findings } = resolved.result;
  if (job === undefined) {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const first = errors[0] ?? findings[0];
    const more = errors.length > 1 ? ` and ${errors.length - 1} more` : '';
    void offer('error', `${name} was not run. ${first ? findingText(first) : ''}${more}`, [
      { label: 'Show', run: () => showFinding(spec, first) },
    ]);
    return;
  }
  app.log.info(`Quantizing by ${spec.toString()}`);
  const outcome = await app.runs.quantize(spec, `Quantizing ${name}`, job, app.runs.folders);
  app.log.info(`${name}: ${outcome.kind}`);
  await tell(spec, outcome, app);
}

/** Only where something has to be measured first is there anything to show. */
async function resolveShowingProgress(spec: vscode.Uri, app: App): Promise<Resolved> {
  const result = await app.language.resolve(spec);
  if (!result.pending) return { kind: 'resolved', result };
  return app.runs.inNotification(`Measuring for ${nameOf(spec)}`, (say, token) =>
    resolveMeasured(spec, app, token, say),
  );
}

async function tell(spec: vscode.Uri, outcome: Outcome<QuantizeResult>, app: App): Promise<void> {
  const name = nameOf(spec);
  const again = { label: 'Run Again', run: () => app.run('qspec.quantize', spec) };
  const log = { label: 'Show Log', run: () => app.log.show() };
  switch (outcome.kind) {
    case 'done':
      return done(spec, outcome.result, app);
    case 'cancelled':
      vscode.window.setStatusBarMessage(`$(circle-slash) ${name}: cancelled`, 8000);
      return;
    case 'finding': {
      const { finding } = outcome.error;
      app.findings.set(spec, [finding]);
      void offer('error', `${name} could not be run. ${findingText(finding)}`, [
        { label: 'Show', run: () => showFinding(spec, finding) },
      ]);
      return;
    }
    case 'ended': {
      const { end, wanted } = outcome.error;
      if (wanted) return;
      if (end.outOfMemory) {
        const open = () => vscode.commands.executeCommand('workbench.action.openSettings', 'qspec.engine.memory');
        const text = `Quantizing ${name} needed more memory than qspec.engine.memory allows; the engine was ended. No file is half-written.`;
        void offer('error', text, [{ label: 'Open Setting', run: open }, again]);
      } else {
        const text = `The engine ended unexpectedly (${end.reason}) while quantizing ${name}. No file is half-written; the next run gets a new engine.`;
        void offer('error', text, [again, log]);
      }
      return;
    }
    case 'fault':
      app.log.error((outcome.error as Error)?.stack ?? String(outcome.error));
      void offer('error', `Quantizing ${name} failed by a fault of QSpec: ${outcome.error}`, [log]);
  }
}

async function done(spec: vscode.Uri, { report, passed, written }: QuantizeResult, app: App): Promise<void> {
  app.findings.set(spec, report.findings);
  const { uriOf } = app.environment;
  const file = written.find((path) => path.endsWith('.report.html'));
  const { job } = await app.language.resolve(spec);
  const model = job === undefined ? spec : uriOf(job.model);
  await app.reports.keep(spec, model, file === undefined ? undefined : uriOf(file), report);
  const open = { label: 'Open Report', run: () => app.reports.open(spec) };
  if (opensReport()) await app.reports.open(spec);
  const name = nameOf(spec);
  if (!passed)
    void offer('warning', `${name} ran, but expectations or budgets do not hold; the report says which.`, [open]);
  else if (!opensReport()) void offer('information', `${name}: done.`, [open]);
  else vscode.window.setStatusBarMessage(`$(check) ${name}: done`, 8000);
}

async function showFinding(spec: vscode.Uri, finding: Finding | undefined): Promise<void> {
  const start = finding?.range?.start;
  const position = new vscode.Position(start?.line ?? 0, start?.column ?? 0);
  await vscode.window.showTextDocument(spec, { selection: new vscode.Range(position, position) });
}
