import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { FindingError } from '../../../engine/findings.ts';
import type { ScratchFile } from '../../../engine/host.ts';
import { DataBudget } from '../../../engine/lazy-tensor.ts';
import { CodeStore } from '../../../engine/quantize/code-store.ts';
import { collectGarbage } from './garbage.ts';

/** Codes of 100 bytes that tell which they are. */
const codes = (which: number) => new Uint8Array(100).fill(which);

/** A scratch file in memory that takes `most` bytes. */
function memoryScratch(most = Number.POSITIVE_INFINITY) {
  const bytes = new Uint8Array(10_000);
  let size = 0;
  const scratch: ScratchFile = {
    write(own, offset) {
      if (offset + own.length > most) throw new FindingError({ code: 'file/disk-full', severity: 'error', what: '' });
      bytes.set(own, offset);
      size = Math.max(size, offset + own.length);
    },
    read: (offset, length) => bytes.slice(offset, offset + length),
    close: vi.fn(),
  };
  return { scratch, size: () => size };
}

describe('packed codes', () => {
  it('stay in memory up to half of what lazy tensors may take; the others are in the file', () => {
    const budget = new DataBudget(600);
    const { scratch, size } = memoryScratch();
    const store = new CodeStore(scratch, budget);
    const kept = [0, 1, 2, 3, 4].map((which) => store.keep(codes(which)));
    expect([budget.kept, size()]).toEqual([300, 200]);
    expect(kept.map((read) => read()[99])).toEqual([0, 1, 2, 3, 4]);
    expect(kept.map((read) => read().length)).toEqual([100, 100, 100, 100, 100]);
  });

  it('that are in the file are not in memory', async () => {
    const store = new CodeStore(memoryScratch().scratch, new DataBudget(0));
    const own = new WeakRef(codes(7));
    const read = store.keep(own.deref()!);
    await collectGarbage();
    expect(own.deref()).toBeUndefined();
    expect(read()).toEqual(codes(7));
  });

  it('take the room in the file of those that nobody refers to any more', async () => {
    const { scratch, size } = memoryScratch();
    const store = new CodeStore(scratch, new DataBudget(0));
    const first = store.keep(codes(1));
    (() => store.keep(codes(2)))();
    await collectGarbage();
    // Whoever watches for what is gone hears of it a turn later.
    await setImmediate();
    const third = store.keep(codes(3));
    expect(size()).toBe(200);
    expect([first()[0], third()[0]]).toEqual([1, 3]);
    expect(store.keep(codes(4))()[0]).toBe(4);
    expect([size(), first()[0], third()[0]]).toEqual([300, 1, 3]);
  });

  it('stay in memory from when the disk is full, and what it took can still be read', () => {
    const budget = new DataBudget(0);
    const { scratch, size } = memoryScratch(250);
    const store = new CodeStore(scratch, budget);
    const kept = [0, 1, 2, 3].map((which) => store.keep(codes(which)));
    expect([size(), budget.kept]).toEqual([200, 200]);
    expect(kept.map((read) => read()[0])).toEqual([0, 1, 2, 3]);
  });

  it('all stay in memory where there is no file', () => {
    const budget = new DataBudget(100);
    const store = new CodeStore(undefined, budget);
    expect(store.keep(codes(5))()).toEqual(codes(5));
    expect(budget.kept).toBe(100);
    store.close();
  });
});
