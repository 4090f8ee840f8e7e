// A child process of run.ts: carries out a spec as the command does and prints its peak memory.
import { runCommandLine } from '../../cli/run.ts';

const exitCode = await runCommandLine(process.argv.slice(2), {
  out: { write: () => {} },
  err: { write: (text: string) => process.stderr.write(text) },
  environment: {},
  signal: new AbortController().signal,
});
// Kibibytes, also on macOS: libuv makes them so.
process.stdout.write(JSON.stringify({ exitCode, peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6 }));
process.exit(0);
