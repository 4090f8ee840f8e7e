import * as vscode from 'vscode';
import { fail } from '../../engine/findings.ts';
import type { App } from '../app.ts';
import { chooseSpec, nameOf, specsOf } from '../specs/find.ts';

/** A model as the engine can reach it. */
export interface OpenedModel extends vscode.Disposable {
  readonly path: string;
  /** What the engine may touch for it. */
  readonly folders: readonly string[];
  /** False for a version from elsewhere (`git:`): it can be looked at, not compressed. */
  readonly inWorkspace: boolean;
  /** The spec that names it, chosen by the person where there are several; undefined: there is none. */
  spec(question: string): Promise<vscode.Uri | undefined | 'cancelled'>;
}

/** Largest version of a model that is copied out of a file system that the engine cannot read. */
const largestCopy = 512 * 2 ** 20;

/** @throws FindingError where it cannot be had */
export async function openModel(uri: vscode.Uri, app: App): Promise<OpenedModel> {
  const { environment, runs } = app;
  const path = environment.pathOf(uri);
  const inFolder = path !== undefined && vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  if (path !== undefined) {
    // A file that a person opened themselves may be read wherever it is, with the data beside it.
    const folder = environment.pathOf(vscode.Uri.joinPath(uri, '..'));
    return {
      path,
      folders: inFolder || folder === undefined ? runs.folders : [...runs.folders, folder],
      inWorkspace: inFolder,
      async spec(question) {
        const specs = await specsOf(uri, app);
        return specs.length === 0 ? undefined : ((await chooseSpec(specs, question)) ?? 'cancelled');
      },
      dispose: () => {},
    };
  }
  const size = (await vscode.workspace.fs.stat(uri)).size;
  if (size > largestCopy) {
    fail('model/too-large', `This version of the model is too large to open from "${uri.scheme}:".`, {
      why: `It has ${Math.round(size / 2 ** 20)} MiB and would have to be copied; at most ${largestCopy / 2 ** 20} MiB are.`,
      fix: 'Save it to a file of the workspace and open that.',
    });
  }
  const lent = await environment.lend(nameOf(uri).replace(/[^\w.-]/g, '_'), await vscode.workspace.fs.readFile(uri));
  return {
    path: lent.path,
    folders: [lent.folder],
    inWorkspace: false,
    spec: async () => undefined,
    dispose: () => lent.dispose(),
  };
}
