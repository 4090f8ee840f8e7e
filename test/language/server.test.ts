import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { trustGranted } from '../../language/server/protocol.ts';
import { root } from '../shared.ts';

interface Diagnostic {
  readonly code: string;
  readonly message: string;
  readonly severity: number;
  readonly range: { start: { line: number; character: number }; end: { line: number; character: number } };
}

let folder: string;
let server: ChildProcess;
let connection: MessageConnection;
let published: Map<string, readonly Diagnostic[]>;
let waiting: (() => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-server-'));
  copyFileSync(join(root, 'examples', 'digits', 'digits.onnx'), join(folder, 'digits.onnx'));
  server = spawn(process.execPath, [join(root, 'language', 'server', 'node.ts'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  connection = createMessageConnection(new StreamMessageReader(server.stdout!), new StreamMessageWriter(server.stdin!));
  published = new Map();
  waiting = [];
  connection.onNotification(
    'textDocument/publishDiagnostics',
    ({ uri, diagnostics }: { uri: string; diagnostics: Diagnostic[] }) => {
      published.set(uri, diagnostics);
      for (const wake of waiting.splice(0)) wake();
    },
  );
  connection.listen();
});

afterEach(async () => {
  await connection.sendRequest('shutdown');
  await connection.sendNotification('exit');
  connection.dispose();
  await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve(undefined)));
  rmSync(folder, { recursive: true, force: true });
});

async function start(trusted: boolean): Promise<void> {
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'test' }],
    initializationOptions: { trusted },
  });
  await connection.sendNotification('initialized', {});
}

async function open(text: string, name = 'a.qspec'): Promise<string> {
  const uri = pathToFileURL(join(folder, name)).href;
  await connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'qspec', version: 1, text },
  });
  return uri;
}

/** Waits until what is published for a document satisfies a condition. */
async function until(
  uri: string,
  condition: (diagnostics: readonly Diagnostic[]) => boolean,
): Promise<readonly Diagnostic[]> {
  for (;;) {
    const diagnostics = published.get(uri);
    if (diagnostics && condition(diagnostics)) return diagnostics;
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
}

const codes = (diagnostics: readonly Diagnostic[]) => diagnostics.map(({ code }) => code).sort();
const has =
  (...wanted: string[]) =>
  (diagnostics: readonly Diagnostic[]) =>
    wanted.every((code) => codes(diagnostics).includes(code));

describe('the language server', () => {
  it('says what the command line says, with the model and files of the spec', async () => {
    await start(true);
    const uri = await open(
      'qspec 1\nmodel "digits.onnx"\nquantize { weights int8\n  layer "/conv9/Conv" keep float }\ndata x npz "nowhere.npz"\n',
    );
    const diagnostics = await until(uri, has('selector/layer', 'file/missing'));
    expect(codes(diagnostics)).toEqual(['file/missing', 'selector/layer']);
    expect(diagnostics[0]).toMatchObject({ severity: 1, source: 'qspec', range: { start: { line: 3, character: 8 } } });
  });

  it('mends, explains and completes', async () => {
    await start(true);
    const uri = await open('qspec 1\nmodle "digits.onnx"\nquantize { weights int8 layers op Conv { weights int4 } }\n');
    const [fault] = await until(uri, has('syntax/unexpected'));
    const actions = await connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri },
      range: fault!.range,
      context: { diagnostics: [fault] },
    });
    expect(actions).toMatchObject([
      { title: 'Change to model', kind: 'quickfix', edit: { changes: { [uri]: [{ newText: 'model' }] } } },
    ]);

    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range: fault!.range, text: 'model' }],
    });
    await until(uri, (diagnostics) => diagnostics.length === 0);
    const hover = () =>
      connection.sendRequest<{ contents: { value: string } }>('textDocument/hover', {
        textDocument: { uri },
        position: { line: 2, character: 26 },
      });
    // The model is read in the background: until then a rule says what it is, then what it matches.
    let text = (await hover()).contents.value;
    for (let i = 0; i < 200 && !text.includes('parameters'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      text = (await hover()).contents.value;
    }
    expect(text).toMatch(/^\*\*\d+ layers\*\* · .* parameters/);

    const items = await connection.sendRequest<{ label: string }[]>('textDocument/completion', {
      textDocument: { uri },
      position: { line: 2, character: 19 },
    });
    expect(items.map(({ label }) => label)).toContain('int4');
  });

  it('opens nothing that a spec names before the workspace is trusted', async () => {
    await start(false);
    const uri = await open(
      'qspec 1\nmodel "digits.onnx"\nquantize { weights int9\n  layer "/conv9/Conv" keep float }\ndata x npz "nowhere.npz"\n',
    );
    expect(codes(await until(uri, () => true))).toEqual(['format/unknown']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(codes(published.get(uri)!)).toEqual(['format/unknown']);

    await connection.sendNotification(trustGranted);
    expect(codes(await until(uri, has('selector/layer', 'file/missing')))).toEqual([
      'file/missing',
      'format/unknown',
      'selector/layer',
    ]);
  });

  it('opens no model outside the workspace, through links neither', async () => {
    await start(true);
    symlinkSync(join(root, 'examples', 'digits', 'digits.onnx'), join(folder, 'link.onnx'));
    const linked = await open('qspec 1\nmodel "link.onnx"\n', 'linked.qspec');
    expect(codes(await until(linked, has('model/outside')))).toEqual(['model/outside']);
    const climbing = await open(
      `qspec 1\nmodel "${join(root, 'examples', 'digits', 'digits.onnx').replaceAll('\\', '/')}"\n`,
      'climbing.qspec',
    );
    expect(codes(await until(climbing, has('model/outside')))).toEqual(['model/outside']);
  });

  it('tells of a model that cannot be read and looks again when it changes', async () => {
    await start(true);
    writeFileSync(join(folder, 'broken.onnx'), 'not a model');
    const uri = await open('qspec 1\nmodel "broken.onnx"\nquantize { layer "/conv9/Conv" keep float }\n');
    const [fault] = await until(uri, (diagnostics) => diagnostics.some(({ code }) => code.startsWith('model/')));
    expect(fault?.range.start).toEqual({ line: 1, character: 6 });

    copyFileSync(join(root, 'examples', 'digits', 'digits.onnx'), join(folder, 'broken.onnx'));
    await connection.sendNotification('workspace/didChangeWatchedFiles', { changes: [] });
    expect(codes(await until(uri, has('selector/layer')))).toEqual(['selector/layer']);
  });

  it('takes its findings back when a document closes', async () => {
    await start(true);
    const uri = await open('modle');
    await until(uri, has('syntax/unexpected'));
    await connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
    expect(await until(uri, (diagnostics) => diagnostics.length === 0)).toEqual([]);
  });
});
