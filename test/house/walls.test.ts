import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../shared.ts';

/** Lints one line of code as if it stood in the given file of the project; returns what the linter prints. */
function lint(file: string, code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'qspec-walls-'));
  try {
    const { vcs: _, $schema: __, ...configuration } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    writeFileSync(join(folder, 'biome.json'), JSON.stringify(configuration));
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), `${code}\n`);
    const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
    const { stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', file], { cwd: folder, encoding: 'utf8' });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const forbidden: readonly [file: string, code: string, reason: string][] = [
  ['kernels/probe.ts', "export * from '../engine/tensor.ts';", 'Kernels know nothing of graphs'],
  ['kernels/probe.ts', "import 'node:fs';", 'engine/host.ts'],
  ['engine/graph/probe.ts', "export * from '../../language/index.ts';", 'A Plan (engine/plan.ts)'],
  ['engine/graph/probe.ts', "import 'node:fs';", 'engine/host.ts'],
  ['engine/graph/probe.ts', "export * from '../env/node/host.ts';", 'Host interface'],
  ['engine/env/node/probe.ts', "export * from '../../../cli/main.ts';", 'Imports go one way'],
  ['language/checks/probe.ts', "export * from '../../kernels/api.ts';", 'never computes'],
  ['language/checks/probe.ts', "import 'node:path';", 'engine/host.ts'],
  ['cli/probe.ts', "export * from '../extension/activate.ts';", 'What both need'],
  ['extension/probe.ts', "export * from '../kernels/api.ts';", 'extension host'],
  ['extension/probe.ts', "export * from '../webview/graph/main.ts';", 'webview/protocol.ts'],
  ['webview/graph/probe.ts', "export * from '../../engine/tensor.ts';", 'A webview draws what it is sent'],
  ['engine/probe.ts', "import 'vscode';", 'Only extension/ knows about VS Code'],
  ['engine/probe.ts', "export const late = import('../cli/main.ts');", 'Imports go one way'],
];

test.each(forbidden)('%s must not contain %s', (file, code, reason) => {
  expect(lint(file, code)).toContain(reason);
});

test.each([
  ['engine/probe.ts', "export * from '../kernels/api.ts';"],
  ['language/probe.ts', "export * from '../engine/plan.ts';"],
  ['cli/probe.ts', "import 'node:fs'; export * from '../engine/env/node/host.ts';"],
  ['extension/probe.ts', "import 'vscode'; export * from '../webview/protocol.ts';"],
  ['engine/env/node/probe.ts', "import 'node:fs'; export * from '../../host.ts';"],
])('%s may contain %s', (file, code) => {
  expect(lint(file, code)).toMatch(/Checked 1 file/);
  expect(lint(file, code)).not.toContain('noRestrictedImports');
});
