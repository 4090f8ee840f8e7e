import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelMemoryExhausted } from '../../kernels/api.ts';
import { Arena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/loader.ts';

const page = 65536;

function arena(limitPages: number): Arena {
  return new Arena(new WebAssembly.Memory({ initial: 1, maximum: limitPages }), 2048, limitPages * page);
}

describe('the arena', () => {
  it('never gives away the same byte twice, and takes everything back', () => {
    const action = fc.oneof(fc.record({ alloc: fc.integer({ min: 0, max: 3 * page }) }), fc.record({ free: fc.nat() }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const memory = arena(1000);
        const live = new Map<number, number>();
        for (const one of actions) {
          if ('alloc' in one) {
            const address = memory.alloc(one.alloc);
            expect(address % 64).toBe(0);
            expect(address).toBeGreaterThanOrEqual(2048);
            expect(address + one.alloc).toBeLessThanOrEqual(memory.memory.buffer.byteLength);
            for (const [other, bytes] of live)
              expect(address + Math.max(1, one.alloc) <= other || other + Math.max(1, bytes) <= address).toBe(true);
            live.set(address, one.alloc);
          } else if (live.size > 0) {
            const address = [...live.keys()][one.free % live.size]!;
            memory.free(address);
            live.delete(address);
          }
        }
        for (const address of live.keys()) memory.free(address);
        expect(memory.allocatedBytes).toBe(0);
        // All holes have joined: what was there before fits again without growing.
        const size = memory.memory.buffer.byteLength;
        memory.alloc(size - 2048);
        expect(memory.memory.buffer.byteLength).toBe(size);
      }),
      { numRuns: 60, seed: 20260 },
    );
  });

  it('knows its peak', () => {
    const memory = arena(100);
    const first = memory.alloc(1000);
    memory.free(first);
    memory.alloc(64);
    expect(memory.peakBytes).toBe(1024);
    expect(memory.allocatedBytes).toBe(64);
    memory.resetPeak();
    expect(memory.peakBytes).toBe(64);
  });

  it('says what it has when it has no more', () => {
    const memory = arena(4);
    memory.alloc(page);
    expect(() => memory.alloc(4 * page)).toThrow(KernelMemoryExhausted);
    expect(() => memory.alloc(2 ** 40)).toThrow(KernelMemoryExhausted);
    // It goes on with what fits.
    memory.alloc(page);
  });

  it('refuses what was never allocated, and sizes that are none', () => {
    const memory = arena(4);
    expect(() => memory.free(4096)).toThrow(RangeError);
    for (const bytes of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => memory.alloc(bytes)).toThrow(RangeError);
  });
});

describe('workspaces', () => {
  it('give everything back: weights, steps, buffers', async () => {
    const kernels = await loadKernels({ mode: 'strict' });
    const before = kernels.allocatedBytes;
    const ws = kernels.workspace();
    const b = ws.packMatrix({ k: 10, n: 10, values: new Float32Array(100) });
    kernels.run(ws.gemm({ m: 5, a: ws.alloc(200), b, output: ws.alloc(200) }));
    expect(ws.bytes).toBe(kernels.allocatedBytes - before);
    ws.dispose();
    expect(kernels.allocatedBytes).toBe(before);
  });

  it('free only what is theirs', async () => {
    const kernels = await loadKernels({ mode: 'strict' });
    const [mine, yours] = [kernels.workspace(), kernels.workspace()];
    const address = yours.alloc(10);
    expect(() => mine.free(address)).toThrow(RangeError);
  });

  it('grow the memory under steps that are already built', async () => {
    const kernels = await loadKernels({ mode: 'strict' });
    const ws = kernels.workspace();
    const [input, output] = [ws.alloc(16), ws.alloc(16)];
    const step = ws.unary({ fn: 'neg', input, output, count: 4 });
    ws.alloc(50 * page);
    kernels.f32(input, 4).set([1, 2, 3, 4]);
    kernels.run(step);
    expect([...kernels.f32(output, 4)]).toEqual([-1, -2, -3, -4]);
  });
});

describe('loading', () => {
  it('stays within its limit', async () => {
    const kernels = await loadKernels({ mode: 'relaxed', maximumBytes: 4 * 2 ** 20 });
    expect(() => kernels.workspace().alloc(4 * 2 ** 20)).toThrow(KernelMemoryExhausted);
  });

  it('takes one thread and unshared memory where no thread can be started', async () => {
    const { features } = await loadKernels({ mode: 'strict', threads: 4 });
    expect(features).toEqual({ mode: 'strict', shared: false, threads: 1 });
  });
});

describe('builders', () => {
  it('refuse shapes that do not fit', async () => {
    const ws = (await loadKernels({ mode: 'strict' })).workspace();
    expect(() => ws.packMatrix({ k: 2, n: 3, values: new Float32Array(5) })).toThrow(RangeError);
    expect(() => ws.permute({ input: 0, output: 0, dims: [2, 3], perm: [0, 0], elementBytes: 4 })).toThrow(RangeError);
    expect(() => ws.reduce({ fn: 'sum', input: 0, output: 0, dims: [2], axes: [1] })).toThrow(RangeError);
    const strides = { dims: [2, 2], aStrides: [1], bStrides: [2, 1] };
    expect(() => ws.binary({ fn: 'add', a: 0, b: 0, output: 0, ...strides })).toThrow(RangeError);
    const geometry = {
      batch: 1,
      inputHeight: 4,
      inputWidth: 4,
      inputChannels: 3,
      outputChannels: 4,
      kernel: [1, 1],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
      groups: 2,
    } as const;
    expect(() => ws.packConv({ geometry, weights: new Float32Array(6) })).toThrow(RangeError);
  });
});
