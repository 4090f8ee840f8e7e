import * as vscode from 'vscode';
import type { App } from '../app.ts';

export type Kind = 'model' | 'spec';

const endings: Readonly<Record<Kind, string>> = { model: '.onnx', spec: '.qspec' };

/**
 * What a command is about: the resource it was given, what the active editor shows, or what the person picks.
 * Undefined if nothing is chosen.
 */
export async function resourceOf(given: unknown, kinds: readonly Kind[], app: App): Promise<vscode.Uri | undefined> {
  const candidates = [uriOf(given), activeResource(), app.graphs.active];
  const fitting = candidates.find((uri) => uri !== undefined && kindOf(uri, kinds) !== undefined);
  return fitting ?? (await pick(kinds));
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
  const items = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  items.sort((a, b) => (a.label < b.label ? -1 : 1));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Which file?' }))?.uri;
}
