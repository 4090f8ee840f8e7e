import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeHost } from '../../engine/env/node/host.ts';
import { isInside } from '../../engine/files/confine.ts';
import {
  allowedFoldersChanged,
  modelsNamedRequest,
  type ResolveResult,
  resolveRequest,
  trustGranted,
} from '../../language/server/protocol.ts';
import { type Call, recordingHost } from '../engine/files/recording-host.ts';
import { root } from '../shared.ts';
import { startServer } from './support/server.ts';

// Waiting for a finding that never comes is to fail soon.
vi.setConfig({ testTimeout: 20_000 });

const node = nodeHost();
const digits = join(root, 'examples', 'digits', 'digits.onnx');
let folder = '';
let server: Awaited<ReturnType<typeof startServer>>;
let calls: Call[];
const at = (...parts: string[]) => join(folder, ...parts);
const uriOf = (...parts: string[]) => pathToFileURL(at(...parts)).href;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qspec-')));
  for (const name of ['workspace', 'elsewhere', 'lent', 'linked']) mkdirSync(at(name));
  for (const name of ['workspace', 'elsewhere', 'lent']) copyFileSync(digits, at(name, 'digits.onnx'));
  symlinkSync(at('elsewhere'), at('workspace', 'link'));
});
afterEach(() => {
  server.client.dispose();
  rmSync(folder, { recursive: true });
});

async function start(trusted: boolean, more: { folders?: string[]; allowedFolders?: string[] } = {}): Promise<void> {
  const recorded = recordingHost(node);
  calls = recorded.calls;
  const { folders = [uriOf('workspace')], ...options } = more;
  server = await startServer(recorded.host, folders, { trusted, ...options });
}

const outsideOf = (...folders: string[]) =>
  calls.filter(({ path }) => !folders.some((name) => isInside(node, at(name), path)));
