import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Tensor } from '../tensor.ts';
import type { Frontier } from './frontier.ts';
import { CollectedSamples } from './layer-samples.ts';
import type { Layout } from './layout.ts';

/** The float and the compressed model, each computed as far as a layer's input. */
export interface Stand {
  readonly float: Graph;
  readonly simulated: Graph;
  readonly layout: Layout;
  readonly before: Frontier;
  readonly after: Frontier;
}

/**
 * What layers that read one weight are given in the compressed model, and what they answer in the float one.
 * @param readers in the graph's order; what lies before the first is computed
 */
export async function collectSamples(
  readers: readonly GraphNode[],
  { float, simulated, layout, before, after }: Stand,
): Promise<CollectedSamples> {
  const [first] = readers as [GraphNode];
  const form = layout.weights.get(first.name)!;
  const { dims } = float.initializers.get(first.inputs[form.weight!]!)!;
  const weight = { dims, axis: form.weightAxis!, takesBias: form.bias !== undefined };
  const clamps = new Set(readers.map(({ name }) => JSON.stringify(layout.fusions.get(name)?.clamp)));
  const clamp = clamps.size === 1 ? layout.fusions.get(first.name)?.clamp : undefined;
  const [ahead, aheadAfter] = readers.length === 1 ? [before, after] : [before.copy(), after.copy()];
  let samples: CollectedSamples | undefined;
  for (const reader of readers) {
    if (reader !== first) {
      await ahead.advance(float, reader.inputs[0]!);
      await aheadAfter.advance(simulated, reader.inputs[0]!);
    }
    // The layer may read its input in other codes than it was written in.
    const read = simulated.nodes.find(({ name }) => name === reader.name)!.inputs[0]!;
    const inputs: Tensor[] = [];
    await aheadAfter.show(simulated, read, (_, tensor) => inputs.push(tensor));
    await ahead.show(float, reader.outputs[0]!, (i, target) => {
      const count = target.dims.reduce((product, dim) => product * dim, 1);
      // Others may have more positions than the first.
      const positions = readers.length === 1 ? count / dims[weight.axis]! : Number.POSITIVE_INFINITY;
      samples ??= new CollectedSamples(first, weight, positions, ahead.length * readers.length, clamp);
      samples.add(inputs[i]!, target, reader);
    });
  }
  return samples!;
}
