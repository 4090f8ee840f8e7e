import * as vscode from 'vscode';
import { nameOf } from '../specs/find.ts';
import { writeStarterSpec } from '../specs/starter.ts';
import { requireTrust } from '../trust.ts';
import type { Command } from './command.ts';
import { resourceOf } from './resource.ts';

export const createSpec: Command = {
  id: 'qspec.createSpec',
  async run(app, given) {
    if (!requireTrust()) return;
    const model = await resourceOf(given, ['model'], app);
    if (model === undefined || !inWorkspace(model)) return;
    const spec = await app.reading(nameOf(model), () => writeStarterSpec(model, 'never', app));
    if (spec) await vscode.window.showTextDocument(spec);
  },
};

/** A spec stands beside its model, so the model must lie where specs are read. */
export function inWorkspace(uri: vscode.Uri): boolean {
  if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) return true;
  void vscode.window.showWarningMessage(
    `${nameOf(uri)} lies outside this workspace. Open its folder (File > Open Folder) to compress it.`,
  );
  return false;
}
