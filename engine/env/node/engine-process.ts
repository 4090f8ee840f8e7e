// The engine as a process of its own, owned by the extension: the protocol of `engine/service` over Node's IPC channel.
import { availableParallelism } from 'node:os';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import manifest from '../../../package.json' with { type: 'json' };
import { serve } from '../../service/server.ts';
import { nodeHost } from './host.ts';
import { memoryLimitVariable } from './memory-limit.ts';
import { loadOnnxRuntime } from './onnxruntime.ts';
import { watchMemory } from './start-memory-watch.ts';

if (process.send === undefined) {
  console.error('This program is started by its owner, with an IPC channel: it is no command.');
  process.exit(2);
}
// The owner gone, nothing is left to work for.
process.on('disconnect', () => process.exit(0));

const memoryLimit = Number(process.env[memoryLimitVariable]);
if (memoryLimit > 0) watchMemory(memoryLimit);

const threads = Number(process.env['QSPEC_THREADS']) || availableParallelism();
const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
serve(connection, {
  host: nodeHost(),
  threads,
  loadRuntime: () => loadOnnxRuntime({ threads }),
  version: manifest.version,
});
connection.listen();
