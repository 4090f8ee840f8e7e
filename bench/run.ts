// Runs the benches of speed in order, each in a process of its own: `npm run bench`, or `node bench/run.ts kernels models`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const all = ['kernels', 'models'];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}: there are ${all.join(', ')}.\n`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : all) {
  process.stdout.write(`\n# ${name}\n\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, name, 'run.ts')], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
