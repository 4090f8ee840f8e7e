import type { Host } from '../../host.ts';
import { type OnnxRuntime, type OrtModule, wrapOnnxRuntime } from '../../verify/onnxruntime.ts';

let loaded: Promise<OnnxRuntime> | undefined;

/** Loads `onnxruntime-web` on first use, its WebAssembly from the extension's folder: a web window may fetch nothing else. */
export function loadOnnxRuntime(host: Pick<Host, 'asset'>): Promise<OnnxRuntime> {
  loaded ??= load(host);
  return loaded;
}

async function load(host: Pick<Host, 'asset'>): Promise<OnnxRuntime> {
  const capture = captureConsole();
  const ort = await import('onnxruntime-web/wasm');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = (await host.asset('ort-wasm-simd-threaded.wasm')) as unknown as ArrayBuffer;
  ort.env.logLevel = 'error';
  return wrapOnnxRuntime(ort as unknown as OrtModule, capture);
}

/** The runtime's C library prints through the `console.log` that it found when it was loaded: so this one comes first. */
function captureConsole(): (work: () => void) => string {
  const original = console.log.bind(console);
  let printed: string[] | undefined;
  console.log = (...values: unknown[]) => {
    if (printed === undefined) original(...values);
    else printed.push(values.map(String).join(' '));
  };
  return (work) => {
    printed = [];
    try {
      work();
      return printed.join('\n');
    } finally {
      printed = undefined;
    }
  };
}
