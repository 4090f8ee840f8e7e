import { describe, expect, it } from 'vitest';
import { DataBudget, derivedTensor, isLazy, lazyTensor } from '../../engine/lazy-tensor.ts';
import { float32Tensor, type Tensor } from '../../engine/tensor.ts';

/** Tensors of 400 bytes, and how often each was loaded. */
function tensors(count: number, budget: DataBudget) {
  const loads = new Array<number>(count).fill(0);
  const all = loads.map((_, index) =>
    lazyTensor(
      'float32',
      [100],
      () => {
        loads[index]!++;
        return new Float32Array(100).fill(index);
      },
      { budget },
    ),
  );
  return { all, loads };
}

const touch = (tensor: Tensor) => (tensor.data as Float32Array)[0];

describe('a lazy tensor', () => {
  it('loads nothing before it is touched, and once while it is used', () => {
    const { all, loads } = tensors(2, new DataBudget(800));
    expect(loads).toEqual([0, 0]);
    expect([touch(all[0]!), touch(all[0]!), touch(all[1]!)]).toEqual([0, 0, 1]);
    expect(loads).toEqual([1, 1]);
  });

  it('is forgotten when the budget is used up, and loaded again', () => {
    const budget = new DataBudget(1000);
    const { all, loads } = tensors(4, budget);
    for (const tensor of all) touch(tensor);
    expect(budget.held).toBe(800);
    expect([touch(all[0]!), loads[0]]).toEqual([0, 2]);
  });

  it('stays when it was touched since, before others that were not', () => {
    const { all, loads } = tensors(4, new DataBudget(1200));
    // 0 is touched a second time before the fourth comes: 1 goes in its place.
    for (const index of [0, 1, 2, 0, 3]) touch(all[index]!);
    for (const index of [0, 2, 3]) touch(all[index]!);
    expect(loads).toEqual([1, 1, 1, 1]);
    expect(touch(all[1]!)).toBe(1);
    expect(loads).toEqual([1, 2, 1, 1]);
  });

  it('larger than the budget stays while it is the one in use', () => {
    const budget = new DataBudget(100);
    const { all, loads } = tensors(2, budget);
    for (let i = 0; i < 10; i++) touch(all[0]!);
    expect(loads).toEqual([1, 0]);
    touch(all[1]!);
    expect(budget.held).toBe(400);
  });

  it('has as much less room as is kept', () => {
    const budget = new DataBudget(1200);
    const { all, loads } = tensors(3, budget);
    budget.keep(new Uint8Array(800));
    for (const tensor of [...all, ...all]) touch(tensor);
    expect(budget.held).toBe(1200);
    expect(loads).toEqual([2, 2, 2]);
  });

  it('that is a view of a larger buffer costs nothing', () => {
    const file = new Float32Array(1000);
    const budget = new DataBudget(100);
    const views = [0, 100].map((from) =>
      lazyTensor('float32', [100], () => file.subarray(from, from + 100), { budget }),
    );
    for (const view of views) touch(view);
    expect(budget.held).toBe(0);
  });

  it('makes what is computed from it lazy, and leaves the rest alone', () => {
    const { all, loads } = tensors(1, new DataBudget(800));
    const plain = float32Tensor([1], Float32Array.of(7));
    const twice = (source: Tensor) =>
      derivedTensor([source], 'float32', [1], () => Float32Array.of(2 * touch(source)!));
    expect([isLazy(twice(all[0]!)), isLazy(twice(plain))]).toEqual([true, false]);
    expect(loads).toEqual([0]);
    expect(touch(twice(plain))).toBe(14);
  });
});
