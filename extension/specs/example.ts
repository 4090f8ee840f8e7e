import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { exists } from './find.ts';

/** What the example consists of; the package holds it. */
const files = ['digits.qspec', 'digits.onnx', 'digits.npz', 'splits.json', 'README.md'];
const name = 'qspec-example';
/** Of the extension's state: the folder of an example that its window is to open when it comes up. */
const awaited = 'example.awaited';

/**
 * Copies the bundled example to where the person wants it and opens its spec. One that is there already is opened as it is:
 * nothing of anybody's is replaced.
 */
export async function openExample(app: App): Promise<void> {
  const parent = await chooseParent();
  if (parent === undefined) return;
  const folder = vscode.Uri.joinPath(parent, name);
  for (const file of files) {
    const target = vscode.Uri.joinPath(folder, file);
    if (await exists(target)) continue;
    const source = vscode.Uri.joinPath(app.context.extensionUri, 'examples', 'digits', file);
    await vscode.workspace.fs.writeFile(target, await vscode.workspace.fs.readFile(source));
  }
  if (vscode.workspace.getWorkspaceFolder(folder)) {
    await showSpec(folder);
    return;
  }
  await app.context.globalState.update(awaited, folder.toString());
  const hasFolder = (vscode.workspace.workspaceFolders ?? []).length > 0;
  await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow: hasFolder });
}

/** Shows the spec of an example whose folder this window was opened for. */
export async function showAwaitedExample(app: App): Promise<void> {
  const { globalState } = app.context;
  const folder = globalState.get<string>(awaited);
  const own = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.toString() === folder);
  if (own === undefined) return;
  await globalState.update(awaited, undefined);
  await showSpec(own.uri);
}

async function showSpec(folder: vscode.Uri): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, files[0]!), { preview: false });
}

async function chooseParent(): Promise<vscode.Uri | undefined> {
  const [own] = vscode.workspace.workspaceFolders ?? [];
  if (own !== undefined) {
    const here = { label: `Into ${own.name}`, detail: `As a folder ${name} of this workspace.` };
    const elsewhere = { label: 'Into Another Folder…', detail: 'In a window of its own.' };
    const chosen = await vscode.window.showQuickPick([here, elsewhere], {
      title: 'Open the Example',
      placeHolder: 'Where is the example to be copied?',
    });
    if (chosen !== elsewhere) return chosen && own.uri;
  }
  const [picked] =
    (await vscode.window.showOpenDialog({
      title: `Folder for ${name}`,
      openLabel: 'Copy the Example Here',
      canSelectFiles: false,
      canSelectFolders: true,
    })) ?? [];
  return picked;
}
