import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { findingText, offer } from '../messages.ts';
import { nameOf } from '../specs/find.ts';
import { requireTrust } from '../trust.ts';
import type { Command } from './command.ts';
import { resourceOf } from './resource.ts';

/** Measures what the rules of a spec ask for, so that they are no longer pending. */
export const measure: Command = {
  id: 'qspec.measure',
  async run(app, given) {
    if (!requireTrust()) return;
    const spec = await resourceOf(given, ['spec'], app);
    if (spec) await measureFor(spec, app);
  },
};

async function measureFor(spec: vscode.Uri, app: App): Promise<void> {
  const name = nameOf(spec);
  const { pending, findings } = await app.language.resolve(spec);
  if (!pending) {
    const error = findings.find(({ severity }) => severity === 'error');
    if (error) void offer('error', `${name} was not measured. ${findingText(error)}`);
    else void offer('information', `${name}: everything that its rules ask for is measured.`);
    return;
  }
  const outcome = await app.runs.inNotification(`Measuring for ${name}`, (tell, token) =>
    app.measurements.measure(pending, token, tell),
  );
  if (outcome.kind === 'cancelled') vscode.window.setStatusBarMessage(`$(circle-slash) ${name}: cancelled`, 8000);
  else if (outcome.kind === 'done') vscode.window.setStatusBarMessage(`$(check) ${name}: measured`, 8000);
  else app.tell(name, outcome.error);
}
