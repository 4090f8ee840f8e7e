// Runs inside the extension host, against the real `vscode` API. The workflow for Windows, macOS and Linux runs it in a desktop
// VS Code (run.mjs); here `test/editor/in-host.test.ts` runs it in the VS Code of the editor tests, so that it is no untested code.
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

const extensionId = 'qspec.qspec';

const steps: Readonly<Record<string, () => Promise<void>>> = {
  'the extension is activated by a spec': async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension, `${extensionId} is not installed`);
    const document = await vscode.workspace.openTextDocument(inWorkspace('digits.qspec'));
    await vscode.window.showTextDocument(document);
    assert.equal(document.languageId, 'qspec');
    await eventually('activation', () => extension.isActive);
  },

  'an unknown layer is found and mended': async () => {
    const spec = inWorkspace('wrong.qspec');
    const text = 'qspec 1\nmodel "digits.onnx"\nquantize {\n  layer "convv1" { weights int8 }\n}\n';
    await vscode.workspace.fs.writeFile(spec, new TextEncoder().encode(text));
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(spec));
    const found = await eventually('the finding', () =>
      vscode.languages.getDiagnostics(spec).find(({ code }) => code === 'selector/layer'),
    );
    assert.match(found.message, /no layer `convv1`.*Did you mean `conv1`/);
    assert.equal(found.severity, vscode.DiagnosticSeverity.Error);
    assert.equal(found.range.start.line, 3);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      spec,
      found.range,
    );
    const fix = actions.find(({ title }) => title === 'Change to "conv1"');
    assert.ok(fix?.edit, `fixes: ${actions.map(({ title }) => title).join(', ')}`);
    assert.ok(await vscode.workspace.applyEdit(fix.edit));
    await eventually('that the finding goes', () => vscode.languages.getDiagnostics(spec).length === 0);
  },

  'the example is quantised': async () => {
    const exported = inWorkspace('out/digits.int8.onnx');
    void vscode.commands.executeCommand('qspec.quantize', inWorkspace('digits.qspec'));
    const size = await eventually(
      'the export',
      async () => {
        try {
          return (await vscode.workspace.fs.stat(exported)).size;
        } catch {
          return undefined;
        }
      },
      120_000,
    );
    const original = (await vscode.workspace.fs.stat(inWorkspace('digits.onnx'))).size;
    assert.ok(size > 1024 && size < original / 2, `${original} bytes became ${size}`);
  },
};

/** What VS Code calls; a failure is an exit code other than 0. */
export async function run(): Promise<void> {
  for (const [name, step] of Object.entries(steps)) {
    const started = Date.now();
    try {
      await step();
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    }
    console.log(`passed: ${name} (${Date.now() - started} ms)`);
  }
}

function inWorkspace(path: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no folder is open');
  return vscode.Uri.joinPath(folder.uri, path);
}

/** Polls until something holds. */
async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  patience = 60_000,
): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${patience / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
