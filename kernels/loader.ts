import { type CodeType, KernelMemoryExhausted, type KernelMode, type Kernels, type LoadOptions } from './api.ts';
import { arenaBase, mostThreads } from './control.ts';
import * as relaxed from './generated/relaxed.ts';
import * as simd from './generated/simd.ts';
import { LoadedKernels } from './kernels.ts';
import { type KernelThreadData, kernelFunctions } from './worker.ts';

const pageBytes = 65536;
const initialPages = 16;
const defaultLimit = 2 ** 31;
const highestLimit = 2 ** 32 - pageBytes;

/** Milliseconds of work that are worth a thread: to start one takes about a third of it, which small jobs would never win back. */
const startWorth = 100;

interface Variant {
  readonly wasm: string;
  readonly limitsFlag: number;
}

/** Compiled modules by variant and kind of memory: instances are made anew, machine code is not. */
const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * Kernels in a memory of their own. `relaxed` falls back to `strict` where the machine cannot run it or computes
 * something else than a fused or unfused multiply-add; `features.mode` says what was got.
 */
export async function loadKernels(options: LoadOptions): Promise<Kernels> {
  const limit = Math.min(options.maximumBytes ?? defaultLimit, highestLimit);
  const threads = options.startThread === undefined ? 1 : Math.max(1, Math.floor(options.threads ?? 1));
  if (threads > mostThreads)
    throw new RangeError(`At most ${mostThreads} threads can work; ${threads} were asked for.`);
  const shared = threads > 1;
  const answer: RelaxedAnswer = options.mode === 'relaxed' ? await relaxedAnswer() : { works: false };
  const mode: KernelMode = answer.works ? 'relaxed' : 'strict';
  const dot = options.dot ?? answer.dot ?? 'none';
  const cancel = options.cancelCell ?? new Int32Array(shared ? new SharedArrayBuffer(4) : new ArrayBuffer(4));
  const module = await compile(mode, shared);
  const memory = makeMemory(limit, shared);
  const functions = kernelFunctions(new WebAssembly.Instance(module, { env: { memory } }));
  const kernels = new LoadedKernels({
    memory,
    functions,
    limit,
    base: arenaBase,
    features: { mode, shared, threads, ...(dot !== 'none' && { dot }) },
    cancel,
    patienceMilliseconds: options.patienceMilliseconds,
  });
  if (shared) {
    kernels.startThreadsAfter(options.startAfterMilliseconds ?? startWorth, () => {
      return Array.from({ length: threads - 1 }, (_, i) => {
        const data: KernelThreadData = { module, memory, thread: i + 1, cancel };
        return options.startThread!(data);
      });
    });
  }
  return kernels;
}

function makeMemory(limit: number, shared: boolean): WebAssembly.Memory {
  const maximum = Math.max(initialPages, Math.floor(limit / pageBytes));
  try {
    return new WebAssembly.Memory({ initial: initialPages, maximum, shared });
  } catch {
    throw new KernelMemoryExhausted(initialPages * pageBytes, 0, limit);
  }
}

function compile(mode: KernelMode, shared: boolean): Promise<WebAssembly.Module> {
  const key = `${mode} ${shared}`;
  let module = compiled.get(key);
  if (module === undefined) {
    module = WebAssembly.compile(moduleBytes(mode === 'relaxed' ? relaxed : simd, shared));
    compiled.set(key, module);
  }
  return module;
}

/** The module is built for shared memory; for unshared memory one flag of its memory import differs. */
function moduleBytes(variant: Variant, shared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(variant.wasm);
  if (!shared) bytes[variant.limitsFlag] = 1;
  return bytes;
}

/** What relaxed instructions do on this machine. */
interface RelaxedAnswer {
  /** A multiply-add is fused or unfused, and nothing else. */
  readonly works: boolean;
  readonly dot?: CodeType | undefined;
}

let answered: Promise<RelaxedAnswer> | undefined;

function relaxedAnswer(): Promise<RelaxedAnswer> {
  answered ??= testRelaxed();
  return answered;
}

