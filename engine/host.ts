/**
 * The one door between the engine and the machine it runs on. The engine sees files, threads and memory only
 * through a `Host`; `env/node` and `env/browser` implement it. A host says what it can do, so that a feature which a
 * host lacks is a finding and not a crash.
 */
export interface HostCapabilities {
  /** `readRange` fetches only the bytes asked for (otherwise it reads the whole file and slices). */
  readonly rangeReads: boolean;
  /** `replace` is atomic: a killed process leaves the old file or the new one. */
  readonly atomicReplace: boolean;
  /** Worker threads with shared memory: kernels may run on more than one thread. */
  readonly sharedMemory: boolean;
  /** Logical processors the engine may use. */
  readonly processors: number;
}

export interface FileStat {
  readonly size: number;
  readonly isDirectory: boolean;
  /** Milliseconds since the epoch; part of cache keys. */
  readonly modified: number;
}

/** A file being written beside its final place; nothing is visible under its name before `commit`. */
export interface PendingFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Has it appear under another name in the same folder: one that follows from what was written. */
  rename(name: string): void;
  /** Flushes to the disk and renames to the final name. */
  commit(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** Bytes `[offset, offset + length)`; fewer when the file ends before. */
export type RangeReader = (offset: number, length: number) => Uint8Array;

/** What a run puts aside, under no name. Its methods throw `file/…` findings. */
export interface ScratchFile {
  write(bytes: Uint8Array, offset: number): void;
  /** Bytes `[offset, offset + length)` that were written. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

export interface Host {
  readonly capabilities: HostCapabilities;
  readonly path: HostPath;
  stat(path: string): Promise<FileStat | undefined>;
  readFile(path: string): Promise<Uint8Array>;
  /** Bytes `[offset, offset + length)`; fewer when the file ends before. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array>;
  /**
   * Reads a file by range without waiting, for elements that are fetched when they are touched. Holds no handle; a file that
   * is another than it was is a finding `file/changed`. Absent where files come by message: there weights are read at once.
   */
  rangeReader?(path: string): Promise<RangeReader>;
  /**
   * A file in a folder, read and written without waiting. Both are made with the first bytes; the file is gone when it is closed or its
   * process ends, however that comes about. Absent where there is no disk.
   */
  scratch?(folder: string): Promise<ScratchFile>;
  /** Names (not paths) in a folder, sorted by code unit so that the order is the same on every machine. */
  list(folder: string): Promise<string[]>;
  /** The path with every symbolic link resolved; undefined if it does not exist. */
  realPath(path: string): Promise<string | undefined>;
  /** What a symbolic link (or junction) says, as it is written; undefined if `path` is none. Absent where there are no links. */
  readLink?(path: string): Promise<string | undefined>;
  createFolder(path: string): Promise<void>;
  /** Starts a file that will appear at `path` when committed. Until then it is beside it, named `.NAME.….part`. */
  replace(path: string): Promise<PendingFile>;
  remove(path: string): Promise<void>;
  /** SHA-256 of the parts laid end to end, in hexadecimal, by the machine's own means; absent: `engine/hash.ts` works it out. */
  sha256?(...parts: readonly (Uint8Array | string)[]): string;
  /** Bytes that this process may still take before its owner's limit ends it; absent: there is no limit. */
  memoryLeft?(): number;
  /** Starts a kernel thread that runs the kernel worker's program; undefined where threads are not to be had. */
  startThread?(data: unknown): HostThread;
  /** Bytes of a WASM or data asset that is too large to be inlined (`onnxruntime-web`), by its asset name. */
  asset(name: string): Promise<Uint8Array>;
}

/** Path arithmetic of the host, always with the host's own separator. */
export interface HostPath {
  join(...parts: string[]): string;
  resolve(...parts: string[]): string;
  dirname(path: string): string;
  basename(path: string): string;
  relative(from: string, to: string): string;
  isAbsolute(path: string): boolean;
}

export interface HostThread {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the thread ends, for whatever reason; an error that nobody caught ends it. */
  onEnd?(listener: (reason: string) => void): void;
  terminate(): void;
}
