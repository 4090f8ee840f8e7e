// `npm start`: installs what is missing, builds, and runs the main job on the bundled example.

import { join } from 'node:path';
import { node, prepare, root, run } from './project.mjs';

prepare();
if (run(node, ['scripts/build.mjs', '--quiet']) !== 0) process.exit(1);
const qspec = join(root, 'dist', 'node', 'qspec.mjs');
const example = join(root, 'examples', 'digits');
process.exit(
  run(node, [
    qspec,
    'quantize',
    join(example, 'digits.qspec'),
    '--out',
    join(example, 'out'),
    ...process.argv.slice(2),
  ]),
);
