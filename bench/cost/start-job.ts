// Starts job.ts as the built `qspec` starts its own program (cli/start-command-line.ts).
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../engine/env/node/cache-folder.ts';
import { runCompiledProgram } from '../../engine/env/node/compiled-program.ts';

await runCompiledProgram(fileURLToPath(new URL('./job.cjs', import.meta.url)), join(cacheFolder(), 'compiled'), 'job');
process.exit(0);
