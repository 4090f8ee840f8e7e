import { nodeHost } from '../engine/env/node/host.ts';
import type { RunContext } from '../engine/run/context.ts';
import { hasShared } from '../test/shared.ts';

/** Ends a bench that needs the shared models and data where they are absent, and says so. */
export function requireShared(bench: string): void {
  if (hasShared) return;
  console.error(`bench/${bench}: skipped, the shared models and data are absent (QSPEC_SHARED names their folder)`);
  process.exit(1);
}

/** A run without progress or cancellation, on one thread: what is measured does not depend on it, and the machine may have other work. */
export function benchContext(): RunContext {
  return {
    host: nodeHost(),
    progress: { signal: new AbortController().signal, report() {} },
    threads: 1,
    toolVersion: 'bench',
  };
}
