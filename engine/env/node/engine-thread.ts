// The thread of an engine process that computes.
import { parentPort, workerData } from 'node:worker_threads';
import { createMessageConnection, PortMessageReader, PortMessageWriter } from 'vscode-jsonrpc/node';
import manifest from '../../../package.json' with { type: 'json' };
import { serve } from '../../service/server.ts';
import { nodeHost } from './host.ts';
import { loadOnnxRuntime } from './onnxruntime.ts';

const port = parentPort!;
const threads = Number(workerData);
const connection = createMessageConnection(new PortMessageReader(port), new PortMessageWriter(port));
serve(connection, {
  host: nodeHost(),
  threads,
  loadRuntime: () => loadOnnxRuntime({ threads }),
  version: manifest.version,
});
connection.listen();
