import * as vscode from 'vscode';
import type { EngineClient } from '../../engine/service/client.ts';
import type { EngineEnd, Environment, RunningEngine } from '../environment.ts';
import { engineSettings, onChange } from '../settings.ts';

/** The engine ended while something was asked of it. */
export class EngineEnded extends Error {
  readonly end: EngineEnd;
  /** It was ended on purpose: a cancel that nobody heard, another setting, the window closing. */
  readonly wanted: boolean;
  constructor(end: EngineEnd, wanted: boolean) {
    super(`The engine ended: ${end.reason}.`);
    this.end = end;
    this.wanted = wanted;
  }
}

/**
 * Owns the engine: starts it when it is first needed, says how it ended, starts another with the next request. An
 * engine that crashes or runs out of memory takes nothing with it but the requests under way.
 */
export class EngineOwner implements vscode.Disposable {
  readonly #environment: Environment;
  readonly #log: vscode.LogOutputChannel;
  readonly #ended = new vscode.EventEmitter<EngineEnd>();
  readonly #settings: vscode.Disposable;
  #engine: RunningEngine | undefined;
  #wanted = new WeakSet<RunningEngine>();
  #asked = 0;

  /** An engine ended that nobody had stopped. */
  readonly onDidEnd = this.#ended.event;

  constructor(environment: Environment, log: vscode.LogOutputChannel) {
    this.#environment = environment;
    this.#log = log;
    // A run under way keeps the engine it has; the next start brings the new settings.
    this.#settings = onChange('engine', () => {
      if (this.#asked === 0) this.stop();
    });
  }

  /** Process id of the engine that runs, if one does. */
  get pid(): number | undefined {
    return this.#engine?.pid;
  }

  /** Asks the engine. @throws EngineEnded if it ends before it answers, and whatever it answers with. */
  async ask<T>(request: (client: EngineClient) => Promise<T>): Promise<T> {
    await this.#environment.prepareEngine?.();
    const engine = this.#start();
    this.#asked++;
    try {
      const gone = engine.exited.then((end) => {
        throw new EngineEnded(end, this.#wanted.has(engine));
      });
      return await Promise.race([request(engine.client).catch((error) => this.#explain(engine, error)), gone]);
    } finally {
      this.#asked--;
    }
  }

  /** Ends the engine; the next request starts another. */
  stop(): void {
    if (this.#engine === undefined) return;
    this.#wanted.add(this.#engine);
    this.#engine.stop();
    this.#engine = undefined;
  }

  dispose(): void {
    this.stop();
    this.#settings.dispose();
    this.#ended.dispose();
  }

  #start(): RunningEngine {
    if (this.#engine !== undefined) return this.#engine;
    const settings = engineSettings();
    const engine = this.#environment.startEngine(settings);
    const number = engine.pid === undefined ? '' : `, process ${engine.pid}`;
    this.#log.info(
      `Engine started (threads ${settings.threads || 'auto'}, memory ${settings.memory || 'free'}${number}).`,
    );
    this.#engine = engine;
    void engine.exited.then((end) => {
      if (this.#engine === engine) this.#engine = undefined;
      const wanted = this.#wanted.has(engine);
      this.#log.info(`Engine ended: ${end.reason}${wanted ? ', as asked' : ''}.`);
      if (wanted) return;
      if (end.lastWords.trim() !== '') this.#log.error(`Its last words:\n${end.lastWords.trim()}`);
      this.#ended.fire(end);
    });
    return engine;
  }

  /** A connection that closed says so before the process's own end is known: the end is the better explanation. */
  async #explain(engine: RunningEngine, error: unknown): Promise<never> {
    const end = await Promise.race([
      engine.exited,
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100)),
    ]);
    throw end === undefined ? error : new EngineEnded(end, this.#wanted.has(engine));
  }
}
