import { readFileSync } from 'node:fs';
import { loadOnnxRuntime } from '../engine/env/node/onnxruntime.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { RuntimeSession } from '../engine/verify/onnxruntime.ts';

/**
 * The outside judge: onnxruntime-web on one thread. `disabled` runs the graph as written, `all` as people run it; they
 * may differ in the last bits.
 */
export async function openInOnnxRuntime(
  model: Uint8Array | string,
  optimize: 'all' | 'disabled' = 'all',
): Promise<RuntimeSession> {
  const runtime = await loadOnnxRuntime({ threads: 1 });
  return await runtime.createSession(typeof model === 'string' ? readFileSync(model) : model, { optimize });
}

/** Runs a model once in onnxruntime-web. */
export async function runInOnnxRuntime(
  model: Uint8Array | string,
  inputs: ReadonlyMap<string, Tensor>,
  optimize: 'all' | 'disabled' = 'all',
): Promise<ReadonlyMap<string, Tensor>> {
  const session = await openInOnnxRuntime(model, optimize);
  try {
    return await session.run(inputs);
  } finally {
    await session.release();
  }
}

/**
 * Largest |a − b| over largest |b| (or `leastMagnitude`, if that is larger): 0 for equal tensors, Infinity where one is
 * not finite and the other is.
 */
export function relativeError(a: Tensor, b: Tensor, leastMagnitude = 0): number {
  if (a.dims.join() !== b.dims.join()) return Number.POSITIVE_INFINITY;
  const x = a.data as Float32Array;
  const y = b.data as Float32Array;
  let difference = 0;
  let magnitude = leastMagnitude;
  for (let i = 0; i < y.length; i++) {
    if (Object.is(x[i], y[i])) continue;
    const distance = Math.abs(Number(x[i]) - Number(y[i]));
    if (!(distance < Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, distance);
  }
  for (let i = 0; i < y.length; i++) magnitude = Math.max(magnitude, Math.abs(Number(y[i])));
  return difference === 0 ? 0 : difference / magnitude;
}
