import * as vscode from 'vscode';
import { MeasurementCache } from '../engine/measurements/cache.ts';
import type { CacheFolder } from '../engine/measurements/keyed-files.ts';
import { type Measurements, measurementsOf } from '../engine/measurements/measurements.ts';
import type { Pending } from '../language/server/protocol.ts';
import type { Outcome, Runs } from './engine/runs.ts';

/** What was measured for specs whose rules ask for it, kept in VS Code's storage for this extension. */
export class MeasurementFiles {
  readonly #cache: MeasurementCache;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Something was measured, or all was cleared. */
  readonly onChanged = this.#changed.event;

  constructor(storage: vscode.Uri, runs: Runs) {
    this.#cache = new MeasurementCache(editorFolder(measurementFolder(storage)));
    this.#runs = runs;
  }

  get(key: string): Promise<Measurements | undefined> {
    return this.#cache.get(key);
  }

  /** Has the engine measure, and keeps what it found. */
  async measure(
    { key, job }: Pending,
    token: vscode.CancellationToken,
    tell: (text: string) => void,
  ): Promise<Outcome<Measurements>> {
    const { folders } = this.#runs;
    const outcome = await this.#runs.work(undefined, token, tell, (client, run) =>
      client.sensitivity(job.model, { job, folders }, run),
    );
    if (outcome.kind !== 'done') return outcome;
    const result = measurementsOf(outcome.result);
    await this.#cache.put(key, result);
    this.#changed.fire();
    return { kind: 'done', result };
  }

  /** Gives the number of measurements that there were. */
  async clear(): Promise<number> {
    const count = await this.#cache.clear();
    this.#changed.fire();
    return count;
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** Where measurements and, on the desktop, the engine's statistics of calibration are kept. */
export function measurementFolder(storage: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(storage, 'measurements');
}

function editorFolder(folder: vscode.Uri): CacheFolder {
  const { fs } = vscode.workspace;
  const fileOf = (name: string) => vscode.Uri.joinPath(folder, name);
  const entries = async () => {
    try {
      return await fs.readDirectory(folder);
    } catch {
      // Made when something is first written.
      return [];
    }
  };
  return {
    read: async (name) => {
      const isThere = (await entries()).some(([own]) => own === name);
      return isThere ? await fs.readFile(fileOf(name)) : undefined;
    },
    async write(name, bytes) {
      await fs.createDirectory(folder);
      const part = fileOf(`.${name}.part`);
      await fs.writeFile(part, bytes);
      await fs.rename(part, fileOf(name), { overwrite: true });
    },
    async list() {
      const files = (await entries()).filter(([, type]) => type === vscode.FileType.File);
      return await Promise.all(
        files.map(async ([name]) => {
          const { size, mtime } = await fs.stat(fileOf(name));
          return { name, size, modified: mtime };
        }),
      );
    },
    remove: async (name) => fs.delete(fileOf(name)),
  };
}
