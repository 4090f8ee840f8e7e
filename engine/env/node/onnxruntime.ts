import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type OnnxRuntime, type OrtModule, wrapOnnxRuntime } from '../../verify/onnxruntime.ts';

/** Where the bundler puts the runtime's WebAssembly and its loader: beside the bundles; shared code is a folder below. */
const here = dirname(fileURLToPath(import.meta.url));
const assetFolder = [join(here, 'onnxruntime'), join(here, '..', 'onnxruntime')].find((folder) => existsSync(folder));

let loaded: Promise<OnnxRuntime> | undefined;

/**
 * Loads `onnxruntime-web` on first use. The number of threads is fixed by the first call: the module starts its
 * threads once.
 */
export function loadOnnxRuntime(options: { readonly threads?: number } = {}): Promise<OnnxRuntime> {
  loaded ??= load(options.threads ?? 1);
  return loaded;
}

async function load(threads: number): Promise<OnnxRuntime> {
  const hadWorker = Object.hasOwn(globalThis, 'Worker');
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  if (assetFolder !== undefined) {
    ort.env.wasm.wasmPaths = {
      mjs: pathToFileURL(join(assetFolder, 'ort-wasm-simd-threaded.mjs')).href,
      wasm: pathToFileURL(join(assetFolder, 'ort-wasm-simd-threaded.wasm')).href,
    };
  }
  const runtime = wrapOnnxRuntime(ort as unknown as OrtModule, captureStandardOutput);
  return {
    version: runtime.version,
    async createSession(model, sessionOptions) {
      const session = await runtime.createSession(model, sessionOptions);
      // Its loader leaves worker_threads' Worker behind as a global, which other code would take for a browser's.
      if (!hadWorker && threads === 1) Reflect.deleteProperty(globalThis, 'Worker');
      return session;
    },
  };
}

/** The runtime's C library prints through `fs.writeSync(1, …)` of the CommonJS module, synchronously. */
function captureStandardOutput(work: () => void): string {
  const fs = createRequire(import.meta.url)('node:fs') as { writeSync: (...args: unknown[]) => number };
  const original = fs.writeSync;
  const printed: string[] = [];
  fs.writeSync = (descriptor, text, ...rest) => {
    if (descriptor !== 1) return original(descriptor, text, ...rest);
    printed.push(String(text));
    return String(text).length;
  };
  try {
    work();
  } finally {
    fs.writeSync = original;
  }
  return printed.join('');
}
