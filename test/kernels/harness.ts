import fc from 'fast-check';
import { expect } from 'vitest';
import type { Address, KernelMode, Kernels, LoadOptions, Step, Workspace } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { type KernelName, kernelNumber } from '../../kernels/table.ts';

type Elements = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array | Int8Array;

/** One execution: a step, what it must leave where, and how far the relaxed mode may be off. */
export interface Trial {
  readonly step: Step | readonly Step[];
  readonly results: readonly Result[];
}

export interface Result {
  readonly address: Address;
  readonly expected: Elements;
  /**
   * Largest difference allowed in relaxed mode, relative to max(1, |expected|); 0 (the default) demands equality in both modes.
   * Strict mode is always equal.
   */
  readonly relaxedTolerance?: number;
}

/** Random trials of one kernel. `build` gets a fresh bench for each. */
export interface KernelCase<T> {
  readonly arbitrary: fc.Arbitrary<T>;
  build(bench: Bench, input: T): Trial;
}

export type AnyCase = KernelCase<never>;

export function kernelCase<T>(arbitrary: fc.Arbitrary<T>, build: (bench: Bench, input: T) => Trial): AnyCase {
  return { arbitrary, build } as unknown as AnyCase;
}

const guardBytes = 64;
const guardByte = 0xa5;

/** Memory for trials: inputs are followed by NaNs, outputs lie between guards that must survive. */
export class Bench {
  readonly ws: Workspace;
  private readonly guards: Address[] = [];

  constructor(ws: Workspace) {
    this.ws = ws;
  }

  put(values: Elements): Address {
    const { kernels } = this.ws;
    const address = this.ws.alloc(values.byteLength + guardBytes);
    kernels.u8(address, values.byteLength + guardBytes).fill(0xff);
    kernels.u8(address, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return address;
  }

  out(bytes: number): Address {
    const start = this.ws.alloc(bytes + 2 * guardBytes);
    this.ws.kernels.u8(start, bytes + 2 * guardBytes).fill(guardByte);
    this.guards.push(start, start + guardBytes + bytes);
    return start + guardBytes;
  }

  checkGuards(): void {
    for (const guard of this.guards) {
      const bytes = this.ws.kernels.u8(guard, guardBytes);
      if (bytes.some((byte) => byte !== guardByte)) throw new Error('A kernel wrote outside its output.');
    }
  }
}

type Dot = LoadOptions['dot'];
const loaded = new Map<string, Promise<Kernels>>();

export function kernelsFor(mode: KernelMode, dot?: Dot): Promise<Kernels> {
  const key = `${mode} ${dot}`;
  let kernels = loaded.get(key);
  if (kernels === undefined) {
    kernels = loadKernels({ mode, dot });
    loaded.set(key, kernels);
  }
  return kernels;
}

/** Kernels of integer products: by the four-byte dot product (in strict mode its definition), and those without it. */
const byDot: readonly KernelName[] = ['padCodes', 'dotCodes', 'depthwiseDotCodes'];
const byPairs: readonly KernelName[] = ['widenCodes', 'convCodes', 'depthwiseCodes'];

function dotFor(name: KernelName, mode: KernelMode): Dot {
  if (byPairs.includes(name)) return 'none';
  return byDot.includes(name) && mode === 'strict' ? 'u8' : undefined;
}

/** Runs random trials in one mode, once in the tiles the step has and once item by item. */
export async function checkKernel(name: KernelName, one: AnyCase, mode: KernelMode, runs: number): Promise<void> {
  const kernels = await kernelsFor(mode, dotFor(name, mode));
  const number = kernelNumber.get(name)!;
  let used = 0;
  fc.assert(
    fc.property(one.arbitrary, (input) => {
      for (const grain of [undefined, 1]) {
        const ws = kernels.workspace();
        try {
          const bench = new Bench(ws);
          const trial = one.build(bench, input);
          for (const step of [trial.step].flat() as Step[]) {
            used += step.calls.filter((call) => call.kernel === number).length;
            kernels.run(
              grain === undefined ? step : { ...step, calls: step.calls.map((call) => ({ ...call, grain })) },
            );
          }
          bench.checkGuards();
          for (const result of trial.results) checkResult(kernels, result, mode);
        } finally {
          ws.dispose();
        }
      }
    }),
    { numRuns: runs, seed: 20260 },
  );
  // A machine whose dot product is not exact has no use for these.
  if (byDot.includes(name) && kernels.features.dot === undefined) return;
  expect(used, `the trials never called ${name}`).toBeGreaterThan(0);
}

function checkResult(kernels: Kernels, result: Result, mode: KernelMode): void {
  const { expected, address } = result;
  const View = expected.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => Elements;
  const got = new View(kernels.memory.buffer, address, expected.length);
  const tolerance = mode === 'strict' ? 0 : (result.relaxedTolerance ?? 0);
  for (let i = 0; i < expected.length; i++) {
    const [want, is] = [expected[i]!, got[i]!];
    if (want === is || (Number.isNaN(want) && Number.isNaN(is))) continue;
    if (Math.abs(want - is) <= tolerance * Math.max(1, Math.abs(want))) continue;
    throw new Error(`Element ${i} of ${expected.length} is ${is}, not ${want}.`);
  }
}

/** Ordinary float32 numbers, seeded: long arrays would shrink too slowly as arbitraries of their own. */
export function floats(seed: number, length: number, scale = 1): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length }, () => (next() * 2 - 1) * scale);
}

export function integers(seed: number, length: number, low: number, high: number): Int32Array {
  const next = generator(seed);
  return Int32Array.from({ length }, () => low + Math.floor(next() * (high - low + 1)));
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
export const sizes = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });

/** Clamps as fused activations have them. */
export const clamps = fc.constantFrom<{ readonly min?: number; readonly max?: number }>(
  {},
  { min: 0 },
  { min: 0, max: 0.5 },
  { max: 0.25 },
);

/** float32 with zeros of both signs, infinities, NaN, subnormals and huge values. */
export const anyFloats = (length: number): fc.Arbitrary<Float32Array> =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: fc.float({ min: -12, max: 12 }) }, fc.float()), {
      minLength: length,
      maxLength: length,
    })
    .map((values) => Float32Array.from(values));
