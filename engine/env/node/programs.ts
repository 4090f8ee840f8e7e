import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program of a worker thread: beside this file in the source tree; beside the bundle or, from a shared chunk, above it. */
export function threadProgram(name: string): URL {
  const places = [`./${name}.ts`, `./${name}.mjs`, `../${name}.mjs`].map((path) => new URL(path, import.meta.url));
  const program = places.find((url) => existsSync(fileURLToPath(url)));
  if (program === undefined) throw new Error(`A program of QSpec is missing: ${name}.`);
  return program;
}
