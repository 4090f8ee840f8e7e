import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { startEngine } from '../../../engine/env/node/start-engine.ts';
import type { Environment } from '../../environment.ts';
import { measurementFolder } from '../../measurements.ts';

/** The engine is a child process, files are the machine's own. */
export function desktop(context: vscode.ExtensionContext): Environment {
  const program = (name: string) => context.asAbsolutePath(join('dist', 'node', name));
  let lent = 0;
  return {
    async startLanguageClient(options) {
      const module = program('language-server.mjs');
      const client = new LanguageClient('qspec', 'QSpec', { module, transport: TransportKind.ipc }, options);
      await client.start();
      return client;
    },

    startEngine({ threads, memory }) {
      const engine = startEngine({
        program: program('engine-process.mjs'),
        ...(threads > 0 && { threads }),
        ...(memory > 0 && { memoryLimit: memory }),
        measurements: measurementFolder(context.globalStorageUri).fsPath,
      });
      return {
        ...engine,
        exited: engine.exited.then(({ code, signal, lastWords, outOfMemory }) => ({
          reason: signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`,
          outOfMemory,
          lastWords,
        })),
      };
    },

    pathOf: (uri) => (uri.scheme === 'file' ? uri.fsPath : undefined),
    uriOf: vscode.Uri.file,

    async lend(name, bytes) {
      const folder = join(context.globalStorageUri.fsPath, 'lent', `${process.pid}-${lent++}`);
      await mkdir(folder, { recursive: true });
      const path = join(folder, name);
      await writeFile(path, bytes);
      return { path, folder, dispose: () => void rm(folder, { recursive: true, force: true }).catch(() => {}) };
    },
  };
}
