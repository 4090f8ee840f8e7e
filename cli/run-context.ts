import { availableParallelism } from 'node:os';
import { nodeHost } from '../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../engine/env/node/onnxruntime.ts';
import { StatisticsFiles } from '../engine/measurements/statistics-files.ts';
import type { Progress } from '../engine/progress.ts';
import type { RunContext } from '../engine/run/context.ts';
import { measurementFolder } from './measurement-folder.ts';
import { version } from './version.ts';

/** The engine run in this process, on this machine's files. */
export function runContext(progress: Progress, threads: number = availableParallelism()): RunContext {
  return {
    host: nodeHost(),
    progress,
    threads,
    loadRuntime: () => loadOnnxRuntime({ threads }),
    toolVersion: version,
    statistics: new StatisticsFiles(measurementFolder()),
  };
}
