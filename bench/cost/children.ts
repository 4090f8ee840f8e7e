import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { buildProgram } from '../../scripts/program.mjs';
import { root } from '../../test/shared.ts';

export interface Cost {
  /** Wall time of the process, from its start to its end. */
  readonly seconds: number;
  /** Processor time of all its threads. */
  readonly processor: number;
  /** Peak resident memory, MB. */
  readonly peak: number;
}

/** The command as it is installed; it must have been built. */
export const command = join(root, 'dist', 'node', 'qspec.mjs');

export function requireCommand(): void {
  if (!existsSync(command)) throw new Error('dist/node/qspec.mjs is missing: run npm run build first.');
}

/** Bundles the child program as `npm run build` bundles the command. */
export async function buildJob(folder: string): Promise<string> {
  const common = { absWorkingDir: root, logLevel: 'error', external: ['onnxruntime-web'] } satisfies BuildOptions;
  await buildProgram({ ...common, entry: 'bench/cost/job.ts', outfile: join(folder, 'job.cjs') });
  await build({
    ...common,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    entryPoints: { job: 'bench/cost/start-job.ts', 'kernel-thread': 'engine/env/node/kernel-thread.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  });
  return join(folder, 'job.mjs');
}

/** What V8 compiled of the programs when they ran before: kept from run to run, as Python's is. */
const compiled = mkdtempSync(join(tmpdir(), 'qspec-cost-compiled-'));
process.on('exit', () => rmSync(compiled, { recursive: true, force: true }));

/**
 * Kibibytes, also on macOS: libuv makes them so; microseconds. What Linux says of a process's own resources begins with the size of
 * the process that started it: only its status is of its own memory. A module for it (`--import`) would take some milliseconds more.
 */
const tellUsage = join(compiled, 'tell-usage.cjs');
writeFileSync(
  tellUsage,
  `if (require('node:worker_threads').isMainThread) process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  let own;
  try { own = /^VmHWM:\\s*(\\d+) kB$/m.exec(require('node:fs').readFileSync('/proc/self/status', 'latin1'))?.[1]; } catch {}
  process.stderr.write('\\nused ' + (own ?? maxRSS) + ' ' + (userCPUTime + systemCPUTime) + '\\n');
});
`,
);

/** Runs a program of ours in a process and a cache of its own, which holds nothing of earlier jobs. */
export function cost(program: string, options: readonly string[]): Cost {
  const cache = mkdtempSync(join(tmpdir(), 'qspec-cost-cache-'));
  try {
    symlinkSync(compiled, join(cache, 'compiled'), 'junction');
    const begin = performance.now();
    const { status, stderr } = spawnSync(process.execPath, ['--require', tellUsage, program, ...options], {
      encoding: 'utf8',
      env: { ...process.env, QSPEC_CACHE: cache },
      maxBuffer: 2 ** 28,
    });
    const seconds = (performance.now() - begin) / 1000;
    const used = /^used (\d+) (\d+)$/m.exec(stderr);
    if (status !== 0 || used === null) throw new Error(stderr);
    return { seconds, processor: Number(used[2]) / 1e6, peak: (Number(used[1]) * 1024) / 1e6 };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
