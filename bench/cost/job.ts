// A child process of run.ts: what onnxruntime's quantiser does, and nothing of what the command does beyond it (running the
// export in the runtime, measuring what each layer loses). Prints its peak memory.
//   job SPEC FOLDER THREADS
import { runContext } from '../../cli/run-context.ts';
import { jobOf, openSpec } from '../../cli/spec.ts';
import { quantizeJob } from '../../engine/run/quantize.ts';

const [spec, folder, threads] = process.argv.slice(2) as [string, string, string];

export const done = run();

async function run(): Promise<void> {
  const { loadRuntime: _, ...context } = runContext(
    { signal: new AbortController().signal, report() {} },
    Number(threads),
  );
  const { job } = jobOf(await openSpec(spec, { outFolder: folder }));
  await quantizeJob(job!, context, { write: true, outFolder: folder, evaluationSamples: 0, layerSamples: 0 });
}
