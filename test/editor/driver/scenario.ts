import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { root } from '../../shared.ts';
import { placesIn, resultsFolder, type ServerAddress, startServer } from './server.ts';
import { type Settings, writeSettings } from './settings.ts';
import { Workbench } from './workbench.ts';

/** What a scenario starts with. */
export interface ScenarioOptions {
  /** Folder that is copied and opened, from the project's root; without it an empty folder is opened. */
  readonly workspace?: string;
  /** Files written into the copy before it is opened: path in it → content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** User settings on top of the suite's. */
  readonly settings?: Settings;
  /** Console messages of this scenario that are no error. */
  readonly expectedErrors?: readonly RegExp[];
  /** Milliseconds; a scenario starts with about five seconds of opening a window. */
  readonly timeout?: number;
}

export type Scenario = (name: string, options: ScenarioOptions, body: (code: Workbench) => Promise<void>) => void;

/** Which VS Code scenarios run in: with the project's folder linked as the extension, or with the packaged `.vsix` installed. */
export type Edition = 'development' | { readonly vsix: () => string };

/**
 * A group of scenarios in a real VS Code. Each gets a window of its own on a fresh copy of its workspace, and fails on
 * errors that the extension or a webview logs. What went wrong is left in `.test-results/failures/`.
 */
export function inEditor(title: string, edition: Edition, define: (scenario: Scenario) => void): void {
  const session = inject('editor');
  const group = edition === 'development' ? title : `${title}, packaged`;
  describe.skipIf(session === null)(group, () => {
    if (session === null) {
      // Named, so that the report shows what was not tested.
      define((name) => void test(name, () => undefined));
      return;
    }
    let browser: Browser;
    let server: ServerAddress & { stop?(): Promise<void> };
    beforeAll(async () => {
      browser = await chromium.connect(session.browser);
      server =
        edition === 'development'
          ? session.development
          : await startServer(session.build, { extension: { vsix: edition.vsix() }, name: 'packaged' });
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop?.();
    });
    define((name, options, body) => {
      test(name, { timeout: options.timeout ?? 120_000 }, () => run(browser, server, name, options, body));
    });
  });
}

async function run(
  browser: Browser,
  server: ServerAddress,
  name: string,
  options: ScenarioOptions,
  body: (code: Workbench) => Promise<void>,
): Promise<void> {
  const folder = await freshWorkspace(server, options);
  await writeSettings(server, options.settings ?? {});
  const code = await Workbench.open(browser, server, folder, options);
  try {
    await code.ready();
    await body(code);
    await code.log.assertClean();
  } catch (error) {
    await keepFailure(code, name).catch(() => undefined);
    throw error;
  } finally {
    await code.close();
    await rm(join(folder, '..'), { recursive: true, force: true });
  }
}

/** A copy, without what runs of the example left in it. */
async function freshWorkspace(server: ServerAddress, options: ScenarioOptions): Promise<string> {
  const { workspaces } = placesIn(server.folder);
  const number = `${Date.now().toString(36)}`;
  const folder = join(workspaces, number, options.workspace ? basename(options.workspace) : 'empty');
  await mkdir(folder, { recursive: true });
  if (options.workspace) {
    const source = resolve(root, options.workspace);
    await cp(source, folder, { recursive: true, filter: (path) => path === source || basename(path) !== 'out' });
  }
  for (const [path, content] of Object.entries(options.files ?? {})) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** A picture of the window, the consoles and the extension host's log. */
async function keepFailure(code: Workbench, name: string): Promise<void> {
  const folder = join(resultsFolder, 'failures');
  await mkdir(folder, { recursive: true });
  const file = join(folder, name.replaceAll(/[^\w-]+/g, '-'));
  await code.page.screenshot({ path: `${file}.png` });
  const host = await code.log.extensionHost();
  await writeFile(`${file}.log`, `${code.log.messages.join('\n')}\n\n--- extension host ---\n${host}\n`);
  const windows = await readdir(placesIn(code.server.folder).logs).catch(() => []);
  console.error(`${name}: see ${file}.png and .log (server logs: ${windows.join(', ')})`);
}
