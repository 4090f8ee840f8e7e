import * as vscode from 'vscode';
import type { App } from '../app.ts';

/** Most specs that are looked through for one that names a model. */
const most = 500;

/** The specs of the workspace that name a model, those beside it first. */
export async function specsOf(model: vscode.Uri, { environment, language }: Pick<App, 'environment' | 'language'>) {
  const path = environment.pathOf(model);
  if (path === undefined) return [];
  const found = await vscode.workspace.findFiles('**/*.qspec', undefined, most);
  const specs = found.sort((a, b) => distance(a, model) - distance(b, model) || (a.path < b.path ? -1 : 1));
  const models = await language.modelsNamed(specs);
  return specs.filter((_, i) => models[i] === path);
}

/** 0 in the same folder. */
function distance(spec: vscode.Uri, model: vscode.Uri): number {
  return folderOf(spec).path === folderOf(model).path ? 0 : 1;
}

export function folderOf(uri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(uri, '..');
}

/** File name for a person. */
export function nameOf(uri: vscode.Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}

/** One of several specs, chosen by the person; undefined if none was. */
export async function chooseSpec(specs: readonly vscode.Uri[], placeHolder: string): Promise<vscode.Uri | undefined> {
  if (specs.length < 2) return specs[0];
  const items = specs.map((uri) => ({ label: nameOf(uri), description: vscode.workspace.asRelativePath(uri), uri }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.uri;
}

export async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
