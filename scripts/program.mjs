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
  // For a script that imports Node has no way but an experimental one, which it warns of.
  const text = outputFiles[0].text.replaceAll(/\bimport\(/g, 'importModule(');
  const path = resolve(options.absWorkingDir ?? '.', outfile);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `(function(require,exports,programUrl,importModule){const module={exports};${text}\nexports.done=module.exports.done;})`,
  );
  return { metafile };
}
