// Makes generated sources and every bundle: command line, engine process and worker, language servers, extension, webviews.
import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildProgram } from './program.mjs';

const root = join(import.meta.dirname, '..');
const quiet = process.argv.includes('--quiet');

await import('./generate.mjs');
rmSync(join(root, 'dist'), { recursive: true, force: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};
// Some dependencies are CommonJS and call `require` of Node's own modules.
const requireShim =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";
const browser = { ...common, platform: 'browser', target: 'es2023' };

/** Everything that runs in Node shares its chunks in one folder, with onnxruntime-web's WASM beside it. */
const nodeEntries = {
  qspec: 'cli/main.ts',
  'command-line': 'cli/start-command-line.ts',
  'engine-process': 'engine/env/node/engine-process.ts',
  'engine-thread': 'engine/env/node/engine-thread.ts',
  'kernel-thread': 'engine/env/node/kernel-thread.ts',
  'memory-watch': 'engine/env/node/memory-watch.ts',
  'language-server': 'language/server/node.ts',
};

/** One file each. `extension` hosts load CommonJS; workers and webviews load classic scripts. */
const singles = [
  { ...browser, format: 'iife', in: 'engine/env/browser/engine-worker.ts', out: 'dist/browser/engine-worker.js' },
  { ...browser, format: 'iife', in: 'language/server/browser.ts', out: 'dist/browser/language-server.js' },
  {
    ...browser,
    format: 'cjs',
    external: ['vscode'],
    in: 'extension/env/browser/extension.ts',
    out: 'dist/extension/browser.cjs',
  },
  {
    ...common,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['vscode'],
    in: 'extension/env/node/extension.ts',
    out: 'dist/extension/node.cjs',
  },
  { ...browser, format: 'iife', in: 'webview/graph/main.ts', out: 'dist/webview/graph.js' },
  { ...browser, format: 'iife', in: 'webview/plan/main.ts', out: 'dist/webview/plan.js' },
  { ...browser, format: 'iife', in: 'webview/report/main.ts', out: 'dist/webview/report.js' },
];

const results = await Promise.all([
  build({
    ...common,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    splitting: true,
    entryPoints: nodeEntries,
    outdir: 'dist/node',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: requireShim },
  }),
  buildProgram({ ...common, entry: 'cli/command-line.ts', outfile: 'dist/node/command-line.cjs' }),
  ...singles.map(({ in: entry, out, ...options }) => build({ ...options, entryPoints: [entry], outfile: out })),
]);

const runtime = join(root, 'dist', 'node', 'onnxruntime');
mkdirSync(runtime);
for (const name of ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm']) {
  cpSync(join(root, 'node_modules', 'onnxruntime-web', 'dist', name), join(runtime, name));
}

// What the bundles are made of: the packaging step writes third-party notices for it.
const inputs = new Set(results.flatMap(({ metafile }) => Object.values(metafile.outputs).flatMap(bundledInputs)));
mkdirSync(join(root, '.cache'), { recursive: true });
writeFileSync(join(root, '.cache', 'bundled-inputs.json'), JSON.stringify([...inputs].sort(), null, 1));

/** Sources of which something is left in an output. */
function bundledInputs({ inputs }) {
  return Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0);
}

if (!quiet) {
  const files = [
    ...Object.keys(nodeEntries).map((name) => `dist/node/${name}.mjs`),
    'dist/node/command-line.cjs',
    ...singles.map(({ out }) => out),
  ];
  for (const file of files.filter((file) => existsSync(join(root, file)))) {
    console.log(`${file.padEnd(36)} ${(statSync(join(root, file)).size / 1024).toFixed(0).padStart(6)} KiB`);
  }
}
