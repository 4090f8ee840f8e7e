// The thread of the built `qspec` that works: `command-line.ts` as one file, beside this one.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import { cacheFolder } from '../engine/env/node/cache-folder.ts';
import { runCompiledProgram } from '../engine/env/node/compiled-program.ts';
import type { CommandLineData } from './command-line.ts';

const program = fileURLToPath(new URL('./command-line.cjs', import.meta.url));
const [command = ''] = (workerData as CommandLineData).arguments;
await runCompiledProgram(program, join(cacheFolder(), 'compiled'), /^[a-z]+$/.test(command) ? command : '');
