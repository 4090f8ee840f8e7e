// Makes generated sources and every bundle: command line, engine process and worker, language servers, extension, webviews.
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const quiet = process.argv.includes('--quiet');
const dist = join(root, 'dist');

await import('./generate.mjs');
rmSync(dist, { recursive: true, force: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  tsconfigRaw: '{}',
};
// Some dependencies are CommonJS and call `require` of Node's own modules.
const requireShim =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";
const nodeModule = {
  ...common,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  banner: { js: requireShim },
  external: ['onnxruntime-web', 'onnxruntime-web/*'],
};
const browserScript = { ...common, platform: 'browser', format: 'iife', target: 'es2023' };

const bundles = [
  {
    ...nodeModule,
    entryPoints: ['cli/main.ts'],
    outfile: 'dist/cli/qspec.mjs',
    banner: { js: `#!/usr/bin/env node\n${requireShim}` },
  },
  { ...nodeModule, entryPoints: ['engine/env/node/engine-process.ts'], outfile: 'dist/engine/engine-process.mjs' },
  { ...nodeModule, entryPoints: ['engine/env/node/kernel-thread.ts'], outfile: 'dist/engine/kernel-thread.mjs' },
  { ...browserScript, entryPoints: ['engine/env/browser/engine-worker.ts'], outfile: 'dist/engine/engine-worker.js' },
  { ...nodeModule, entryPoints: ['language/server/node.ts'], outfile: 'dist/language/server-node.mjs' },
  { ...browserScript, entryPoints: ['language/server/browser.ts'], outfile: 'dist/language/server-browser.js' },
  {
    ...common,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    entryPoints: ['extension/env/node/extension.ts'],
    outfile: 'dist/extension/node.cjs',
  },
  {
    ...common,
    platform: 'browser',
    format: 'cjs',
    target: 'es2023',
    external: ['vscode'],
    entryPoints: ['extension/env/browser/extension.ts'],
    outfile: 'dist/extension/browser.cjs',
  },
  { ...browserScript, entryPoints: ['webview/graph/main.ts'], outfile: 'dist/webview/graph.js' },
  { ...browserScript, entryPoints: ['webview/report/main.ts'], outfile: 'dist/webview/report.js' },
];

await Promise.all(bundles.map((options) => build(options)));

if (!quiet) {
  for (const { outfile } of bundles) {
    console.log(`${outfile.padEnd(36)} ${(statSync(join(root, outfile)).size / 1024).toFixed(0).padStart(6)} KiB`);
  }
}
