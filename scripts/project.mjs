// What the two entry scripts share. They may be started by Node 20; everything after `prepare` runs on the project's own Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const windows = process.platform === 'win32';

/** The Node that development uses, a dependency like any other. */
export const node = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');

/** Runs a command in the project with its own tools first on the path; resolves to its exit code. */
export function run(command, args, options = {}) {
  const tools = [join(root, 'node_modules', 'node', 'bin'), join(root, 'node_modules', '.bin')];
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const environment = { ...process.env, [pathName]: [...tools, process.env[pathName]].join(delimiter) };
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: environment,
    shell: windows && !command.endsWith('.exe'),
    ...options,
  });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

/** Installs what the lock file names, unless that is what stands already. */
export function prepare() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const marker = join(root, 'node_modules', '.qspec-lock');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock && existsSync(node)) return;
  console.log('Installing dependencies (once) …');
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) process.exit(1);
  // Where npm is set not to run install scripts, the step that brings the binary is made up for here.
  if (
    !existsSync(node) &&
    run(process.execPath, ['installArchSpecificPackage'], { cwd: join(root, 'node_modules', 'node') }) !== 0
  ) {
    console.error('The development Node could not be installed.');
    process.exit(1);
  }
  writeFileSync(marker, lock);
}