const resolve = (uri: string) => server.client.sendRequest<ResolveResult>(resolveRequest, { uri });
const spec = (model: string) => `qspec 1\nmodel "${model}"\n`;
/** Something that the server answers only after it has checked everything before it. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 150));

describe('in an untrusted workspace', () => {
  it('nothing is touched, whatever is asked; with trust, everything is told', async () => {
    await start(false, { allowedFolders: [at('lent')] });
    const uri = uriOf('workspace', 'a.qspec');
    await server.open(uri, `${spec('missing.onnx')}data calibration npz "nowhere.npz"\n`);
    await server.open(uriOf('elsewhere', 'b.qspec'), spec('digits.onnx'));
    await server.until(uri);
    const position = { textDocument: { uri }, position: { line: 1, character: 8 } };
    await server.client.sendRequest('textDocument/hover', position);
    await server.client.sendRequest('textDocument/completion', position);
    await server.client.sendRequest('textDocument/codeAction', {
      textDocument: { uri },
      range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } },
      context: { diagnostics: [] },
    });
    expect((await resolve(uri)).findings).toMatchObject([{ code: 'workspace/untrusted' }]);
    const uris = [uri, uriOf('workspace', 'closed.qspec')];
    expect(await server.client.sendRequest(modelsNamedRequest, { uris })).toEqual([null, null]);
    await server.client.sendNotification('workspace/didChangeWatchedFiles', { changes: [] });
    await server.client.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [{ uri: uriOf('lent'), name: 'lent' }], removed: [] },
    });
    await settle();
    expect(calls).toEqual([]);

    await server.client.sendNotification(trustGranted);
    await server.until(uri, 'file/missing', 'file/missing');
    expect(calls.length).toBeGreaterThan(0);
    expect(server.log).toEqual([]);
  });
});

describe('a hostile spec', () => {
  it.each([
    ['absolute', () => at('elsewhere', 'digits.onnx')],
    ['climbing', () => '../elsewhere/digits.onnx'],
    ['a device', () => '/dev/zero'],
    ['a server', () => '//server/share/m.onnx'],
    ['a Windows device', () => '//./PhysicalDrive0'],
  ])('has one finding for each path, and nothing outside is looked at: %s', async (_name, path) => {
    await start(true);
    const uri = uriOf('workspace', 'a.qspec');
    const text = `${spec(path())}data calibration images "${path()}" { split "${path()}"\nlabels file "${path()}" }\n`;
    await server.open(uri, text);
    await server.until(uri, 'model/outside', 'data/outside', 'data/outside', 'data/outside');
    expect(outsideOf('workspace')).toEqual([]);
    const { job, findings } = await resolve(uri);
    expect(job).toBeUndefined();
    expect(findings.map(({ code }) => code)).toEqual(['model/outside', 'data/outside', 'data/outside', 'data/outside']);
    expect(findings.map(({ range }) => range?.start.line)).toEqual([1, 2, 2, 3]);
    await settle();
    expect(outsideOf('workspace')).toEqual([]);
    expect(server.log).toEqual([]);
  });

  it('opens nothing through a link that leads out', async () => {
    await start(true);
    const uri = uriOf('workspace', 'a.qspec');
    await server.open(uri, `${spec('link/digits.onnx')}data calibration npz "link/digits.onnx"\n`);
    await server.until(uri, 'model/outside', 'data/outside');
    expect(calls.filter(({ name, path }) => name !== 'readLink' && path !== at('workspace'))).toEqual([]);
    expect(outsideOf('workspace')).toEqual([]);
  });

  it('is not read itself where it lies outside and is not open', async () => {
    await start(true);
    expect((await resolve(uriOf('elsewhere', 'a.qspec'))).findings).toMatchObject([{ code: 'file/outside' }]);
    const uris = [uriOf('elsewhere', 'a.qspec'), 'file://server/share/a.qspec', 'file:///dev/zero'];
    expect(await server.client.sendRequest(modelsNamedRequest, { uris })).toEqual([null, null, null]);
    expect(outsideOf('workspace')).toEqual([]);
  });
});

describe('what a spec may name', () => {
  it('is what the client allows beside the workspace', async () => {
    await start(true, { allowedFolders: [at('lent'), 'relative', ''] });
    const uri = uriOf('workspace', 'a.qspec');
    await server.open(uri, spec('../lent/digits.onnx'));
    expect((await resolve(uri)).job?.model).toBe(at('lent', 'digits.onnx'));
    expect(outsideOf('workspace', 'lent')).toEqual([]);
  });

  it('changes with what the client allows', async () => {
    await start(true);
    const uri = uriOf('workspace', 'a.qspec');
    await server.open(uri, spec('../lent/digits.onnx'));
    await server.until(uri, 'model/outside');
    await server.client.sendNotification(allowedFoldersChanged, { allowedFolders: [at('lent')] });
    await server.until(uri);
    expect((await resolve(uri)).job?.model).toBe(at('lent', 'digits.onnx'));
    await server.client.sendNotification(allowedFoldersChanged, { allowedFolders: [] });
    await server.until(uri, 'model/outside');
  });

  it('changes with the folders of the workspace', async () => {
    await start(true);
    const uri = uriOf('workspace', 'a.qspec');
    await server.open(uri, spec('../elsewhere/digits.onnx'));
    await server.until(uri, 'model/outside');
    const change = (event: object) => server.client.sendNotification('workspace/didChangeWorkspaceFolders', { event });
    const elsewhere = [{ uri: uriOf('elsewhere'), name: 'elsewhere' }];
    await change({ added: elsewhere, removed: [] });
    await server.until(uri);
    expect((await resolve(uri)).job).toBeDefined();
    await change({ added: [], removed: elsewhere });
    await server.until(uri, 'model/outside');
  });

  it('is the folder of a document that was opened from elsewhere, while it is open', async () => {
    await start(true);
    const own = uriOf('elsewhere', 'b.qspec');
    await server.open(own, spec('digits.onnx'));
    expect((await resolve(own)).job).toBeDefined();
    const uri = uriOf('workspace', 'a.qspec');
    await server.close(own);
    await server.open(uri, spec('../elsewhere/digits.onnx'));
    await server.until(uri, 'model/outside');
  });

  it('is not the disk, because a document without a file or in its root is open', async () => {
    await start(true, { folders: [] });
    for (const uri of ['untitled:Untitled-1', 'file:///a.qspec', 'vscode-vfs://github/etc/a.qspec']) {
      await server.open(uri, spec(at('elsewhere', 'digits.onnx')));
      await server.until(uri, 'model/outside');
    }
    expect(calls).toEqual([]);
  });

  it('is a workspace that is itself reached by a link', async () => {
    symlinkSync(at('workspace'), at('linked', 'way-in'));
    await start(true, { folders: [uriOf('linked', 'way-in')] });
    const uri = uriOf('linked', 'way-in', 'a.qspec');
    await server.open(uri, spec('digits.onnx'));
    expect((await resolve(uri)).job?.model).toBe(at('linked', 'way-in', 'digits.onnx'));
    expect(outsideOf('linked', 'workspace')).toEqual([]);
  });
});
