import type { LayerInput, LayerSummary, ModelSummary } from '../graph/summary.ts';
import type { DataType } from '../tensor.ts';
import { elements } from './costs.ts';
import { type ModelFormats, storedFormats } from './model-formats.ts';

/**
 * A model with QuantizeLinear and DequantizeLinear nodes as a runtime sees it: the pairs are no work but a statement of
 * the format in which a value is held. Gives the model without them and the formats that they stated; a model without
 * such nodes comes back as it is.
 */
export function integerView(summary: ModelSummary): { readonly summary: ModelSummary; readonly formats: ModelFormats } {
  if (!summary.layers.some(isQdq)) return { summary, formats: storedFormats };
  const root = new Map<string, LayerInput>();
  const format = new Map<string, DataType>();
  const scaleBytes = new Map<string, number>();
  const resolve = (input: LayerInput): LayerInput => root.get(input.name) ?? input;
  for (const layer of summary.layers) {
    const [value, scale, zero] = layer.inputs;
    const output = layer.outputs[0];
    if (!isQdq(layer) || value === undefined || output === undefined) continue;
    const source = resolve(value);
    root.set(output.name, source);
    if (layer.op === 'QuantizeLinear') format.set(source.name, output.dtype ?? 'uint8');
    else if (source.kind === 'constant') {
      scaleBytes.set(
        source.name,
        4 * elements(scale?.shape ?? []) + (zero?.kind === 'constant' ? elements(zero.shape) : 0),
      );
    } else if (!format.has(source.name) && value.dtype) format.set(source.name, value.dtype);
  }
  const layers = summary.layers.filter((layer) => !isQdq(layer)).map((layer) => withoutPairs(layer, resolve));
  const outputs = summary.outputs.map((output) => ({ ...output, name: root.get(output.name)?.name ?? output.name }));
  return {
    summary: { ...summary, outputs, layers: link(layers) },
    formats: {
      value: (name, dtype) => format.get(name) ?? dtype ?? 'float32',
      weight: storedFormats.weight,
      bias: storedFormats.bias,
      weightParameterBytes: (layer) => scaleBytes.get(layer.inputs[layer.weightInput ?? -1]?.name ?? '') ?? 0,
    },
  };
}

function isQdq(layer: LayerSummary): boolean {
  return layer.op === 'QuantizeLinear' || layer.op === 'DequantizeLinear';
}

function withoutPairs(layer: LayerSummary, resolve: (input: LayerInput) => LayerInput): LayerSummary {
  const inputs = layer.inputs.map(resolve);
  const constants = inputs.filter((input) => input.kind === 'constant' && input.dtype !== 'int64');
  const compute = layer.quantization === 'compute';
  return {
    ...layer,
    inputs,
    weightInput: compute && inputs[1]?.kind === 'constant' ? 1 : layer.weightInput,
    biasInput: compute && inputs[2]?.kind === 'constant' ? 2 : layer.biasInput,
    parameters: constants.reduce((total, input) => total + elements(input.shape), 0),
  };
}

/** Producers and consumers anew, now that the nodes between them are gone. */
function link(layers: readonly LayerSummary[]): LayerSummary[] {
  const producer = new Map<string, string>();
  for (const layer of layers) for (const output of layer.outputs) producer.set(output.name, layer.name);
  const consumers = new Map<string, string[]>();
  const linked = layers.map((layer) => {
    const names = layer.inputs.map((input) => producer.get(input.name)).filter((name) => name !== undefined);
    const producers = [...new Set(names)];
    for (const name of producers) consumers.set(name, [...(consumers.get(name) ?? []), layer.name]);
    return { ...layer, producers };
  });
  return linked.map((layer) => ({ ...layer, consumers: consumers.get(layer.name) ?? [] }));
}
