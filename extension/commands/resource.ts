import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { specsOf } from '../specs/find.ts';

export type Kind = 'model' | 'spec';

const endings: Readonly<Record<Kind, string>> = { model: '.onnx', spec: '.qspec' };

/**
 * What a command is about: the resource it was given, what the active editor shows, what belongs to that (the model of a spec,
 * a spec of a model), or what the person picks. Undefined if nothing is chosen.
 */
export async function resourceOf(given: unknown, kinds: readonly Kind[], app: App): Promise<vscode.Uri | undefined> {
  const candidates = [uriOf(given), activeResource(), app.graphs.active];
  const fitting = candidates.find((uri) => uri !== undefined && kindOf(uri, kinds) !== undefined);
  if (fitting) return fitting;
  const shown = candidates.find((uri) => uri !== undefined && kindOf(uri) !== undefined);
  return (shown && (await relative(shown, kinds, app))) ?? (await pick(kinds));
}

/** The model that a spec names, or a spec that names a model. */
async function relative(uri: vscode.Uri, kinds: readonly Kind[], app: App): Promise<vscode.Uri | undefined> {
  if (kindOf(uri) === 'model') return kinds.includes('spec') ? (await specsOf(uri, app))[0] : undefined;
  const [model] = kinds.includes('model') ? await app.language.modelsNamed([uri]) : [];
  return model ? app.environment.uriOf(model) : undefined;
}

/** Menus give a URI, lenses of the language server its text. */
function uriOf(given: unknown): vscode.Uri | undefined {
  if (given instanceof vscode.Uri) return given;
  return typeof given === 'string' ? vscode.Uri.parse(given) : undefined;
}

export function kindOf(uri: vscode.Uri, kinds: readonly Kind[] = ['model', 'spec']): Kind | undefined {
  const path = uri.path.toLowerCase();
  // An unsaved spec has no ending yet.
  if (kinds.includes('spec') && documentOf(uri)?.languageId === 'qspec') return 'spec';
  return kinds.find((kind) => path.endsWith(endings[kind]));
}

export function documentOf(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
}

function activeResource(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  return vscode.window.activeTextEditor?.document.uri;
}

async function pick(kinds: readonly Kind[]): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles(
    `**/*{${kinds.map((kind) => endings[kind]).join(',')}}`,
    undefined,
    500,
  );
  if (found.length === 0) {
    const names = kinds.map((kind) => endings[kind]).join(' or ');
    void vscode.window.showInformationMessage(`There is no ${names} file in this workspace.`);
    return undefined;
  }
  if (found.length === 1) return found[0];
  const items = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const rank = (uri: vscode.Uri) => kinds.indexOf(kindOf(uri, kinds)!);
  items.sort((a, b) => rank(a.uri) - rank(b.uri) || (a.label < b.label ? -1 : 1));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Which file?' }))?.uri;
}
