import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../shared.ts';
import type { EditorBuild } from './install.ts';

/** What a scenario needs to know of a running VS Code server. Plain data, so that it can be handed between processes. */
export interface ServerAddress {
  readonly url: string;
  /** Folder of its own in the system's temporary folder; removed when the server ends. */
  readonly folder: string;
}

export interface RunningServer extends ServerAddress {
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** What the extensions folder links to (development), or a `.vsix` that is installed as a person would. */
  readonly extension: { readonly folder: string } | { readonly vsix: string };
  /** Says which server in the file names of logs. */
  readonly name: string;
  /** Lets a page run a test suite inside the extension host and learn how it ended. */
  readonly automation?: boolean;
}

export const resultsFolder = join(root, '.test-results');

/** Time in which a server must answer; it takes 3 s here, more where other work runs beside. */
const startPatience = 90_000;

/** Where the parts of a server's folder are. */
export const placesIn = (folder: string) => ({
  home: join(folder, 'home'),
  user: join(folder, 'user'),
  settings: join(folder, 'user', 'User', 'settings.json'),
  logs: join(folder, 'user', 'logs'),
  extensions: join(folder, 'ext'),
  workspaces: join(folder, 'w'),
  temporary: join(folder, 't'),
});

/** Starts a VS Code server with a home, settings and extensions of its own. It ends with this process, however that ends. */
export async function startServer(build: EditorBuild, options: ServerOptions): Promise<RunningServer> {
  // Short: the server makes sockets in it, and the path of a socket may have 107 characters.
  const folder = mkdtempSync(join(tmpdir(), 'qs-'));
  const places = placesIn(folder);
  for (const path of [places.home, join(places.user, 'User'), places.extensions, places.workspaces, places.temporary]) {
    mkdirSync(path, { recursive: true });
  }
  const config = join(folder, 'config.yaml');
  writeFileSync(config, 'auth: none\n');
  const base = ['--config', config, '--user-data-dir', places.user, '--extensions-dir', places.extensions];
  const environment = serverEnvironment(places);
  const logs = join(resultsFolder, 'editor');
  mkdirSync(logs, { recursive: true });

  try {
    const { extension } = options;
    if ('vsix' in extension) {
      await once(build, [...base, '--install-extension', extension.vsix], environment);
    } else {
      await symlink(extension.folder, join(places.extensions, 'qspec'), 'dir');
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }

  const guard = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'guard.mjs'),
      join(logs, `${options.name}.log`),
      folder,
      build.node,
      build.entry,
      ...base,
      // Without --disable-workspace-trust, so that the setting decides and Restricted Mode can be tested.
      ...['--auth', 'none', '--bind-addr', '127.0.0.1:0', '--disable-telemetry', '--disable-update-check'],
      ...['--disable-getting-started-override', '--disable-proxy'],
      ...(options.automation ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
    ],
    { detached: true, stdio: ['pipe', 'pipe', 'ignore'], env: environment },
  );
  const ended = new Promise<void>((resolve) => guard.on('exit', () => resolve()));
  const stop = async () => {
    guard.stdin.end();
    await ended;
  };
  try {
    const url = await Promise.race([
      addressIn(guard.stdout),
      ended.then(() => Promise.reject(new Error('VS Code ended at once.'))),
      after(startPatience, 'VS Code did not say where it listens.'),
    ]);
    guard.stdout.resume();
    await answers(url, places.workspaces);
    return { url, folder, stop };
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message} Its log is ${join(logs, `${options.name}.log`)}.`);
  }
}

/** The server's environment: ours without what would steer it, and with homes of its own. */
function serverEnvironment(places: ReturnType<typeof placesIn>): NodeJS.ProcessEnv {
  const unwanted = /^(VSCODE_|VITEST|NODE_OPTIONS$|NODE_ENV$|PORT$|PASSWORD$|HASHED_PASSWORD$|XDG_|ELECTRON_)/;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: places.home,
    XDG_CONFIG_HOME: join(places.home, 'config'),
    XDG_DATA_HOME: join(places.home, 'data'),
    XDG_CACHE_HOME: join(places.home, 'cache'),
    XDG_RUNTIME_DIR: places.temporary,
    TMPDIR: places.temporary,
    // No marketplace: nothing is looked up or fetched.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
  };
}

/** Runs the server's command line to its end. */
function once(build: EditorBuild, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(build.node, [build.entry, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 90_000,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`VS Code said: ${output.trim()}`))));
  });
}

function addressIn(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    output.on('data', (chunk) => {
      text += String(chunk);
      const found = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(text);
      if (found?.[1]) resolve(found[1]);
    });
  });
}

/** Resolves when the workbench is served; the first answers of a starting server may be errors. */
async function answers(url: string, folder: string): Promise<void> {
  const deadline = Date.now() + startPatience;
  for (;;) {
    try {
      const health = await fetch(`${url}/healthz`);
      const page = await fetch(`${url}/?folder=${encodeURIComponent(folder)}`);
      if (health.ok && page.ok && (await page.text()).includes('vscode-workbench-web-configuration')) return;
    } catch {
      // Not yet listening.
    }
    if (Date.now() > deadline) throw new Error('VS Code does not serve its workbench.');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const after = (milliseconds: number, message: string) =>
  new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(message)), milliseconds).unref();
  });

/** For failure messages: the end of a server's log. */
export async function serverLog(name: string, characters = 4000): Promise<string> {
  return (await readFile(join(resultsFolder, 'editor', `${name}.log`), 'utf8')).slice(-characters);
}
