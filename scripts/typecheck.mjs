// Type-checks every world with its own tsconfig, so that nothing bound to one runtime gets into another.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const worlds = [
  'kernels',
  'engine',
  'engine/env/browser',
  'language',
  'extension',
  'webview',
  'test/editor',
  'test/desktop',
  '.',
];
const asked = process.argv.slice(2);
let failed = false;
for (const world of asked.length > 0 ? asked : worlds) {
  const project = join(root, world, 'tsconfig.json');
  if (!existsSync(project)) continue;
  const { status } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', project, '--pretty', 'false'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    failed = true;
    console.error(`typecheck: ${world} has errors`);
  }
}
process.exit(failed ? 1 : 0);
