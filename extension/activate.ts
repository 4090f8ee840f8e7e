import * as vscode from 'vscode';
import { App } from './app.ts';
import { commands } from './commands/registry.ts';
import type { Environment } from './environment.ts';
import { offer } from './messages.ts';
import { showAwaitedExample } from './specs/example.ts';
import { nameOf } from './specs/find.ts';

export interface Started {
  /** What `activate` returns to other extensions and to tests. */
  readonly api: { readonly enginePid: () => number | undefined };
  close(): Promise<void>;
}

/**
 * Activation shared by the desktop and the web host. Nothing heavy starts on this thread: the language server comes as a
 * process of its own where there are specs, the engine with the first request. An untrusted workspace gets syntax and no more.
 */
export function activate(context: vscode.ExtensionContext, environment: Environment): Started {
  const app = new App(context, environment);
  for (const { id, run } of commands) {
    const guarded = async (...args: unknown[]) => {
      try {
        return await run(app, ...args);
      } catch (error) {
        app.tell('QSpec', error);
        return undefined;
      }
    };
    context.subscriptions.push(vscode.commands.registerCommand(id, guarded));
  }
  void tellOfLostRuns(app);
  void showAwaitedExample(app);
  // A workspace with specs will want their findings: the server is up before the first is opened.
  void vscode.workspace.findFiles('**/*.qspec', undefined, 1).then((found) => {
    if (found.length > 0) app.language.start();
  });
  return {
    api: { enginePid: () => app.engine.pid },
    async close() {
      app.runs.close();
    },
  };
}

/** The engine lives and dies with its window: a run that a reload cut off is told of. */
async function tellOfLostRuns(app: App): Promise<void> {
  for (const { subject } of await app.runs.left()) {
    const spec = vscode.Uri.parse(subject);
    const text = `The run of ${nameOf(spec)} ended when its window was closed or reloaded. No file is half-written.`;
    void offer('warning', text, [{ label: 'Run Again', run: () => app.run('qspec.quantize', spec) }]);
  }
}
