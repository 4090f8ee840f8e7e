import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from '../shared.ts';
import { findBrowser, startBrowser } from './driver/browser.ts';
import { type EditorBuild, installEditor } from './driver/install.ts';
import { resultsFolder, type ServerAddress, startServer } from './driver/server.ts';

/** What the suite has started once for all scenarios. */
export interface EditorSession {
  readonly build: EditorBuild;
  readonly browser: string;
  readonly development: ServerAddress;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Absent where the machine has no way to run VS Code; the reason is `editorMissing`. */
    editor: EditorSession | null;
    editorMissing: string;
  }
}

/** Tells `scripts/test.mjs` why editor tests were skipped. */
const skipNote = join(resultsFolder, 'editor-skipped.txt');

const say = (line: string) => console.log(`editor tests: ${line}`);

/** One VS Code and one browser for the whole suite. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await mkdir(resultsFolder, { recursive: true });
  await rm(skipNote, { force: true });
  await rm(join(resultsFolder, 'failures'), { recursive: true, force: true });
  const prepared = await prepare();
  if (typeof prepared === 'string') {
    if (process.env['QSPEC_EDITOR_TESTS'] === 'required') throw new Error(`The editor tests cannot run: ${prepared}`);
    console.warn(`\n${'!'.repeat(100)}\n  THE EDITOR TESTS ARE SKIPPED: ${prepared}\n${'!'.repeat(100)}\n`);
    await writeFile(skipNote, prepared);
    project.provide('editor', null);
    project.provide('editorMissing', prepared);
    return async () => undefined;
  }
  if (!existsSync(join(root, 'dist', 'extension', 'node.cjs'))) {
    throw new Error('dist/ holds no extension: run `node scripts/build.mjs` first.');
  }
  const server = await startServer(prepared.build, { extension: { folder: root }, name: 'development' });
  const browser = await startBrowser(prepared.program).catch(async (error) => {
    await server.stop();
    throw error;
  });
  project.provide('editorMissing', '');
  project.provide('editor', {
    build: prepared.build,
    browser: browser.wsEndpoint(),
    development: { url: server.url, folder: server.folder },
  });
  return async () => {
    await browser.close();
    await server.stop();
  };
}

/** What is needed, or the reason why it is not to be had here. */
async function prepare(): Promise<{ build: EditorBuild; program: string } | string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `VS Code's test build exists for Linux on x64, and this is ${process.platform} on ${process.arch}.`;
  }
  const program = findBrowser();
  if (!program) return 'no Chrome, Chromium or Edge was found (install one, or name one in QSPEC_BROWSER).';
  try {
    return { program, build: await installEditor(say) };
  } catch (error) {
    return `VS Code could not be installed from npm. ${(error as Error).message}`;
  }
}
