import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeHost } from '../../engine/env/node/host.ts';
import { isInside } from '../../engine/files/confine.ts';
import {
  type ModelsNamedResult,
  modelsNamedRequest,
  type ResolveResult,
  resolveRequest,
} from '../../language/server/protocol.ts';
import { type Call, recordingHost } from '../engine/files/recording-host.ts';
import { root } from '../shared.ts';
import { startServer } from './support/server.ts';

const node = nodeHost();
let folder = '';
let workspace = '';
let calls: Call[];
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qspec-')));
  workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  copyFileSync(join(root, 'examples', 'digits', 'digits.onnx'), join(workspace, 'digits.onnx'));
  writeFileSync(join(workspace, 'noise.onnx'), 'noise');
  writeFileSync(
    join(workspace, 'base.qspec'),
    'qspec 1 import "base.qspec" format w4 = int4 quantize { weights w4 } {',
  );
  symlinkSync(folder, join(workspace, 'out'));
  const recorded = recordingHost(node);
  calls = recorded.calls;
  server = await startServer(recorded.host, [pathToFileURL(workspace).href], { trusted: true });
});
afterAll(() => {
  server.client.dispose();
  rmSync(folder, { recursive: true });
});

const path = fc.constantFrom(
  'digits.onnx',
  'base.qspec',
  'noise.onnx',
  'nowhere.onnx',
  '.',
  '..',
  '../x',
  'out/x',
  '/dev/zero',
  '//server/share/x',
  '\\\\\\\\server\\\\x',
  'a\0b',
  '\udfff.onnx',
  '*.jpg',
  '../*',
  '/etc/{passwd,shadow}',
  'x'.repeat(5000),
);
const piece = fc.oneof(
  path.map((path) => `model "${path}"\n`),
  path.map((path) => `data calibration images "${path}" { split "${path}" labels file "${path}" }\n`),
  path.map((path) => `export onnx qdq "${path}"\n`),
  path.map((path) => `import "${path}"\n`),
  fc.constantFrom(
    'qspec 1\n',
    'target cortex-m7 { flash <= 1 KiB }\n',
    'quantize { weights int8 activations uint8 observe minmax }\n',
    'layers op Conv { weights int4 per-channel }',
    'layer "conv2" keep float',
    'layers matching /(a+)+$/ keep float',
    'expect top1 >= 99 %\n',
    'search {',
    '{',
    '}',
    '(',
    'not ',
    '"',
    '/*',
    '//',
    '\\',
    '\r\n',
    '\u2028',
    '😀',
    '\ud800',
    '9'.repeat(400),
    '('.repeat(200),
    '__proto__ constructor toString',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(' '));
const coordinate = fc.oneof(fc.nat(80), fc.constantFrom(-1, 2 ** 31 - 1));
const position = fc.record({ line: coordinate, character: coordinate });

it('whatever a text says, every request is answered, nothing is logged and nothing outside is touched', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(text, text, position, position, async (first, second, start, end) => {
      const uri = pathToFileURL(join(workspace, `${++run}.qspec`)).href;
      await server.open(uri, first);
      const ask = <T>(method: string, params: object) => server.client.sendRequest<T>(method, params);
      for (const version of [2, 3]) {
        const at = { textDocument: { uri }, position: start };
        const [hover, completion, actions, resolved, named] = await Promise.all([
          ask<object | null>('textDocument/hover', at),
          ask<{ items: object[] }>('textDocument/completion', at),
          ask<unknown[]>('textDocument/codeAction', { ...at, range: { start, end }, context: { diagnostics: [] } }),
          ask<ResolveResult>(resolveRequest, { uri }),
          ask<ModelsNamedResult>(modelsNamedRequest, { uris: [uri] }),
        ]);
        const range = { start: { line: 0, character: 0 }, end: { line: 80, character: 0 } };
        const options = { tabSize: 2, insertSpaces: true };
        const editing = await Promise.all([
          ask<unknown[]>('textDocument/formatting', { ...at, options }),
          ask<unknown[]>('textDocument/documentSymbol', at),
          ask<unknown[]>('textDocument/foldingRange', at),
          ask<unknown[]>('textDocument/selectionRange', { ...at, positions: [start, end] }),
          ask<unknown[]>('textDocument/documentLink', at),
          ask<unknown[]>('textDocument/references', { ...at, context: { includeDeclaration: true } }),
          ask<unknown[]>('textDocument/documentHighlight', at),
          ask<unknown[]>('textDocument/inlayHint', { ...at, range }),
          ask<unknown[]>('textDocument/codeLens', at),
          ask<{ data: unknown[] }>('textDocument/semanticTokens/full', at).then(({ data }) => data),
        ]);
        expect(editing.every(Array.isArray)).toBe(true);
        await ask('textDocument/definition', at);
        await ask('textDocument/prepareRename', at).catch(() => null);
        expect(hover === null || 'contents' in hover).toBe(true);
        expect(Array.isArray(completion.items) && Array.isArray(actions)).toBe(true);
        if (completion.items[0]) await ask('completionItem/resolve', completion.items[0]);
        expect(named).toHaveLength(1);
        // Either a job, or an error that says why there is none.
        const errors = resolved.findings.filter(({ severity }) => severity === 'error');
        expect(resolved.job === undefined).toBe(errors.length > 0);
        if (resolved.job) expect(named[0]).toBe(resolved.job.model);
        await server.client.sendNotification('textDocument/didChange', {
          textDocument: { uri, version },
          contentChanges: version === 2 ? [{ range: { start, end }, text: second }] : [{ text: second }],
        });
      }
      await server.close(uri);
      expect(server.log).toEqual([]);
      expect(calls.filter(({ path }) => !isInside(node, workspace, path))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
