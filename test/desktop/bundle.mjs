// The suite as one CommonJS file, which is what an extension host loads.
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** Path of the bundled suite. */
export async function bundleSuite() {
  const outfile = join(root, '.cache', 'desktop', 'suite.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'suite.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    logLevel: 'warning',
  });
  return outfile;
}
