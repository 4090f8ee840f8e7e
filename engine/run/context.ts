import type { Host } from '../host.ts';
import type { Progress } from '../progress.ts';
import type { CodeStore } from '../quantize/code-store.ts';
import type { StatisticsCache } from '../quantize/kept-statistics.ts';
import type { OnnxRuntime } from '../verify/onnxruntime.ts';

/** What a run is given by whoever runs it: the command line, the engine process, a worker. */
export interface RunContext {
  readonly host: Host;
  readonly progress: Progress;
  /** Kernel threads; the results do not depend on it. */
  readonly threads: number;
  /** Loads ONNX Runtime when it is first needed; absent where the host has none. */
  readonly loadRuntime?: () => Promise<OnnxRuntime>;
  readonly toolVersion: string;
  /** Keeps statistics of calibration from run to run; absent: for as long as a job takes. */
  readonly statistics?: StatisticsCache;
  /** Where codes that data decided are kept until they are exported; absent: in memory. */
  readonly codes?: CodeStore;
}

/** The same progress under stage names of the caller's. */
export function renamed(progress: Progress, stage: string): Progress {
  return {
    ...progress,
    report: (_stage, done, total) => progress.report(stage, done, total),
  };
}
