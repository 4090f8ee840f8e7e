import { nodeHost } from '../../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import type { RunContext } from '../../../engine/run/context.ts';

/** A run on one thread that reports to nobody. */
export const context: RunContext = {
  host: nodeHost(),
  threads: 1,
  toolVersion: '0',
  progress: { report: () => {}, signal: new AbortController().signal },
  loadRuntime: () => loadOnnxRuntime({ threads: 1 }),
};
