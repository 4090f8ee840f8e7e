// A child process of killed.test.ts: carries out a spec with weights in a file of their own, and dies at the moment given.
// One that lives prints how many moments there were, and how many had passed when each file was in its place.
import { jobOf, openSpec } from '../../cli/spec.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import type { Host } from '../../engine/host.ts';
import { quantizeJob } from '../../engine/run/quantize.ts';
import { dyingHost } from '../fault-injection.ts';

const [spec, outFolder, moment] = process.argv.slice(2) as [string, string, string];
const { job } = jobOf(await openSpec(spec));
if (job === undefined) throw new Error('the spec has errors');
const dying = dyingHost(nodeHost(), Number(moment));
const inPlace: number[] = [];
const host: Host = {
  ...dying,
  async replace(path) {
    const file = await dying.replace(path);
    const commit = async () => {
      await file.commit();
      inPlace.push(dying.moments());
    };
    return { ...file, commit };
  },
};
await quantizeJob(
  job,
  {
    host,
    progress: { report() {}, signal: new AbortController().signal },
    threads: 1,
    toolVersion: 'test',
  },
  { write: true, outFolder, externalData: 'always', evaluationSamples: 0, layerSamples: 0 },
);
console.log(JSON.stringify({ moments: dying.moments(), inPlace }));
