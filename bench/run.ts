// The speed of the runtime, part by part: `npm run bench`, or `npm run bench -- --threads 1` (options of bench/models/run.ts).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** One line a part; each is a program of its own. */
const parts: readonly (readonly string[])[] = [
  ['kernels/run.ts', 'relaxed'],
  ['kernels/run.ts', 'strict'],
  ['models/run.ts', ...process.argv.slice(2)],
];

for (const [file, ...options] of parts) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, file!), ...options], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
