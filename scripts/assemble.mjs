import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * -O2, not -O3: Binaryen's -O3 regroups the unrolled steps of the micro-kernels by accumulator, so that V8 runs out of
 * registers (measured: 57 GFLOP/s at -O2, 47 at -O3).
 */
const optimization = ['-O2', '--noAssert', '--runtime', 'stub', '--disableWarning'];

/** Compiles AssemblyScript: the file `entry`, or its text where `text` is given. Imports are read relative to the repository. */
export async function assemble({ entry, text, features, flags }) {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const stderr = asc.createMemoryStream();
  const { error } = await asc.main([entry, '--outFile', 'out.wasm', '--enable', features, ...optimization, ...flags], {
    stderr,
    readFile: (name, base) => {
      if (text !== undefined && name === entry) return text;
      const path = join(base === '.' ? root : base, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`asc failed:\n${stderr.toString()}`, { cause: error });
  return binary;
}
