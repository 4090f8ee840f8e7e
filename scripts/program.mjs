import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles a program for `engine/env/node/compiled-program.ts`: one file whose value is a function, and which exports `done`, the promise
 * of its end. Options are esbuild's.
 */
export async function buildProgram({ entry, outfile, ...options }) {
  const { outputFiles, metafile } = await build({
    ...options,
    bundle: true,
    minify: true,
    legalComments: 'none',
    metafile: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    // Its place, which a script has not.
    define: { 'import.meta.url': 'programUrl' },
    entryPoints: [entry],
    outfile,
    write: false,
  });
  const path = resolve(options.absWorkingDir ?? '.', outfile);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `(function(require,exports,programUrl){const module={exports};${outputFiles[0].text}\nexports.done=module.exports.done;})`,
  );
  return { metafile };
}
