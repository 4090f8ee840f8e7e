import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { root } from '../shared.ts';

/** The Node versions that the built command promises to run under: VS Code's host has 22, development has 24. */
const versions = ['22', '24'] as const;
const command = join(root, 'dist', 'node', 'qspec.mjs');
const example = join(root, 'examples', 'digits');

/** Path of a Node of that major version, fetched from npm once into an ignored folder. */
function nodeOf(version: string): string | undefined {
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  const folder = join(root, '.cache', `node-${version}`);
  const path = join(folder, 'node_modules', 'node', 'bin', executable);
  if (!existsSync(path)) {
    spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `node@${version}`], {
      stdio: 'ignore',
      shell: process.platform === 'win32',
    });
  }
  return existsSync(path) ? path : undefined;
}

const out = mkdtempSync(join(tmpdir(), 'qspec-built-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe.each(versions)('the built command under Node %s', (version) => {
  const run = (node: string, ...args: string[]) =>
    spawnSync(node, [command, ...args], { cwd: example, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });

  test('lists what is registered', (context) => {
    const node = nodeOf(version);
    if (node === undefined) return context.skip(`Node ${version} could not be fetched from npm`);
    expect(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout).toMatch(new RegExp(`^v${version}\\.`));
    const { status, stdout, stderr } = run(node, 'targets', '--json');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(JSON.stringify(JSON.parse(stdout))).toContain('cortex-m7');
  });

  test('does the main job on the bundled example', (context) => {
    const node = nodeOf(version);
    if (node === undefined) return context.skip(`Node ${version} could not be fetched from npm`);
    const { status, stdout, stderr } = run(node, 'quantize', 'digits.qspec', '--out', join(out, version), '--json');
    expect(stderr).not.toMatch(/at .*\.[cm]js|Warning/);
    expect(status).toBe(0);
    expect(() => JSON.parse(stdout)).not.toThrow();
    expect(existsSync(join(out, version, 'digits.int8.onnx'))).toBe(true);
  });
});

test('a second run starts with what the first one compiled, and says the same', () => {
  const cache = join(out, 'cache');
  const env = { ...process.env, QSPEC_CACHE: cache };
  const run = () => spawnSync(process.execPath, [command, 'formats', '--json'], { encoding: 'utf8', env }).stdout;
  const first = run();
  const compiled = readdirSync(join(cache, 'compiled')).map((name) => join(cache, 'compiled', name));
  expect(compiled).toHaveLength(1);
  const before = statSync(compiled[0]!);
  expect(run()).toBe(first);
  expect(JSON.stringify(JSON.parse(first))).toContain('int8');
  expect(statSync(compiled[0]!)).toMatchObject({ mtimeMs: before.mtimeMs, ino: before.ino });
});

test('the same bytes come out under every Node', (context) => {
  const files = versions.map((version) => join(out, version, 'digits.int8.onnx'));
  if (!files.every((file) => existsSync(file))) return context.skip('a version did not run');
  const [first, ...others] = files.map((file) => readFileSync(file));
  for (const other of others) expect(other.equals(first!)).toBe(true);
});
