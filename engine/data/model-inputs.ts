import type { Graph } from '../graph/graph.ts';
import type { ModelInput } from './preprocess.ts';

/** The inputs of a graph that must be fed: those without an initializer, in the model's order. */
export function modelInputs(graph: Graph): readonly ModelInput[] {
  return graph.inputs
    .filter((name) => !graph.initializers.has(name))
    .map((name) => ({ name, type: graph.types.get(name) ?? { dtype: 'float32' } }));
}
