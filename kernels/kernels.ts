import type { KernelFeatures, Kernels, KernelThread, Step, Workspace } from './api.ts';
import { Arena } from './arena.ts';
import { constantValues, wideOffset, wideValues } from './constants.ts';
import { Cell, constantsAddress, controlAddress, type KernelFunction } from './control.ts';
import { Pool } from './pool.ts';
import { KernelWorkspace } from './workspace.ts';

interface Parts {
  readonly memory: WebAssembly.Memory;
  readonly functions: readonly KernelFunction[];
  readonly limit: number;
  readonly base: number;
  readonly features: KernelFeatures;
  readonly cancel: Int32Array;
  readonly patienceMilliseconds?: number | undefined;
}

/** `Kernels` over one instance; made by `loadKernels`. */
export class LoadedKernels implements Kernels {
  readonly features: KernelFeatures;
  readonly memory: WebAssembly.Memory;
  readonly arena: Arena;
  private readonly cancel: Int32Array;
  private pool: Pool;
  private readonly owned: KernelThread[] = [];
  private scratch = 0;
  private scratchStride = 0;
  private shared = 0;
  private sharedBytes = 0;
  private zeroAddress = 0;
  private zeroBytes = 0;
  private zeroTotal = 0;

  constructor(parts: Parts) {
    this.features = parts.features;
    this.memory = parts.memory;
    this.cancel = parts.cancel;
    this.arena = new Arena(parts.memory, parts.base, parts.limit);
    this.pool = new Pool(
      parts.memory,
      parts.functions,
      parts.features.threads,
      parts.cancel,
      parts.patienceMilliseconds,
    );
    this.f32(constantsAddress, constantValues.length).set(constantValues);
    new Float64Array(parts.memory.buffer, constantsAddress + wideOffset, wideValues.length).set(wideValues);
    this.requireScratch(1 << 14);
  }

  /** Threads are started once there was work for them for so long; 0: now. */
  startThreadsAfter(milliseconds: number, start: () => readonly KernelThread[]): void {
    const adopt = () => void this.owned.push(...start());
    if (milliseconds === 0) adopt();
    else this.pool.startAfter(milliseconds, adopt);
  }

  f32(address: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, count);
  }

  i32(address: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, count);
  }

  u8(address: number, count: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, count);
  }

  s8(address: number, count: number): Int8Array {
    return new Int8Array(this.memory.buffer, address, count);
  }

  view(): DataView {
    return new DataView(this.memory.buffer);
  }

  workspace(): Workspace {
    return new KernelWorkspace(this);
  }

  run(step: Step): void {
    this.pool = this.pool.rebind(this.memory);
    for (const call of step.calls) this.pool.run(call, this.scratch, this.scratchStride);
  }

  cancelCell(): Int32Array {
    return this.cancel;
  }

  get allocatedBytes(): number {
    return this.arena.allocatedBytes;
  }

  get peakBytes(): number {
    return this.arena.peakBytes;
  }

  get limitBytes(): number {
    return this.arena.limit;
  }

  resetPeak(): void {
    this.arena.resetPeak();
  }

  dispose(): void {
    this.pool.dispose();
    for (const thread of this.owned.splice(0)) thread.terminate();
  }

  /** Makes every thread's scratch at least `bytes` long. Called while building, never while a step runs. */
  requireScratch(bytes: number): void {
    if (bytes <= this.scratchStride) return;
    // A page more than asked keeps the threads' parts off each other's cache lines and prefetches.
    const stride = Math.ceil(bytes / 4096) * 4096 + 4096;
    const old = this.scratch;
    if (old !== 0) this.arena.free(old);
    this.scratch = this.arena.alloc(stride * this.features.threads);
    this.scratchStride = stride;
  }

  /** Makes the scratch that all threads share, from one call of a step to the next, at least `bytes` long. */
  requireShared(bytes: number): void {
    if (bytes <= this.sharedBytes) return;
    if (this.shared !== 0) this.arena.free(this.shared);
    this.sharedBytes = Math.ceil(bytes / 4096) * 4096;
    this.shared = this.arena.alloc(this.sharedBytes);
    this.i32(controlAddress + 4 * Cell.sharedScratch, 1)[0] = this.shared;
  }

  /** Bytes that belong to no workspace: the threads' scratch, the shared one, zeros. */
  get scratchBytes(): number {
    return this.scratchStride * this.features.threads + this.sharedBytes + this.zeroTotal;
  }

  /** Address of at least `bytes` zero bytes that no kernel writes. Earlier addresses stay valid. */
  zeros(bytes: number): number {
    if (bytes > this.zeroBytes) {
      this.zeroBytes = Math.ceil(bytes / 4096) * 4096;
      this.zeroTotal += this.zeroBytes;
      this.zeroAddress = this.arena.alloc(this.zeroBytes);
      this.u8(this.zeroAddress, this.zeroBytes).fill(0);
    }
    return this.zeroAddress;
  }
}
