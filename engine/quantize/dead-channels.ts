import type { Finding } from '../findings.ts';
import { type AffineParameters, channelLayout, forEachRun } from '../formats/affine.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { stringAttribute } from '../operators/shared/attributes.ts';
import { windowOf } from '../operators/shared/windows.ts';
import { float32Tensor } from '../tensor.ts';
import type { Fusion } from './activations.ts';
import { forEachWeight } from './input-channels.ts';
import type { IntegerForm } from './integer-form.ts';
import type { Parameters } from './normal-form.ts';
import { namesOf } from './places.ts';
import type { Wiring } from './wiring.ts';

/**
 * Channels whose output hardly moves: batch normalisation with a vanishing variance or factor leaves weights that are
 * tiny beside the bias (MobileNetV1-0.25's folded depthwise weights span 10¹³ between channels). Such a channel is a
 * constant; where every reader can take the constant into its bias, the channel becomes exactly zero, and neither its
 * rounding error nor its weights burden anyone.
 */

/** A channel counts as constant when its output moves by less than this part of the output's step. */
const stillness = 1 / 16;

export interface DeadChannelContext {
  readonly graph: Graph;
  readonly wiring: Wiring;
  readonly forms: ReadonlyMap<string, IntegerForm>;
  readonly fusions: ReadonlyMap<string, Fusion>;
  /** Values that a node's input may have, and parameters of its output, where they are in codes. */
  input(node: GraphNode): { readonly lowest: number; readonly highest: number } | undefined;
  output(node: GraphNode): { parameters: AffineParameters } | undefined;
}

/** Weights and biases with constant channels moved into the readers' biases, in the order of the graph. */
export function foldDeadChannels(
  parameters: ReadonlyMap<string, Parameters>,
  context: DeadChannelContext,
): { readonly parameters: Map<string, Parameters>; readonly findings: readonly Finding[] } {
  const folded = new Map(parameters);
  const silent: GraphNode[] = [];
  let channels = 0;
  for (const node of context.graph.nodes) {
    const readers = folded.has(node.name) ? foldableReaders(node, context) : undefined;
    if (readers === undefined) continue;
    const constants = constantChannels(node, folded.get(node.name)!, context);
    // A reader that pads sees the constant only inside its border; zero is the same everywhere.
    if (readers.some((reader) => reader.op === 'Conv' && pads(reader, context.graph)))
      for (const [channel, value] of constants) if (value !== 0) constants.delete(channel);
    if (constants.size === 0) continue;
    for (const reader of readers) {
      const form = context.forms.get(reader.name)!;
      folded.set(reader.name, absorb(reader, form, folded.get(reader.name)!, constants));
    }
    folded.set(node.name, silence(context.forms.get(node.name)!, folded.get(node.name)!, constants));
    silent.push(node);
    channels += constants.size;
  }
  return { parameters: folded, findings: silent.length === 0 ? [] : [foldedFinding(silent, channels)] };
}

function foldedFinding(layers: readonly GraphNode[], channels: number): Finding {
  const [subject, verb, them] = channels === 1 ? ['One channel', 'is', 'it'] : [`${channels} channels`, 'are', 'them'];
  return {
    code: 'quantize/constant-channels',
    severity: 'information',
    what: `${subject} of ${namesOf(layers)} ${verb} constant, and went into the biases of the layers that read ${them}.`,
  };
}

/** All readers of the node's output, if each can take constant input channels into its bias. */
function foldableReaders(node: GraphNode, context: DeadChannelContext): GraphNode[] | undefined {
  const fusion = context.fusions.get(node.name);
  const clamp = fusion?.clamp;
  const value = fusion?.value ?? node.outputs[0]!;
  // The silenced channel must come out as zero.
  if (clamp !== undefined && !(clamp.min <= 0 && clamp.max >= 0)) return undefined;
  const consumers = context.wiring.consumers(value);
  if (context.wiring.isOutput(value) || consumers.length === 0) return undefined;
  const fits = consumers.every(({ node: reader, index }) => {
    const form = context.forms.get(reader.name);
    if (form?.kind !== 'compute' || index !== 0) return false;
    return form.bias !== undefined && (reader.op === 'Gemm' || reader.op === 'Conv');
  });
  return fits ? consumers.map((consumer) => consumer.node) : undefined;
}

