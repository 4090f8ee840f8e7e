import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { nodeHost } from '../../engine/env/node/host.ts';
import { serve } from './server.ts';

/** The language server as a process; the client says how they talk (`--stdio`, `--node-ipc`). */
serve(createConnection(ProposedFeatures.all), nodeHost(), { virtual: false });
