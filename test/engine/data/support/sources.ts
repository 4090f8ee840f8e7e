import { type Zippable, zipSync } from 'fflate';
import { writeNpy } from '../../../../engine/data/numpy.ts';
import type { DataSource } from '../../../../engine/plan.ts';
import type { Tensor } from '../../../../engine/tensor.ts';

/** A data block with the fields that a test is about. */
export function dataSource(fields: Partial<DataSource>): DataSource {
  return { name: 'calibration', kind: 'npz', path: '/data.npz', seed: 0, ...fields };
}

/** An npz of tensors as numpy would write it. */
export function npz(arrays: Readonly<Record<string, Tensor>>, level: 0 | 6 = 6): Uint8Array {
  const entries: Zippable = {};
  for (const [name, tensor] of Object.entries(arrays)) entries[`${name}.npy`] = [writeNpy(tensor), { level }];
  return zipSync(entries);
}

export function floats(dims: readonly number[], values: readonly number[]): Tensor {
  return { dtype: 'float32', dims, data: Float32Array.from(values) };
}

export function bytes(dims: readonly number[], values: readonly number[]): Tensor {
  return { dtype: 'uint8', dims, data: Uint8Array.from(values) };
}

/** 0, 1, 2, … */
export function counting(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
