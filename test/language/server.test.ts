import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { sha256 } from '../../engine/hash.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import type { Job } from '../../engine/plan.ts';
import {
  type MeasuredParams,
  type ModelStateParams,
  type ModelsNamedResult,
  measuredRequest,
  measurementsChanged,
  modelStateNotification,
  modelsNamedRequest,
  type ResolveResult,
  resolveRequest,
  trustGranted,
} from '../../language/server/protocol.ts';
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
let states: ModelStateParams[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-server-'));
  copyFileSync(join(root, 'examples', 'digits', 'digits.onnx'), join(folder, 'digits.onnx'));
  server = spawn(process.execPath, [join(root, 'language', 'server', 'node.ts'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  connection = createMessageConnection(new StreamMessageReader(server.stdout!), new StreamMessageWriter(server.stdin!));
  published = new Map();
  waiting = [];
  states = [];
  connection.onNotification(modelStateNotification, (state: ModelStateParams) => void states.push(state));
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
      'qspec 1\nmodel "digits.onnx"\nquantize { weights int8\n  layer "/conv9/Conv" keep float }\ndata calibration npz "nowhere.npz"\n',
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
      { kind: 'source.fixAll.qspec', edit: { changes: { [uri]: [{ newText: 'model' }] } } },
    ]);
    const rewrites = await connection.sendRequest<{ title: string }[]>('textDocument/codeAction', {
      textDocument: { uri: await open('quantize { weights int8 }', 'whole.qspec') },
      range: { start: { line: 0, character: 13 }, end: { line: 0, character: 13 } },
      context: { diagnostics: [], only: ['refactor'] },
    });
    expect(rewrites).toMatchObject([{ title: 'Lock weights', kind: 'refactor.rewrite.lock' }]);

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

    const { items } = await connection.sendRequest<{ items: { label: string }[] }>('textDocument/completion', {
      textDocument: { uri },
      position: { line: 2, character: 19 },
    });
    expect(items.map(({ label }) => label)).toContain('int4');
    const resolved = await connection.sendRequest<{ documentation: { value: string } }>(
      'completionItem/resolve',
      items.find(({ label }) => label === 'int4'),
    );
    expect(resolved.documentation.value).toContain('−8 … 7');
  });

  it('completes paths with what lies in the workspace, and with nothing else', async () => {
    await start(true);
    mkdirSync(join(folder, 'nets'));
    writeFileSync(join(folder, 'nets', 'small.onnx'), '');
    writeFileSync(join(folder, 'notes.txt'), '');
    const complete = async (text: string, name: string) => {
      const { items } = await connection.sendRequest<{ items: { label: string; textEdit: { newText: string } }[] }>(
        'textDocument/completion',
        { textDocument: { uri: await open(text, name) }, position: { line: 0, character: text.length - 1 } },
      );
      return items.map(({ textEdit }) => textEdit.newText);
    };
    expect(await complete('model ""', 'a.qspec')).toEqual(['"digits.onnx"', '"nets/"']);
    expect(await complete('model "nets/s"', 'b.qspec')).toEqual(['"nets/small.onnx"']);
    expect(await complete('model "../"', 'c.qspec')).toEqual([]);
  });

  it('completes no path before the workspace is trusted', async () => {
    await start(false);
    const completion = { textDocument: { uri: await open('model ""') }, position: { line: 0, character: 7 } };
    expect(await connection.sendRequest('textDocument/completion', completion)).toMatchObject({ items: [] });
  });

  it('lays out, outlines, links, names and notes', async () => {
    await start(true);
    const text =
      'qspec 1\nmodel "digits.onnx"\nformat w4 = int4\nquantize {weights w4\nlayers op Conv{weights int8}}\n';
    const uri = await open(text);
    await until(uri, () => true);
    const about = { textDocument: { uri } };
    const ask = <T>(method: string, more: object = {}) =>
      connection.sendRequest<T>(`textDocument/${method}`, { ...about, ...more });

    const options = { tabSize: 2, insertSpaces: true };
    const edits = await ask<{ newText: string }[]>('formatting', { options });
    expect(edits.map(({ newText }) => newText)).toEqual(['\n  ', '\n  ', ' ', ' ', ' ', '\n']);
    expect((await ask<{ name: string }[]>('documentSymbol')).map(({ name }) => name)).toEqual([
      'model',
      'w4',
      'quantize',
    ]);
    const use = { position: { line: 3, character: 18 } };
    expect(await ask('definition', use)).toMatchObject({ uri, range: { start: { line: 2, character: 7 } } });
    expect(await ask('references', { ...use, context: { includeDeclaration: true } })).toHaveLength(2);
    expect(await ask('prepareRename', use)).toMatchObject({ placeholder: 'w4' });
    const rename = await ask<{ changes: Record<string, unknown[]> }>('rename', { ...use, newName: 'four' });
    expect(rename.changes[uri]).toHaveLength(2);
    await expect(ask('rename', { ...use, newName: 'int8' })).rejects.toThrow('a word of the language');

    const everything = { range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } } };
    let hints = await ask<{ label: string }[]>('inlayHint', everything);
    for (let i = 0; i < 200 && hints.length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      hints = await ask('inlayHint', everything);
    }
    expect(hints[0]!.label).toMatch(/^\u00a0\d+ layers · .* → /);
    const lenses = await ask<{ command: { command: string; arguments: string[] } }[]>('codeLens');
    expect(lenses.map(({ command }) => command.command)).toEqual([
      'qspec.openGraph',
      'qspec.quantize',
      'qspec.measureSensitivity',
      'qspec.showPlan',
    ]);
    expect(lenses[0]!.command.arguments).toEqual([pathToFileURL(join(folder, 'digits.onnx')).href]);
    expect((await ask<{ data: number[] }>('semanticTokens/full')).data).toHaveLength(5 * 5);
    expect(await ask('documentLink')).toEqual([]);
    expect(await ask('foldingRange')).toEqual([]);
    expect(await ask('selectionRange', { positions: [use.position] })).toHaveLength(1);
  });

  it('follows what a spec imports, on disk and in an open editor', async () => {
    await start(true);
    writeFileSync(join(folder, 'base.qspec'), 'qspec 1\nquantize { weights int8 layers op LSTM keep float }\n');
    const uri = await open('qspec 1\nimport "base.qspec"\nmodel "digits.onnx"\n');
    const found = await until(uri, has('rule/no-match'));
    expect(found[0]!.message).toContain('base.qspec, line 2: This rule matches no layer');
    const base = await open('qspec 1\nquantize { weights int8 }\n', 'base.qspec');
    await until(uri, (diagnostics) => diagnostics.length === 0);
    expect(codes(await until(base, (diagnostics) => diagnostics.length > 0))).toEqual(['spec/model']);
    const { job } = await connection.sendRequest<ResolveResult>(resolveRequest, { uri });
    expect(job!.model).toBe(join(folder, 'digits.onnx'));
    expect(Object.keys(job!.plan!.nodes).length).toBeGreaterThan(0);
  });

  it('opens nothing that a spec names before the workspace is trusted', async () => {
    await start(false);
    const uri = await open(
      'qspec 1\nmodel "digits.onnx"\nquantize { weights int17\n  layer "/conv9/Conv" keep float }\ndata calibration npz "nowhere.npz"\n',
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

  describe('asked what a spec resolves to', () => {
    const plain = 'qspec 1\nmodel "digits.onnx"\nquantize { weights int8 }\n';
    const resolve = (uri: string) => connection.sendRequest<ResolveResult>(resolveRequest, { uri });
    const fileOf = (name: string) => pathToFileURL(join(folder, name)).href;

    it('waits for the model and answers the job of the open text, not of the file', async () => {
      await start(true);
      writeFileSync(join(folder, 'a.qspec'), 'qspec 1\nmodel "other.onnx"\n');
      const uri = await open(plain);
      const { job, findings } = await resolve(uri);
      expect(findings).toEqual([]);
      expect(job).toMatchObject({
        spec: { path: join(folder, 'a.qspec'), hash: sha256(new TextEncoder().encode(plain)) },
        model: join(folder, 'digits.onnx'),
      } satisfies Partial<Job>);
      expect(Object.keys(job?.plan?.nodes ?? {}).length).toBeGreaterThan(2);
    });

    it('reads the file of a spec that is not open', async () => {
      await start(true);
      writeFileSync(join(folder, 'closed.qspec'), plain);
      expect((await resolve(fileOf('closed.qspec'))).job?.spec.path).toBe(join(folder, 'closed.qspec'));
      expect(await resolve(fileOf('nowhere.qspec'))).toMatchObject({ findings: [{ code: 'file/missing' }] });
      writeFileSync(join(folder, 'huge.qspec'), '/'.repeat(2 ** 20 + 1));
      expect(await resolve(fileOf('huge.qspec'))).toMatchObject({ findings: [{ code: 'syntax/too-large' }] });
    });

    it('gives no job where the model or the data cannot be had, and says so at their place', async () => {
      await start(true);
      writeFileSync(join(folder, 'broken.onnx'), 'not a model');
      const broken = await resolve(await open('qspec 1\nmodel "broken.onnx"\n', 'broken.qspec'));
      expect(broken.job).toBeUndefined();
      expect(broken.findings).toMatchObject([
        { code: 'model/not-onnx', severity: 'error', range: { start: { line: 1, column: 6 } } },
      ]);
      const dataless = await resolve(await open(`${plain}data calibration npz "nowhere.npz"\n`, 'data.qspec'));
      expect(dataless.job).toBeUndefined();
      expect(dataless.findings.map(({ code }) => code)).toEqual(['file/missing']);
    });

    it('opens nothing before the workspace is trusted', async () => {
      await start(false);
      const uri = await open(plain);
      expect(await resolve(uri)).toMatchObject({ findings: [{ code: 'workspace/untrusted', severity: 'error' }] });
      expect(await connection.sendRequest(modelsNamedRequest, { uris: [uri] })).toEqual([null]);
    });

    it('names the models of specs, whatever the specs are', async () => {
      await start(true);
      writeFileSync(join(folder, 'closed.qspec'), 'qspec 1 model "sub/../digits.onnx" quantize {');
      writeFileSync(join(folder, 'huge.qspec'), `model "digits.onnx" ${' '.repeat(2 ** 20)}`);
      const uris = [
        await open('model'),
        fileOf('closed.qspec'),
        fileOf('nowhere.qspec'),
        fileOf('huge.qspec'),
        pathToFileURL(folder).href,
        'not a uri',
        'file:///%00',
      ];
      const paths = await connection.sendRequest<ModelsNamedResult>(modelsNamedRequest, { uris });
      expect(paths).toEqual([null, join(folder, 'digits.onnx'), null, null, null, null, null]);
    });

    it('outlives a client that asks nonsense', async () => {
      await start(true);
      expect(await connection.sendRequest(resolveRequest, { uri: 3 })).toMatchObject({
        findings: [{ severity: 'error' }],
      });
      expect(await connection.sendRequest(modelsNamedRequest, null)).toEqual([]);
      expect(await connection.sendRequest('textDocument/hover', { textDocument: { uri: await open('x') } })).toBeNull();
      expect((await resolve(await open(plain, 'after.qspec'))).job).toBeDefined();
    });
  });

  describe('rules on sensitivity', () => {
    const text = (rule: string, more = '') =>
      `qspec 1\nmodel "digits.onnx"\nquantize {\n  weights int4\n  ${rule}\n}\n${more}`;
    const rule = 'layers op Conv where sensitivity < 30 dB { weights int8 }';
    const weightsOf = (job: Job | undefined, layer: string) => job!.plan!.nodes[layer]!.weight!.format;
    /** What the client keeps, by key; and the keys that were asked for. */
    let kept: Map<string, Measurements>;
    let asked: string[];

    beforeEach(() => {
      kept = new Map();
      asked = [];
      connection.onRequest(measuredRequest, ({ key }: MeasuredParams) => {
        asked.push(key);
        return kept.get(key) ?? null;
      });
    });

    async function measure(uri: string): Promise<void> {
      const { pending } = await connection.sendRequest<ResolveResult>(resolveRequest, { uri });
      kept.set(pending!.key, { sensitivity: { conv1: 12, conv2: 40, conv3: null } });
      await connection.sendNotification(measurementsChanged);
    }

    it('are pending with an action that measures, and resolve once the client has measured', async () => {
      await start(true);
      const uri = await open(text(rule));
      const [pending] = await until(uri, has('rule/pending'));
      expect(pending).toMatchObject({ code: 'rule/pending', severity: 3 });
      const actions = await connection.sendRequest('textDocument/codeAction', {
        textDocument: { uri },
        range: pending!.range,
        context: { diagnostics: [pending] },
      });
      expect(actions).toMatchObject([
        { title: 'Measure sensitivity', command: { command: 'qspec.measure', arguments: [uri] } },
      ]);
      const before = await connection.sendRequest<ResolveResult>(resolveRequest, { uri });
      expect(before.job).toBeUndefined();
      expect(weightsOf(before.pending!.job, 'conv1')).toBe('int4');

      await measure(uri);
      await until(uri, (diagnostics) => diagnostics.length === 0);
      const { job, pending: left } = await connection.sendRequest<ResolveResult>(resolveRequest, { uri });
      expect(left).toBeUndefined();
      expect(['conv1', 'conv2', 'conv3'].map((layer) => weightsOf(job, layer))).toEqual(['int8', 'int4', 'int4']);
    });

    it('stay measured while something else is changed, and are pending again when what was measured is', async () => {
      await start(true);
      const uri = await open(text(rule));
      await until(uri, has('rule/pending'));
      await measure(uri);
      await until(uri, (diagnostics) => diagnostics.length === 0);
      const count = asked.length;
      const change = async (version: number, changed: string) =>
        connection.sendNotification('textDocument/didChange', {
          textDocument: { uri, version },
          contentChanges: [{ text: changed }],
        });
      await change(
        2,
        text(`${rule} layers op Gemm where sensitivity > 3 dB { weights int8 }`, 'expect size <= 1 parsecs'),
      );
      // The classifier was not measured: the second rule matches nothing, and that is known.
      expect(codes(await until(uri, has('number/unit')))).toEqual(['number/unit', 'rule/no-match']);
      await change(3, text(`${rule} layers op Gemm where sensitivity > 3 dB { weights int8 }`, 'expect size <= 1 MiB'));
      await until(uri, (diagnostics) => codes(diagnostics).join() === 'rule/no-match');
      expect(asked.length).toBe(count);
      await change(4, text(`layers op Gemm { weights int8 } ${rule}`));
      await until(uri, has('rule/pending'));
    });

    it('are pending for a client that keeps nothing', async () => {
      connection.onRequest(measuredRequest, () => Promise.reject(new Error('no such request')));
      await start(true);
      const uri = await open(text(rule));
      await until(uri, has('rule/pending'));
      expect((await connection.sendRequest<ResolveResult>(resolveRequest, { uri })).pending).toBeDefined();
    });
  });

  it('tells how far the model of a document is', async () => {
    await start(true);
    const uri = await open('qspec 1\nmodel "digits.onnx"\nquantize { layer "/conv9/Conv" keep float }\n');
    const reached = (state: string) =>
      vi.waitFor(() => expect(states.map((own) => own.state).at(-1)).toBe(state), { timeout: 20_000 });
    await until(uri, has('selector/layer'));
    await reached('loaded');
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: 'qspec 1\nmodel "nowhere.onnx"\n' }],
    });
    await until(uri, has('file/missing'));
    // That the file is not there is found sooner than the model fails.
    await reached('failed');
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 3 },
      contentChanges: [{ text: 'qspec 1\n' }],
    });
    await until(uri, has('spec/model'));
    await reached('none');
    expect(states.every((state) => state.uri === uri)).toBe(true);
    const told = states.map(({ state }) => state);
    // A file that is not there may be known not to be before anything is told of it: one loading may be left out, and nothing else.
    const whole = ['loading', 'loaded', 'loading', 'failed', 'none'];
    expect([whole, whole.toSpliced(2, 1)]).toContainEqual(told);
  });
});
