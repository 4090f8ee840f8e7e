import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { LayerSummary, ModelSummary, SummaryShape } from '../../../engine/graph/summary.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { makeGraph, random } from '../../engine/quantize/small.ts';

const tokens = 5;

const dimsOf = (shape: SummaryShape) => (shape ?? []).map((side) => (typeof side === 'number' ? side : tokens));

/** The network that a sketch describes, with random weights: what the engine can be asked to quantise. */
export function graphOf({ inputs, outputs, layers }: ModelSummary): Graph {
  const constants: Record<string, Tensor> = {};
  const nodes = layers.map((layer, index) => {
    for (const { name, kind, shape } of layer.inputs) {
      if (kind === 'constant') constants[name] = random(index + 1, dimsOf(shape), 0.5);
    }
    const names = layer.inputs.map(({ name }) => name);
    if (layer.op === 'LayerNormalization') {
      names.push(`${layer.name}.scale`);
      constants[`${layer.name}.scale`] = random(index + 1, dimsOf(layer.outputs[0]!.shape).slice(-1));
    }
    return makeNode(
      layer.name,
      layer.op,
      names,
      layer.outputs.map(({ name }) => name),
      attributesOf(layer),
    );
  });
  return makeGraph({
    inputs: Object.fromEntries(inputs.map(({ name, shape }) => [name, dimsOf(shape)])),
    outputs: outputs.map(({ name }) => name),
    constants,
    nodes,
    opset: 17,
  });
}

/** Sketches state the shapes around a convolution; strides and padding are those that lead from one to the other. */
function attributesOf({ op, attributes, kernel = [], groups = 1, inputs, outputs }: LayerSummary) {
  if (op === 'Conv') {
    const strides = kernel.map((_, i) => dimsOf(inputs[0]!.shape)[i + 2]! / dimsOf(outputs[0]!.shape)[i + 2]!);
    const pads = [...kernel, ...kernel].map((side) => (side - 1) / 2);
    return { group: attribute.int(groups), strides: attribute.ints(strides), pads: attribute.ints(pads) };
  }
  if (op === 'MaxPool') return { kernel_shape: attribute.ints(kernel) };
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, attribute.int(value as number)] as const),
  );
}
