import * as vscode from 'vscode';
import type { EngineSettings } from './environment.ts';

/** The settings of package.json, read when they are needed; their defaults stand there. */
function value<T>(name: string): T | undefined {
  return vscode.workspace.getConfiguration('qspec').get<T>(name);
}

export function engineSettings(): EngineSettings {
  return { threads: whole(value('engine.threads')), memory: whole(value('engine.memory')) };
}

/** Folders outside the workspace that specs may name; a setting of the machine, so that no workspace can widen its own cage. */
export function allowedFolders(): readonly string[] {
  const folders = vscode.workspace.getConfiguration('qspec').inspect<unknown>('files.allowedFolders')?.globalValue;
  return Array.isArray(folders) ? folders.filter((folder) => typeof folder === 'string' && folder !== '') : [];
}

/** What findings are to be, by code, as the person wrote it: the language server judges it. */
export function findingSeverities(): unknown {
  // VS Code lends a proxy, which no message to a worker can carry.
  return JSON.parse(JSON.stringify(value('findings.severity') ?? {}));
}

export function opensReport(): boolean {
  return value('report.openAfterRun') !== false;
}

export function showsInlayHints(): boolean {
  return value('inlayHints.enabled') !== false;
}

export function showsCodeLens(): boolean {
  return value('codeLens.enabled') !== false;
}

/** Tells when a setting under `qspec.<section>` changed. */
export function onChange(section: string, listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`qspec.${section}`)) listener();
  });
}

function whole(found: unknown): number {
  return typeof found === 'number' && Number.isFinite(found) && found > 0 ? Math.floor(found) : 0;
}
