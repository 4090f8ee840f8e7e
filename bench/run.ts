// The speed of the runtime, each part in a process of its own: `npm run bench`, or `node bench/run.ts kernels models`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Programs in folders of their name. */
const parts: Readonly<Record<string, readonly string[]>> = {
  kernels: ['run.ts'],
  models: ['run.ts'],
  scale: ['run.ts', 'cancel.ts', 'large.ts'],
  language: ['run.ts'],
  cost: ['run.ts'],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}: there are ${Object.keys(parts).join(', ')}.\n`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  for (const program of parts[name]!) {
    process.stdout.write(`\n# ${name}/${program}\n\n`);
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, name, program)], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
