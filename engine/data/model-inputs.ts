import type { Graph } from '../graph/graph.ts';
import type { ModelInput } from './preprocess.ts';

/** The inputs of a graph that must be fed: those without an initializer, in the model's order. */
export function modelInputs(graph: Graph): readonly ModelInput[] {
  return graph.inputs
    .filter((name) => !graph.initializers.has(name))
    .map((name) => ({ name, type: graph.types.get(name) ?? { dtype: 'float32' } }));
}

/** Entries of the model's first output, if that is a vector of classes of known size. */
export function classesOf(graph: Graph): number | undefined {
  const dims = graph.types.get(graph.outputs[0] ?? '')?.dims;
  if (dims === undefined) return undefined;
  const sizes = dims.slice(1).filter((dimension) => dimension !== 1);
  return sizes.length === 1 && typeof sizes[0] === 'number' ? sizes[0] : undefined;
}
