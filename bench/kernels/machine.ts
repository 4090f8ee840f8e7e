// What this core can do at best in 128-bit WASM: the roof under which the kernels are measured.
import { readFileSync } from 'node:fs';
import { assemble } from '../../scripts/assemble.mjs';

/** Unrolled loops over registers, and streams over memory; each returns something that depends on all it did. */
interface Probes {
  /** Fused multiply-adds of four lanes in independent chains, nothing but registers. */
  fused(rounds: number, half: number): number;
  /** Products and sums apart; one factor is loaded, so that no product can be taken out of the loop. */
  separate(rounds: number, half: number): number;
  /** `rounds` × 64 dependent integer operations of one cycle each. */
  chain(rounds: number): number;
  /** Copies `bytes` (a multiple of 64). */
  copy(to: number, from: number, bytes: number): void;
}

export interface Machine {
  /** GFLOP/s (a multiply-add counts 2) of a register-only loop: fused, and with product and sum apart. */
  readonly fusedPeak: number;
  readonly separatePeak: number;
  /** GHz by the operating system's word, if it says one, and by a chain of dependent operations. */
  readonly statedClock: number | undefined;
  readonly measuredClock: number;
  /** Milliseconds that a copy takes that reads and writes `bytes` in all, over and over. */
  copyMilliseconds(bytes: number): number;
}

/** Accumulators: of 16 registers the operands, a product and V8 itself need the others. */
const fusedChains = 12;
const separateChains = 8;
const steps = 4;

function source(): string {
  const loop = (name: string, chains: number, step: (i: number) => string): string[] => {
    const all = [...Array(chains).keys()];
    return [
      `export function ${name}(rounds: i32, half: f32): f32 {`,
      // Not a constant: V8 would build it anew at every use.
      '  const x = f32x4.splat(<f32>rounds), y = f32x4.splat(half);',
      ...all.map((i) => `  let a${i} = f32x4.splat(${i});`),
      '  for (; rounds > 0; rounds--) {',
      ...Array.from({ length: steps }, () => all.map((i) => `    ${step(i)}`)).flat(),
      '  }',
      `  return f32x4.extract_lane(${all.reduce((sum, i) => (i === 0 ? 'a0' : `f32x4.add(${sum}, a${i})`), '')}, 0);`,
      '}',
    ];
  };
  return [
    ...loop('fused', fusedChains, (i) => `a${i} = f32x4.relaxed_madd(x, y, a${i});`),
    ...loop('separate', separateChains, (i) => {
      const product = `f32x4.mul(v128.load32_splat(0, ${4 * i}), y)`;
      return `a${i} = f32x4.add(a${i}, ${product});`;
    }),
    'export function chain(rounds: i32): i32 {',
    '  let x = rounds, y = rounds * 7;',
    '  for (; rounds > 0; rounds--) {',
    ...Array.from({ length: 32 }, () => '    x += y; x ^= y;'),
    '  }',
    '  return x;',
    '}',
    'export function copy(to: usize, from: usize, bytes: i32): void {',
    '  for (; bytes > 0; bytes -= 64, to += 64, from += 64) {',
    ...[0, 16, 32, 48].map((at) => `    v128.store(to, v128.load(from, ${at}), ${at});`),
    '  }',
    '}',
  ].join('\n');
}

async function compile(): Promise<Probes> {
  const features = 'simd,relaxed-simd';
  const flags = ['--initialMemory', '2048'];
  const module = new WebAssembly.Module(await assemble({ entry: 'machine.ts', text: source(), features, flags }));
  return new WebAssembly.Instance(module).exports as unknown as Probes;
}

/**
 * Processor time of this process in milliseconds: what others do on the machine counts less than in the time of day. User
 * and system time together, because Linux splits the two by sampling and knows only the sum exactly.
 */
export function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of one call of `run`: the best of `rounds`, each long enough to be timed. */
export function best(run: () => void, rounds = 7, least = 20): number {
  let runs = 1;
  for (let elapsed = 0; elapsed < least; runs *= 2) {
    const start = now();
    for (let i = 0; i < runs; i++) run();
    elapsed = now() - start;
  }
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = now();
    for (let i = 0; i < runs; i++) run();
    fastest = Math.min(fastest, (now() - start) / runs);
  }
  return fastest;
}

export async function measureMachine(): Promise<Machine> {
  const probes = await compile();
  const rounds = 100_000;
  // Until V8 has optimised the loops, which on a busy machine takes it a while.
  for (let warm = 0; warm < 3; warm++)
    for (const loop of [probes.fused, probes.separate]) best(() => loop(rounds, 0.5));
  const peak = (loop: Probes['fused'], operations: number): number =>
    (rounds * operations * steps * 4) / best(() => loop(rounds, 0.5)) / 1e6;
  const copies = new Map<number, number>();
  return {
    fusedPeak: peak(probes.fused, 2 * fusedChains),
    separatePeak: peak(probes.separate, 2 * separateChains),
    statedClock: statedClock(),
    measuredClock: (rounds * 64) / best(() => probes.chain(rounds)) / 1e6,
    copyMilliseconds: (bytes) => {
      const half = Math.max(64, Math.ceil(bytes / 128) * 64);
      // 64 KiB apart, but for 320 bytes: the two streams do not fall into the same cache sets.
      const from = 1 << 16;
      const to = from + (Math.ceil(half / 65536) << 16) + 320;
      const time = copies.get(half) ?? best(() => probes.copy(to, from, half), 5, 5);
      copies.set(half, time);
      return time;
    },
  };
}

/** The clock that Linux names; in a virtual machine often the nominal one. */
function statedClock(): number | undefined {
  try {
    const [, megahertz] = /^cpu MHz\s*:\s*([\d.]+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
    return megahertz === undefined ? undefined : Number(megahertz) / 1000;
  } catch {
    return undefined;
  }
}
