import type * as vscode from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import type { EngineClient } from '../engine/service/client.ts';

/** What the desktop and the web host do in ways of their own; everything else in `extension/` is the same for both. */
export interface Environment {
  /** Starts the language server; resolves once it answers. */
  startLanguageClient(options: LanguageClientOptions): Promise<BaseLanguageClient>;
  /** What must be at hand before an engine can be started: in a web window the text of its worker. */
  prepareEngine?(): Promise<void>;
  startEngine(settings: EngineSettings): RunningEngine;
  /** The path by which engine and language server know a file of the workspace; undefined if they cannot reach it. */
  pathOf(uri: vscode.Uri): string | undefined;
  /** The file of the workspace behind such a path. */
  uriOf(path: string): vscode.Uri;
  /**
   * Puts bytes that lie in no folder (a version from `git:`) where the engine can read them.
   * @param name file name to end in, without folders
   */
  lend(name: string, bytes: Uint8Array): Promise<LentFile>;
}

export interface LentFile {
  readonly path: string;
  /** The folder to allow the engine for it. */
  readonly folder: string;
  dispose(): void;
}

export interface EngineSettings {
  /** Kernel threads; 0: one for each processor. */
  readonly threads: number;
  /** MiB of memory after which the engine is ended; 0: no limit. */
  readonly memory: number;
}

export interface RunningEngine {
  readonly client: EngineClient;
  /** Process id, where it is a process. */
  readonly pid: number | undefined;
  /** Settles when the engine is gone, whatever the reason. */
  readonly exited: Promise<EngineEnd>;
  stop(): void;
}

export interface EngineEnd {
  /** For a person: `exit code 1`, `signal SIGKILL`. */
  readonly reason: string;
  /** Over the limit of the settings. */
  readonly outOfMemory: boolean;
  /** The end of what it wrote to its error stream. */
  readonly lastWords: string;
}
