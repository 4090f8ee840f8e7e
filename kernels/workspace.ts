import type * as api from './api.ts';
import type { Builder } from './builders/builder.ts';
import {
  dequantize,
  dynamicQuantize,
  fakeQuantize,
  lookup,
  qaveragePool,
  qbinary,
  qmaxPool,
  quantize,
  requantize,
} from './builders/codes.ts';
import { conv2d, packConv } from './builders/conv.ts';
import { affine, binary, floorAffine, layerNorm, unary } from './builders/elementwise.ts';
import { gemm, packMatrix, packMatrixStep, reserveMatrix } from './builders/gemm.ts';
import { copy, fill, gather, permute, resize, toChannelsFirst, toChannelsLast } from './builders/movement.ts';
import { histogram, minMax, minMaxChannels, squaredError, sums } from './builders/observe.ts';
import { averagePool, maxPool } from './builders/pool.ts';
import { packQConv, packQMatrix, qconv2d, qgemm } from './builders/qconv.ts';
import { gruCell, gruGates, lstmCell, rnnCell } from './builders/recurrent.ts';
import { arg, globalPool, reduce, softmax } from './builders/reduce.ts';
import type { LoadedKernels } from './kernels.ts';

type Args<M extends keyof api.Workspace> = api.Workspace[M] extends (args: infer A) => unknown ? A : never;

/** `Workspace`: owns its allocations and hands every builder on to its file. */
export class KernelWorkspace implements Builder, api.Workspace {
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
  floorAffine(args: Args<'floorAffine'>): api.Step {
    return floorAffine(this, args);
  }
  softmax(args: Args<'softmax'>): api.Step {
    return softmax(this, args);
  }
  arg(args: Args<'arg'>): api.Step {
    return arg(this, args);
  }
  reduce(args: Args<'reduce'>): api.Step {
    return reduce(this, args);
  }
  layerNorm(args: Args<'layerNorm'>): api.Step {
    return layerNorm(this, args);
  }
  lstmCell(args: Args<'lstmCell'>): api.Step {
    return lstmCell(this, args);
  }
  gruCell(args: Args<'gruCell'>): api.Step {
    return gruCell(this, args);
  }
  gruGates(args: Args<'gruGates'>): api.Step {
    return gruGates(this, args);
  }
  rnnCell(args: Args<'rnnCell'>): api.Step {
    return rnnCell(this, args);
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
  minMax(args: Args<'minMax'>): api.Step {
    return minMax(this, args);
  }
  minMaxChannels(args: Args<'minMaxChannels'>): api.Step {
    return minMaxChannels(this, args);
  }
  histogram(args: Args<'histogram'>): api.Step {
    return histogram(this, args);
  }
  sums(args: Args<'sums'>): api.Step {
    return sums(this, args);
  }
  squaredError(args: Args<'squaredError'>): api.Step {
    return squaredError(this, args);
  }
  quantize(args: Args<'quantize'>): api.Step {
    return quantize(this, args);
  }
  dequantize(args: Args<'dequantize'>): api.Step {
    return dequantize(this, args);
  }
  dynamicQuantize(args: Args<'dynamicQuantize'>): api.Step {
    return dynamicQuantize(this, args);
  }
  fakeQuantize(args: Args<'fakeQuantize'>): api.Step {
    return fakeQuantize(this, args);
  }
  requantize(args: Args<'requantize'>): api.Step {
    return requantize(this, args);
  }
  packQConv(args: Args<'packQConv'>): api.PackedQConv {
    return packQConv(this, args);
  }
  qconv2d(args: Args<'qconv2d'>): api.Step {
    return qconv2d(this, args);
  }
  packQMatrix(args: Args<'packQMatrix'>): api.PackedQMatrix {
    return packQMatrix(this, args);
  }
  qgemm(args: Args<'qgemm'>): api.Step {
    return qgemm(this, args);
  }
  qbinary(args: Args<'qbinary'>): api.Step {
    return qbinary(this, args);
  }
  qmaxPool(args: Args<'qmaxPool'>): api.Step {
    return qmaxPool(this, args);
  }
  qaveragePool(args: Args<'qaveragePool'>): api.Step {
    return qaveragePool(this, args);
  }
  lookup(args: Args<'lookup'>): api.Step {
    return lookup(this, args);
  }
}
