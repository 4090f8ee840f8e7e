// WRITTEN FOR WINDOWS AND MACOS, WHERE THE PROJECT'S OWN MACHINES CANNOT RUN IT: only `.github/workflows/desktop.yml` does.
// Runs the suite in a desktop VS Code that @vscode/test-electron fetches; the workflow installs that package beforehand.
//   node test/desktop/run.mjs          after `node scripts/build.mjs`; QSPEC_VSCODE chooses the version (stable)
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { bundleSuite } from './bundle.mjs';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'qspec-'));
const workspace = join(folder, 'digits');
cpSync(join(root, 'examples', 'digits'), workspace, {
  recursive: true,
  filter: (path) => basename(path) !== 'out',
});

try {
  await runTests({
    version: process.env.QSPEC_VSCODE ?? 'stable',
    extensionDevelopmentPath: root,
    extensionTestsPath: await bundleSuite(),
    launchArgs: [
      workspace,
      '--disable-extensions',
      '--disable-workspace-trust',
      '--skip-welcome',
      '--skip-release-notes',
      // Short: on macOS the path of a socket in it may have 103 characters.
      ...['--user-data-dir', join(folder, 'u')],
    ],
  });
  console.log('The suite passed.');
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