/** Whether a convolution reads zeros around its input. */
export function pads(conv: GraphNode, graph: Graph): boolean {
  const dims = graph.initializers.get(conv.inputs[1]!)!.dims;
  const window = windowOf(conv, dims.length - 2, dims.slice(2));
  const explicit = [...window.padsBegin, ...window.padsEnd].some((pad) => pad !== 0);
  const same = stringAttribute(conv, 'auto_pad', 'NOTSET').startsWith('SAME');
  return explicit || (same && window.kernel.some((size) => size > 1));
}

/** Output value of each channel that is constant over all inputs the codes can hold. */
function constantChannels(node: GraphNode, own: Parameters, context: DeadChannelContext): Map<number, number> {
  const constants = new Map<number, number>();
  const input = context.input(node);
  const output = context.output(node);
  if (input === undefined || output === undefined) return constants;
  const lowest = Math.min(0, input.lowest);
  const highest = Math.max(0, input.highest);
  const clamp = context.fusions.get(node.name)?.clamp ?? {
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  };
  const limit = (x: number) => Math.min(clamp.max, Math.max(clamp.min, x));
  const form = context.forms.get(node.name)!;
  const values = own.weight.data as Float32Array;
  const { channels, inner } = channelLayout(own.weight.dims, form.weightAxis);
  const low = new Float64Array(channels);
  const high = new Float64Array(channels);
  forEachRun(values.length, channels, inner, (channel, from, to) => {
    for (let i = from; i < to; i++) {
      const weight = values[i]!;
      low[channel]! += Math.min(weight * lowest, weight * highest);
      high[channel]! += Math.max(weight * lowest, weight * highest);
    }
  });
  for (let channel = 0; channel < channels; channel++) {
    const bias = own.bias?.[channel] ?? 0;
    const from = limit(bias + low[channel]!);
    const to = limit(bias + high[channel]!);
    const silent = bias === 0 && low[channel] === 0 && high[channel] === 0;
    if (!silent && to - from < stillness * output.parameters.scale) constants.set(channel, (from + to) / 2);
  }
  return constants;
}

/** Adds what constant input channels contribute to the bias, and takes away the weights that read them. */
function absorb(
  reader: GraphNode,
  form: IntegerForm,
  own: Parameters,
  constants: ReadonlyMap<number, number>,
): Parameters {
  const { dims } = own.weight;
  const values = Float32Array.from(own.weight.data as Float32Array);
  const outputs = dims[form.weightAxis!]!;
  const sums = Float64Array.from({ length: outputs }, (_, o) => own.bias?.[o] ?? 0);
  forEachWeight(reader, form, dims, (at, output, input) => {
    const constant = constants.get(input);
    if (constant === undefined) return;
    sums[output]! += values[at]! * constant;
    values[at] = 0;
  });
  return { weight: float32Tensor(dims, values), bias: Float32Array.from(sums) };
}

/** Sets weights and bias of constant channels to zero. */
function silence(form: IntegerForm, own: Parameters, constants: ReadonlyMap<number, number>): Parameters {
  const values = Float32Array.from(own.weight.data as Float32Array);
  const { channels, inner } = channelLayout(own.weight.dims, form.weightAxis);
  forEachRun(values.length, channels, inner, (channel, from, to) => {
    if (constants.has(channel)) values.fill(0, from, to);
  });
  const bias = own.bias?.map((value, channel) => (constants.has(channel) ? 0 : value));
  return { weight: float32Tensor(own.weight.dims, values), bias };
}
