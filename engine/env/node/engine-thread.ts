// The thread of an engine process that computes.
import { parentPort, workerData } from 'node:worker_threads';
import { createMessageConnection, PortMessageReader, PortMessageWriter } from 'vscode-jsonrpc/node';
import manifest from '../../../package.json' with { type: 'json' };
import { hostFolder } from '../../measurements/host-folder.ts';
import { StatisticsFiles } from '../../measurements/statistics-files.ts';
import { serve } from '../../service/server.ts';
import { nodeHost } from './host.ts';
import { loadOnnxRuntime } from './onnxruntime.ts';

export interface EngineThreadData {
  readonly threads: number;
  /** Bytes of resident memory beyond which the process is ended. */
  readonly memoryLimit?: number;
  /** Folder that statistics of calibration are kept in. */
  readonly measurements?: string;
}

const port = parentPort!;
const { threads, measurements, ...limits } = workerData as EngineThreadData;
const connection = createMessageConnection(new PortMessageReader(port), new PortMessageWriter(port));
serve(connection, {
  host: nodeHost(limits),
  threads,
  loadRuntime: () => loadOnnxRuntime({ threads }),
  version: manifest.version,
  ...(measurements && { statistics: new StatisticsFiles(hostFolder(nodeHost(), measurements)) }),
});
connection.listen();
