// A child process of killed-quantize.test.ts: carries out a spec into a folder and dies at the moment given.
import { runContext } from '../../../cli/run-context.ts';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { dyingHost } from '../../fault-injection.ts';

const [spec, outFolder, moment] = process.argv.slice(2) as [string, string, string];
const { job, findings } = jobOf(await openSpec(spec, { outFolder }));
if (job === undefined) throw new Error(JSON.stringify(findings));
const progress = { report() {}, signal: new AbortController().signal };
const { loadRuntime: _, ...context } = runContext(progress, 1);
const host = dyingHost(context.host, Number(moment));
await quantizeJob(job, { ...context, host }, { write: true, outFolder, evaluationSamples: 0 });
console.log(host.moments());
