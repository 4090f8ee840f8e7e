import { type Finding, FindingError } from '../../engine/findings.ts';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import { type ModelSummary, summarize } from '../../engine/graph/summary.ts';
import type { Host } from '../../engine/host.ts';
import { readModel } from '../../engine/onnx/model-file.ts';
import { turn } from '../../engine/progress.ts';

export type ModelState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'loaded'; readonly summary: ModelSummary }
  /** Why it cannot be had; undefined if it is simply not there (a check says that). */
  | { readonly kind: 'failed'; readonly finding: Finding | undefined };

interface Entry {
  readonly state: ModelState;
  readonly size: number;
  readonly modified: number;
}

/** Summaries of the models that open specs name, read in the background and kept until the file changes. */
export class ModelStore {
  private readonly entries = new Map<string, Entry>();
  private readonly pending = new Map<string, Promise<void>>();
  private readonly host: () => Host;
  private readonly onChange: (path: string) => void;

  /** `host` refuses what may not be read, and is asked for anew each time; `onChange` is told when a model's state is another. */
  constructor(host: () => Host, onChange: (path: string) => void) {
    this.host = host;
    this.onChange = onChange;
  }

  /** What is known now; starts to find out where nothing is. */
  get(path: string): ModelState {
    const known = this.entries.get(path);
    if (!known) this.refresh(path);
    return known?.state ?? { kind: 'loading' };
  }

  /** What is the case once the file was looked at and, if need be, read. */
  async settled(path: string): Promise<ModelState> {
    await this.refresh(path);
    return this.entries.get(path)?.state ?? { kind: 'failed', finding: undefined };
  }

  /** Looks at the file again and reads it if it is another. */
  refresh(path: string): Promise<void> {
    const running = this.pending.get(path);
    if (running) return running;
    const work = this.load(path).finally(() => this.pending.delete(path));
    this.pending.set(path, work);
    return work;
  }

  /** Looks at every model again. */
  refreshAll(): void {
    for (const path of this.entries.keys()) void this.refresh(path);
  }

  private async load(path: string): Promise<void> {
    const host = this.host();
    await this.read(path, host);
    // What may be read changed meanwhile.
    if (this.host() !== host) await this.load(path);
  }

  private async read(path: string, host: Host): Promise<void> {
    const before = this.entries.get(path);
    try {
      const stat = await host.stat(path);
      if (stat === undefined) return this.set(path, { kind: 'failed', finding: undefined }, 0, 0);
      const { size, modified } = stat;
      if (before?.state.kind === 'loaded' && before.size === size && before.modified === modified) return;
      const proto = await readModel(host, path, { weights: 'shapes' });
      // Each step of a large model takes a good part of a second: a keystroke in between is not to wait for all of them.
      await turn();
      const model = graphFromProto(proto);
      await turn();
      const summary = summarize(model);
      this.set(path, { kind: 'loaded', summary }, size, modified);
    } catch (error) {
      const known = error instanceof FindingError ? error.finding : undefined;
      // Of a link in the model's own data, the finding names that file and stands as it is.
      const finding: Finding =
        known?.code === 'file/outside' && known.file === path
          ? outside(path)
          : (known ?? {
              code: 'model/unreadable',
              severity: 'error',
              what: 'The model cannot be read.',
              why: String(error).slice(0, 300),
            });
      this.set(path, { kind: 'failed', finding }, 0, 0);
    }
  }

  private set(path: string, state: ModelState, size: number, modified: number): void {
    const before = this.entries.get(path)?.state;
    this.entries.set(path, { state, size, modified });
    const same = before?.kind === 'failed' && state.kind === 'failed' && before.finding?.what === state.finding?.what;
    if (!same) this.onChange(path);
  }
}

function outside(path: string): Finding {
  return {
    code: 'model/outside',
    severity: 'error',
    what: 'The model lies outside the folders of this workspace and is not opened.',
    why: `A spec from elsewhere could name any file of this machine; this one is ${path}.`,
    fix: 'Move it into the workspace, or add its folder to the workspace.',
  };
}
