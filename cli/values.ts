import type { Graph } from '../engine/graph/graph.ts';
import { formatType } from '../engine/value.ts';
import type { RuntimeValue } from '../engine/verify/onnxruntime.ts';

/** Inputs that must be fed, as the runtime would describe them; unknown dimensions become 1. */
export function graphValues(graph: Graph): readonly RuntimeValue[] {
  return graph.inputs
    .filter((name) => !graph.initializers.has(name))
    .map((name) => {
      const type = graph.types.get(name);
      const container = graph.containers?.get(name);
      if (container !== undefined) return { name, dtype: formatType(container), dims: [] };
      return { name, dtype: type?.dtype ?? 'float32', dims: (type?.dims ?? []).map((dimension) => dimension ?? '?') };
    });
}
