import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { nodeHost } from '../../engine/env/node/host.ts';
import { tokensOf } from '../../language/grammar/tokens.ts';
import {
  expectationsRequest,
  modelsNamedRequest,
  planRequest,
  resolveRequest,
} from '../../language/server/protocol.ts';
import { root } from '../shared.ts';
import { startBrowserServer } from './support/browser-server.ts';
import { readResources, resourceFolder } from './support/resources.ts';
import { startServer } from './support/server.ts';

/** Places in a text at which what is under the cursor is asked about, at most. */
const mostPlaces = 8;

const capabilities = {
  workspace: { workspaceFolders: true },
  textDocument: { completion: { completionItem: { snippetSupport: true } } },
};

let folder: string;
let worlds: readonly World[];

/** One server, and what it published of each version of each document. */
class World {
  readonly client: MessageConnection;
  readonly #published = new Map<string, unknown[]>();
  readonly #waiting: (() => void)[] = [];

  constructor(client: MessageConnection) {
    this.client = client;
    client.onNotification(
      'textDocument/publishDiagnostics',
      ({ uri, version, diagnostics }: { uri: string; version?: number; diagnostics: unknown }) => {
        const key = `${uri} ${version}`;
        this.#published.set(key, [...(this.#published.get(key) ?? []), diagnostics]);
        for (const wake of this.#waiting.splice(0)) wake();
      },
    );
  }

  /** Opens a text; returns once its model, imports and files are known. */
  async settle(uri: string, text: string): Promise<void> {
    const document = (version: number) => ({ uri, version, languageId: 'qspec', text });
    await this.client.sendNotification('textDocument/didOpen', { textDocument: document(1) });
    await this.client.sendRequest(resolveRequest, { uri });
    await this.client.sendNotification('textDocument/didChange', {
      textDocument: document(2),
      contentChanges: [{ text }],
    });
    // A check says at once what can be said at once, and then what files have to say.
    while ((this.#published.get(`${uri} 2`)?.length ?? 0) < 2) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    // Imports are read behind that, and checked with when they are there.
    if (/\bimport\b/.test(text)) await pause(400);
  }

  /** What was published last. */
  findings(uri: string): unknown {
    return this.#published.get(`${uri} 2`)?.at(-1);
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-worlds-'));
  for (const name of ['digits.onnx', 'digits.npz', 'splits.json']) {
    copyFileSync(join(root, 'examples', 'digits', name), join(folder, name));
  }
  copyFileSync(join(folder, 'digits.onnx'), join(folder, 'm.onnx'));
  writeFileSync(join(folder, 'base.qspec'), 'qspec 1\nformat w4 = int4 symmetric\nquantize { weights w4 }\n');
  const uri = pathToFileURL(folder).href;
  const node = (await startServer(nodeHost(), [uri], { trusted: true }, capabilities)).client;
  const { client: browser, stop } = await startBrowserServer();
  browser.listen();
  await browser.sendRequest('initialize', {
    ...{ processId: null, rootUri: null, capabilities },
    workspaceFolders: [{ uri, name: 'test' }],
    initializationOptions: { trusted: true },
  });
  await browser.sendNotification('initialized', {});
  worlds = [new World(node), new World(browser)];
  return async () => {
    node.dispose();
    browser.dispose();
    await stop();
  };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Places spread over the words of a text. */
function placesIn(text: string): readonly { readonly line: number; readonly character: number }[] {
  const tokens = [...tokensOf(text)].filter(({ kind }) => kind !== 'line-comment' && kind !== 'block-comment');
  const step = Math.max(1, Math.ceil(tokens.length / mostPlaces));
  return tokens
    .filter((_, i) => i % step === 0)
    .map(({ start, end }) => {
      const before = text.slice(0, Math.ceil((start + end) / 2)).split(/\r\n|\r|\n/);
      return { line: before.length - 1, character: before.at(-1)!.length };
    });
}

type Answer = readonly [method: string, params: object, answer: unknown];

/** Every request that an editor makes of a document, with its answer. */
async function answersOf({ client }: World, uri: string, text: string): Promise<readonly Answer[]> {
  const textDocument = { uri };
  const lines = text.split(/\r\n|\r|\n/);
  const range = { start: { line: 0, character: 0 }, end: { line: lines.length, character: 0 } };
  const options = { tabSize: 2, insertSpaces: true };
  const places = placesIn(text);
  // Refusals are answers too.
  const ask = (method: string, params: object) =>
    client.sendRequest(method, params).then(
      (answer): Answer => [method, params, answer],
      (error: Error): Answer => [method, params, error.message],
    );
  const answers = [
    ...['documentSymbol', 'foldingRange', 'documentLink', 'codeLens', 'semanticTokens/full'].map((name) =>
      ask(`textDocument/${name}`, { textDocument }),
    ),
    ask('textDocument/formatting', { textDocument, options }),
    ask('textDocument/rangeFormatting', { textDocument, range, options }),
    ask('textDocument/inlayHint', { textDocument, range }),
    ask('textDocument/selectionRange', { textDocument, positions: places }),
    ask(planRequest, { uri }),
    ask(resolveRequest, { uri }),
    ask(expectationsRequest, { uri }),
    ask(modelsNamedRequest, { uris: [uri] }),
    ...places.flatMap((position) => {
      const at = { textDocument, position };
      const typed = lines[position.line]?.[position.character - 1] ?? '\n';
      return [
        ...['hover', 'completion', 'definition', 'documentHighlight', 'prepareRename'].map((name) =>
          ask(`textDocument/${name}`, at),
        ),
        ask('textDocument/references', { ...at, context: { includeDeclaration: true } }),
        ask('textDocument/rename', { ...at, newName: 'renamed' }),
        ask('textDocument/onTypeFormatting', { ...at, ch: typed, options }),
        ask('textDocument/codeAction', {
          textDocument,
          range: { start: position, end: position },
          context: { diagnostics: [] },
        }),
      ];
    }),
  ];
  const all = await Promise.all(answers);
  const lists = all.filter(([method]) => method === 'textDocument/completion') as [
    string,
    object,
    { items: object[] },
  ][];
  const looked = await Promise.all(
    lists.flatMap(([, , { items }]) => items.slice(0, 2).map((item) => ask('completionItem/resolve', item))),
  );
  return [...all, ...looked];
}

/** The example, and of every kind of finding the longest spec. */
const specs: readonly (readonly [name: string, text: string])[] = [
  ['digits', readFileSync(join(root, 'examples', 'digits', 'digits.qspec'), 'utf8')],
  ...readdirSync(resourceFolder).map((kind) => {
    const longest = readResources(kind).toSorted((a, b) => b.text.length - a.text.length)[0]!;
    return [kind, longest.text] as const;
  }),
];

const asked = new Set<string>();
const told = new Set<string>();

/** Nothing, or a refusal. */
function isSilent(answer: unknown): boolean {
  return typeof answer === 'string' || /^(?:null|\[\]|.*"kind":"none".*)$/.test(JSON.stringify(answer));
}

describe('the server in a web worker answers as the one on Node does', () => {
  it.each(specs)('about %s', async (name, text) => {
    const uri = pathToFileURL(join(folder, `${name}.qspec`)).href;
    await Promise.all(worlds.map((world) => world.settle(uri, text)));
    // Each world checks again whenever something else is known; in the end both say the same.
    const published = () => worlds.map((world) => JSON.stringify(world.findings(uri)));
    for (let i = 0; i < 50 && new Set(published()).size > 1; i++) await pause(100);
    const [findings, inBrowser] = worlds.map((world) => world.findings(uri));
    expect(inBrowser).toEqual(findings);
    const [answers, others] = await Promise.all(worlds.map((world) => answersOf(world, uri, text)));
    for (const [i, answer] of answers!.entries()) expect(others![i]).toEqual(answer);
    expect(others).toHaveLength(answers!.length);
    for (const [method, , answer] of others!) {
      asked.add(method);
      if (!isSilent(answer)) told.add(method);
    }
  });

  it('and has something to say to each request', () => {
    expect([...asked].filter((method) => !told.has(method))).toEqual([]);
  });
});