async function testRelaxed(): Promise<RelaxedAnswer> {
  if (!WebAssembly.validate(moduleBytes(relaxed, false))) return { works: false };
  try {
    const limit = 2 ** 22;
    const memory = makeMemory(limit, false);
    const module = await compile('relaxed', false);
    const functions = kernelFunctions(new WebAssembly.Instance(module, { env: { memory } }));
    const kernels = (dot?: CodeType) => {
      const features = { mode: 'relaxed', shared: false, threads: 1, ...(dot && { dot }) } as const;
      return new LoadedKernels({ memory, functions, limit, base: arenaBase, features, cancel: new Int32Array(1) });
    };
    const dot = (['u8', 's8'] as const).find((type) => exactDot(kernels(type), type));
    return { works: knownAnswer(kernels()), dot };
  } catch {
    return { works: false };
  }
}

/**
 * (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴ fused and 0 unfused; nothing else is a multiply-add. All tile heights are asked: a
 * product of 11 rows and 9 columns.
 */
function knownAnswer(kernels: Kernels): boolean {
  const [m, n, k] = [11, 9, 5];
  const ws = kernels.workspace();
  const x = 1 + 2 ** -12;
  const values = new Float32Array(k * n).fill(0);
  values.fill(x, 0, n);
  const b = ws.packMatrix({ k, n, values, bias: new Float32Array(n).fill(-(1 + 2 ** -11)) });
  const a = ws.alloc(4 * m * k);
  const output = ws.alloc(4 * m * n);
  kernels.f32(a, m * k).fill(x);
  kernels.run(ws.gemm({ m, a, b, output }));
  const results = new Set(kernels.f32(output, m * n));
  ws.dispose();
  return results.size === 1 && (results.has(2 ** -24) || results.has(0));
}

/** Weights whose sum is 1 although every part of it overflows 16 bits with the largest codes of either sign. */
const oneInAll = [
  [127, 127, -127, -126, 0, 0, 0, 0],
  [-128, -128, 127, 127, 3, 0, 0, 0],
  [127, -126, 127, -127, -128, 127, 127, -126],
  [-128, -128, 127, -128, 127, 127, 127, -123],
  [0, 0, 0, 0, 0, 0, 0, 1],
] as const;

/**
 * Does the relaxed dot product take all codes of a type exactly? The specification leaves open what it makes of a byte above 127
 * (uint8, int8, or sums of pairs that saturate) but not that it is always the same. Every code, repeated, goes through
 * products that give it back; one row and 257 of them, so that all tiles take part.
 */
function exactDot(kernels: Kernels, type: CodeType): boolean {
  const ws = kernels.workspace();
  const rows = 257;
  const n = 40;
  const k = 8;
  const [low, high] = type === 'u8' ? [0, 255] : [-128, 127];
  const weights = Int8Array.from({ length: n * k }, (_, i) => oneInAll[Math.floor(i / k) % oneInAll.length]![i % k]!);
  const b = ws.packQMatrix({
    k,
    n,
    transposed: true,
    weights,
    input: { type, zeroPoint: 0 },
    output: { type, zeroPoint: 0, low, high },
    requantization: { arithmetic: 'ort', scale: Float32Array.of(1) },
  });
  const a = ws.alloc(rows * k);
  const output = ws.alloc(rows * n);
  const given = kernels.u8(a, rows * k);
  for (let i = 0; i < given.length; i++) given[i] = Math.floor(i / k);
  const expected = (row: number) => row & 255;
  const isExact = (m: number, first: number) => {
    kernels.run(ws.qgemm({ m, a: a + first * k, b, output }));
    return kernels.u8(output, m * n).every((code, i) => code === expected(first + Math.floor(i / n)));
  };
  const exact = isExact(rows, 0) && isExact(1, 255) && isExact(1, 128) && isExact(5, 250) && isExact(2, 127);
  ws.dispose();
  return exact;
}

/** Base64 without padding rules to break: the text is our own generator's. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const digit = new Uint8Array(128);
  for (let i = 0; i < 64; i++) digit[alphabet.charCodeAt(i)] = i;
  const length = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  for (let i = 0, at = 0; at < bytes.length; i += 4, at += 3) {
    const word =
      (digit[text.charCodeAt(i)]! << 18) |
      (digit[text.charCodeAt(i + 1)]! << 12) |
      ((digit[text.charCodeAt(i + 2)] ?? 0) << 6) |
      (digit[text.charCodeAt(i + 3)] ?? 0);
    bytes[at] = word >> 16;
    if (at + 1 < bytes.length) bytes[at + 1] = word >> 8;
    if (at + 2 < bytes.length) bytes[at + 2] = word;
  }
  return bytes;
}
