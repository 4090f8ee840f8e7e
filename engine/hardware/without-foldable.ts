import type { LayerInput, LayerSummary, ModelSummary } from '../graph/summary.ts';

/** What passes fold into a layer beside it, take away or work out beforehand. */
const foldable: ReadonlySet<string> = new Set([
  'BatchNormalization',
  'Mul',
  'Div',
  'Add',
  'Sub',
  'Identity',
  'Dropout',
  'Pad',
]);

/**
 * The network without the layers that a pass may fold away, whether it does or not: what is the least of this is the least of
 * what passes leave. Of the layers that stay, names, shapes and constants are as they were.
 */
export function withoutFoldable(summary: ModelSummary): ModelSummary {
  const renamed = new Map<string, string>();
  const nameOf = (name: string) => renamed.get(name) ?? name;
  const kept: LayerSummary[] = [];
  for (const layer of summary.layers) {
    const data = layer.inputs.filter(({ kind }) => kind === 'activation');
    if (data.length === 1 && foldable.has(layer.op) && layer.domain === '') {
      renamed.set(layer.outputs[0]!.name, nameOf(data[0]!.name));
    } else kept.push(layer);
  }
  const writers = new Map(kept.flatMap((layer) => layer.outputs.map(({ name }) => [name, layer.name] as const)));
  const readers = new Map<string, string[]>();
  const layers = kept.map((layer) => {
    const inputs = layer.inputs.map((input): LayerInput => ({ ...input, name: nameOf(input.name) }));
    const producers = [...new Set(inputs.flatMap(({ name }) => writers.get(name) ?? []))];
    for (const producer of producers) readers.set(producer, [...(readers.get(producer) ?? []), layer.name]);
    return { ...layer, inputs, producers };
  });
  return {
    ...summary,
    outputs: summary.outputs.map((output) => ({ ...output, name: nameOf(output.name) })),
    layers: layers.map((layer) => ({ ...layer, consumers: readers.get(layer.name) ?? [] })),
  };
}
