import type * as api from './api.ts';
import type { Builder } from './builders/builder.ts';
import { conv2d, packConv } from './builders/conv.ts';
import { affine, binary, layerNorm, unary } from './builders/elementwise.ts';
import { gemm, packMatrix, packMatrixStep, reserveMatrix } from './builders/gemm.ts';
import { copy, fill, gather, permute, resize, toChannelsFirst, toChannelsLast } from './builders/movement.ts';
import { averagePool, maxPool } from './builders/pool.ts';
import { globalPool, reduce, softmax } from './builders/reduce.ts';
import type { LoadedKernels } from './kernels.ts';

type Args<M extends keyof api.Workspace> = api.Workspace[M] extends (args: infer A) => unknown ? A : never;

/** `Workspace`: owns its allocations and hands every builder on to its file. */
export class KernelWorkspace implements Builder {
  readonly kernels: LoadedKernels;
  private readonly owned = new Set<api.Address>();

  constructor(kernels: LoadedKernels) {
    this.kernels = kernels;
  }

  alloc(bytes: number): api.Address {
    const address = this.kernels.arena.alloc(bytes);
    this.owned.add(address);
    return address;
  }

  free(address: api.Address): void {
    if (!this.owned.delete(address)) throw new RangeError(`This workspace holds nothing at ${address}.`);
    this.kernels.arena.free(address);
  }

  dispose(): void {
    for (const address of this.owned) this.kernels.arena.free(address);
    this.owned.clear();
  }

  get bytes(): number {
    let sum = 0;
    for (const address of this.owned) sum += this.kernels.arena.sizeOf(address);
    return sum;
  }

  packMatrix(args: Args<'packMatrix'>): api.PackedMatrix {
    return packMatrix(this, args);
  }
  reserveMatrix(k: number, n: number): api.PackedMatrix {
    return reserveMatrix(this, k, n);
  }
  packMatrixStep(args: Args<'packMatrixStep'>): api.Step {
    return packMatrixStep(this, args);
  }
  gemm(args: Args<'gemm'>): api.Step {
    return gemm(this, args);
  }
  packConv(args: Args<'packConv'>): api.PackedConv {
    return packConv(this, args);
  }
  conv2d(args: Args<'conv2d'>): api.Step {
    return conv2d(this, args);
  }
  maxPool(args: Args<'maxPool'>): api.Step {
    return maxPool(this, args);
  }
  averagePool(args: Args<'averagePool'>): api.Step {
    return averagePool(this, args);
  }
  globalPool(args: Args<'globalPool'>): api.Step {
    return globalPool(this, args);
  }
  unary(args: Args<'unary'>): api.Step {
    return unary(this, args);
  }
  binary(args: Args<'binary'>): api.Step {
    return binary(this, args);
  }
  affine(args: Args<'affine'>): api.Step {
    return affine(this, args);
  }
  softmax(args: Args<'softmax'>): api.Step {
    return softmax(this, args);
  }
  reduce(args: Args<'reduce'>): api.Step {
    return reduce(this, args);
  }
  layerNorm(args: Args<'layerNorm'>): api.Step {
    return layerNorm(this, args);
  }
  permute(args: Args<'permute'>): api.Step {
    return permute(this, args);
  }
  toChannelsLast(args: Args<'toChannelsLast'>): api.Step {
    return toChannelsLast(this, args);
  }
  toChannelsFirst(args: Args<'toChannelsFirst'>): api.Step {
    return toChannelsFirst(this, args);
  }
  copy(args: Args<'copy'>): api.Step {
    return copy(this, args);
  }
  fill(args: Args<'fill'>): api.Step {
    return fill(this, args);
  }
  gather(args: Args<'gather'>): api.Step {
    return gather(this, args);
  }
  resize(args: Args<'resize'>): api.Step {
    return resize(this, args);
  }
}
