#!/usr/bin/env node
import { runCommandLine } from './run.ts';

const controller = new AbortController();
let asked = false;
const stop = () => {
  // A second Ctrl-C does not wait for the work to notice the first. Half-written files bear temporary names.
  if (asked) process.exit(130);
  asked = true;
  controller.abort();
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// A reader that goes away (`qspec inspect model.onnx | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
  signal: controller.signal,
});
