import type { LayerSummary, SummaryShape } from '../../engine/graph/summary.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import type { Measure } from '../quantities/units.ts';

/** Sides of a shape that is not wholly known are strings or null. */
export type PropertyValue = number | boolean | string | readonly (number | string | null)[] | undefined;

export interface Property {
  readonly name: string;
  readonly description: string;
  readonly type: 'number' | 'sides' | 'text' | 'flag';
  /** Units a number may carry. */
  readonly measures: readonly Measure[];
  /** Known only after a measurement (`Network.measured`); until then rules that ask for it are pending. */
  readonly measured?: true;
  /** Undefined where the layer has no such thing; a test on it is then false. */
  read(layer: LayerSummary, measured?: Measurements): PropertyValue;
}

function count(name: string, description: string, read: (layer: LayerSummary) => number | undefined): Property {
  return { name, description, type: 'number', measures: ['count'], read };
}
function bytes(name: string, description: string, read: (layer: LayerSummary) => number | undefined): Property {
  return { name, description, type: 'number', measures: ['bytes'], read };
}
function sides(
  name: string,
  description: string,
  read: (layer: LayerSummary) => SummaryShape | readonly number[] | undefined,
): Property {
  return { name, description, type: 'sides', measures: [], read: (layer) => read(layer) ?? undefined };
}
function flag(name: string, description: string, read: (layer: LayerSummary) => boolean): Property {
  return { name, description, type: 'flag', measures: [], read };
}
function text(name: string, description: string, read: (layer: LayerSummary) => string): Property {
  return { name, description, type: 'text', measures: [], read };
}

const weightShape = (layer: LayerSummary) =>
  layer.weightInput === null ? undefined : layer.inputs[layer.weightInput]?.shape;

function channels(shape: SummaryShape | undefined): number | undefined {
  const value = shape && shape.length >= 2 ? shape[1] : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** One group per input channel, and more than one of them. */
export function isDepthwise(layer: LayerSummary): boolean {
  return (layer.groups ?? 1) > 1 && layer.groups === channels(layer.inputs[0]?.shape);
}

export function isPointwise(layer: LayerSummary): boolean {
  return layer.kernel !== undefined && layer.kernel.length > 0 && layer.kernel.every((side) => side === 1);
}

/** Everything that `where` can ask of a layer; `attribute.NAME` asks for an attribute besides. */
export const properties: readonly Property[] = [
  sides('kernel', 'Size of the kernel of a convolution or pool, as in `3x3`.', (layer) => layer.kernel),
  sides('strides', 'Strides of a convolution or pool.', (layer) => layer.strides),
  sides('dilations', 'Dilations of a convolution or pool.', (layer) => layer.dilations),
  sides('pads', 'Padding: begin values of all axes, then end values.', (layer) => layer.pads),
  sides('input-shape', 'Shape of the first input.', (layer) => layer.inputs[0]?.shape),
  sides('output-shape', 'Shape of the first output.', (layer) => layer.outputs[0]?.shape),
  sides('weight-shape', 'Shape of the weights.', weightShape),
  count('groups', 'Groups of a convolution.', (layer) => layer.groups),
  count('parameters', 'Elements of weights, biases and normalisation constants.', (layer) => layer.parameters),
  count('macs', 'Multiply-accumulates of one inference.', (layer) => layer.macs),
  count('operations', 'Other arithmetic of one inference.', (layer) => layer.operations),
  count('input-channels', 'Second dimension of the first input.', (layer) => channels(layer.inputs[0]?.shape)),
  count('output-channels', 'Second dimension of the first output.', (layer) => channels(layer.outputs[0]?.shape)),
  count('consumers', 'Layers that read an output.', (layer) => layer.consumers.length),
  bytes('weight-bytes', 'Bytes of the weights as stored.', (layer) => layer.weightBytes),
  bytes('input-bytes', 'Bytes of the activations read.', (layer) => layer.inputBytes),
  bytes('output-bytes', 'Bytes of the activations written.', (layer) => layer.outputBytes),
  {
    name: 'sensitivity',
    description:
      'Signal to quantisation noise at the outputs with this layer alone quantised, as `qspec sensitivity` measures it. Few decibels: sensitive.',
    type: 'number',
    measures: ['decibel'],
    measured: true,
    read(layer, measured) {
      const sensitivity = measured?.sensitivity;
      if (!sensitivity || !Object.hasOwn(sensitivity, layer.name)) return undefined;
      return sensitivity[layer.name] ?? Number.POSITIVE_INFINITY;
    },
  },
  flag('depthwise', 'One group per input channel.', isDepthwise),
  flag('pointwise', 'A kernel of 1x1.', isPointwise),
  text('op', 'Operator type.', (layer) => qualifiedOperator(layer)),
  text('name', 'Name of the layer.', (layer) => layer.name),
];

/** `Conv`, `com.microsoft.Gelu`. */
export function qualifiedOperator(layer: { readonly op: string; readonly domain: string }): string {
  return layer.domain === '' || layer.domain === 'ai.onnx' ? layer.op : `${layer.domain}.${layer.op}`;
}

const attributePrefix = 'attribute.';

/** The property of that name; any `attribute.NAME` is one. */
export function findProperty(name: string | undefined): Property | undefined {
  if (name?.startsWith(attributePrefix)) {
    const attribute = name.slice(attributePrefix.length);
    return {
      name,
      description: `The attribute \`${attribute}\` of the node.`,
      type: 'text',
      measures: ['count'],
      read: (layer) => (Object.hasOwn(layer.attributes, attribute) ? layer.attributes[attribute] : undefined),
    };
  }
  return properties.find((property) => property.name === name);
}
