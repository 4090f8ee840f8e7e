// Runs a `qspec` command in this process and prints, as JSON, how it ended and how much memory it took at most.
import { runCommandLine } from '../../../cli/run.ts';

let out = '';
let err = '';
const begun = performance.now();
const exitCode = await runCommandLine(process.argv.slice(2), {
  out: {
    write(text) {
      out += text;
    },
  },
  err: {
    write(text) {
      err += text;
    },
  },
  environment: {},
  signal: new AbortController().signal,
});
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage();
const processorSeconds = (user + system) / 1e6;
// Kibibytes, also on macOS: libuv makes them so.
const peakMebibytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ exitCode, out, err, seconds, processorSeconds, peakMebibytes }));
process.exit(0);
