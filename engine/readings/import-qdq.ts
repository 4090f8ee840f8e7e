import { type CodeRange, dequantizeTensor, quantizeValue } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import { integerFormats } from '../formats/integers.ts';
import { formatNamed } from '../formats/registry.ts';
import { withComputedCodes } from '../graph/computed-codes.ts';
import type { Attribute, Graph, GraphNode } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import { findOperator } from '../operators/registry.ts';
import { floatAttribute, intAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { edgeKey, type QuantizedModel, type QuantizedTensor } from '../quantize/assignment.ts';
import { type IntegerForm, integerForm, weightInputs } from '../quantize/integer-form.ts';
import { type Wiring, wire } from '../quantize/wiring.ts';
import { isDequantizeLinear, isQuantizeLinear } from '../quantized/recognize.ts';
import { elementCount, float32Tensor, type Tensor } from '../tensor.ts';
import { intAttributeOf, tensorAttributeOf } from './rewriter.ts';

/** A model read back from its QuantizeLinear and DequantizeLinear nodes. */
export interface ImportedModel extends QuantizedModel {
  /** What became of each node that is gone: the node whose work it is part of now, or none where it stated a format. */
  readonly absorbed: ReadonlyMap<string, string | undefined>;
}

/**
 * The inverse of `exportQdq`, and the one place that recognises quantised models: a graph with QuantizeLinear and
 * DequantizeLinear becomes the float graph that they surround and the Assignment that they state. A node is in codes
 * where ONNX Runtime's optimiser fuses it: all its activations arrive by DequantizeLinear, its weight and bias are
 * constants in codes, and its output, behind at most a Relu or Clip, goes into one QuantizeLinear alone. Layers that
 * only move data take codes through, whether or not the file says so at their output. Every other pair stays in the graph
 * as one `FakeQuantize`, whose output is in codes. Values keep the names of the dequantised ones.
 *
 * `width`: the most bits of codes that take a node into codes; what is wider stays float, rounded. A weight in codes that no
 * integer product takes keeps its entry (without codes where its scales go by blocks): it is how the weight is held.
 *
 * Undefined where the graph says nothing of codes.
 */
export function importQdq(given: Graph, { width = 8 }: { readonly width?: number } = {}): ImportedModel | undefined {
  const graph = withComputedCodes(given);
  if (!graph.nodes.some((node) => isQuantizeLinear(node) || isDequantizeLinear(node))) return undefined;
  const model = new Importer(graph, width).build();
  const { entries, inputs } = model.assignment;
  if (entries.size + inputs.size === 0) return undefined;
  const kept = new Set(graph.nodes);
  const computed = given.nodes.flatMap((node) => (kept.has(node) ? [] : [[node.name, undefined] as const]));
  return computed.length === 0 ? model : { ...model, absorbed: new Map([...model.absorbed, ...computed]) };
}

/**
 * The float network: as `importQdq` gives it, without the nodes that round values between layers. `held`: the formats that
 * those stated, by the values that take their place.
 */
export function withoutRounding({ graph, assignment }: QuantizedModel): {
  readonly graph: Graph;
  readonly held: ReadonlyMap<string, string>;
} {
  const source = new Map<string, string>();
  const held = new Map<string, string>();
  const through = (value: string) => source.get(value) ?? value;
  const outputs = new Set(graph.outputs);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (node.op !== 'FakeQuantize' || node.domain !== 'qspec') {
      nodes.push({ ...node, inputs: node.inputs.map(through) });
      continue;
    }
    const [from, to] = [through(node.inputs[0]!), node.outputs[0]!];
    const entry = assignment.entries.get(edgeKey(node.name, 'output[0]'));
    if (entry !== undefined) for (const value of [from, to]) held.set(value, entry.format);
    if (outputs.has(to)) nodes.push({ ...node, op: 'Identity', domain: '', inputs: [from], attributes: {} });
    else source.set(to, from);
  }
  return { graph: { ...graph, nodes }, held };
}

class Importer {
  readonly #graph: Graph;
  readonly #width: number;
  readonly #wiring: Wiring;
  readonly #nodes: GraphNode[] = [];
  readonly #initializers: Map<string, Tensor>;
  readonly #entries = new Map<string, QuantizedTensor>();
  readonly #inputs = new Map<string, QuantizedTensor>();
  readonly #absorbed = new Map<string, string | undefined>();
  /** Value of the source → its name in the result. */
  readonly #names = new Map<string, string>();
  /** Value of the result → the codes that it lies in; constants with their codes. */
  readonly #codes = new Map<string, QuantizedTensor>();
  /** Nodes that an earlier one took along. */
  readonly #taken = new Set<GraphNode>();

  constructor(graph: Graph, width: number) {
    this.#graph = graph;
    this.#width = width;
    this.#wiring = wire(graph);
    this.#initializers = new Map(graph.initializers);
  }

  build(): ImportedModel {
    for (const input of this.#graph.inputs) this.#enter(input);
    for (const node of this.#graph.nodes) {
      if (this.#taken.has(node)) continue;
      if (isDequantizeLinear(node)) this.#dequantize(node);
      else if (isQuantizeLinear(node)) this.#quantize(node);
      else if (!this.#compute(node)) this.#float(node);
    }
    const read = new Set([...this.#graph.outputs, ...this.#nodes.flatMap((node) => node.inputs)]);
    const captures = this.#nodes.some((node) => Object.values(node.attributes).some(({ kind }) => kind === 'graph'));
    const initializers = captures
      ? this.#initializers
      : new Map([...this.#initializers].filter(([name]) => read.has(name)));
    const { origin: _origin, ...rest } = this.#graph;
    const opsets = new Map([...rest.opsets, ['qspec', 1]]);
    const graph: Graph = { ...rest, nodes: this.#nodes, initializers, opsets, types: this.#graph.types };
    const assignment = { arithmetic: 'ort', entries: this.#entries, inputs: this.#inputs } as const;
    return { graph: { ...graph, types: inferTypes(graph).types }, assignment, absorbed: this.#absorbed };
  }

  #name(value: string): string {
    return this.#names.get(value) ?? value;
  }

  /** Copies a node that is not in codes. */
  #keep(node: GraphNode, change: Partial<GraphNode> = {}): void {
    this.#nodes.push({ ...node, inputs: node.inputs.map((value) => this.#name(value)), ...change });
  }

  /** A node that computes in float; its weight may be held in codes all the same. */
  #float(node: GraphNode): void {
    this.#keep(node);
    const form = integerForm(node, { ...this.#graph, initializers: this.#initializers });
    const weights = 'reason' in form ? (form.held ?? []) : weightInputs(node, this.#graph);
    for (const { role, input } of weights) {
      const weight = this.#codes.get(node.inputs[input]!);
      if (weight !== undefined) this.#entries.set(edgeKey(node.name, role), weight);
    }
  }

  /** A graph input that nothing but one QuantizeLinear reads enters in its codes. */
  #enter(input: string): void {
    const pair = this.#pairBehind(input);
    if (pair === undefined || pair.outputs.some((value) => this.#wiring.isOutput(value))) return;
    this.#take(pair, undefined);
    for (const value of pair.outputs) this.#names.set(value, input);
    this.#codes.set(input, pair.entry);
    this.#inputs.set(input, pair.entry);
  }

  /** A dequantised constant is a float constant with codes; of a value that is no constant, a node like any other. */
  #dequantize(node: GraphNode): void {
    const [x, output] = [node.inputs[0]!, node.outputs[0]!];
    const codes = this.#graph.initializers.get(x);
    const held = codes && (this.#constantCodes(node, codes) ?? this.#blockCodes(node, codes));
    if (held === undefined) {
      this.#keep(node);
      return;
    }
    this.#initializers.set(output, held.values);
    this.#codes.set(output, held.entry);
    if (this.#wiring.isOutput(output)) this.#keep(node);
    else this.#absorbed.set(node.name, undefined);
  }

  /** A pair of nodes that no producer took along rounds a float value: one node. */
  #quantize(node: GraphNode): void {
    const pair = this.#pair(node);
    if (pair === undefined || this.#initializers.has(node.inputs[0]!)) {
      this.#keep(node);
      return;
    }
    const { entry } = pair;
    const value = this.#name(node.inputs[0]!);
    const known = this.#codes.get(value);
    const [first, ...others] = pair.outputs as [string, ...string[]];
    this.#take(pair, node.name);
    // Rounding twice to the same codes is rounding once.
    if (known && sameCodes(known, entry) && !pair.outputs.some((output) => this.#wiring.isOutput(output))) {
      for (const output of pair.outputs) this.#names.set(output, value);
      return;
    }
    this.#nodes.push({
      ...node,
      op: 'FakeQuantize',
      domain: 'qspec',
      inputs: [value],
      outputs: [first],
      attributes: roundingAttributes(entry),
    });
    this.#write(node, first, entry);
    for (const other of others) this.#names.set(other, first);
  }

  /** Takes a node into codes with what belongs to it; false where it must stay float. */
  #compute(node: GraphNode): boolean {
    const form = integerForm(node, { ...this.#graph, initializers: this.#initializers });
    if ('reason' in form || node.outputs.length !== 1) return false;
    const read = form.data.map((index) => this.#codes.get(this.#name(node.inputs[index]!)));
    // Constants by blocks have no axis, but many scales.
    if (!read.every((entry) => entry !== undefined && entry.axis === undefined && entry.scale.length === 1))
      return false;
    const inputs = read as QuantizedTensor[];
    const own = form.kind === 'compute' ? this.#parameters(node, form, inputs[0]!) : new Map();
    if (own === undefined) return false;
    const output = node.outputs[0]!;
    // Moved data has no accumulator that could be clamped; an activation by itself is a table.
    const clamps = form.kind === 'compute' || form.kind === 'elementwise';
    const activation = clamps ? this.#activationBehind(output) : undefined;
    const pair = this.#pairBehind(activation?.outputs[0] ?? output);
    if (pair === undefined) return form.kind === 'same-scale' && this.#carry(node, inputs);
    const range = activation ? this.#clampedRange(activation, pair.entry) : pair.entry.range;
    if (range === undefined) return false;
    const name = pair.outputs[0]!;
    const group = activation && { group: `${node.name} activation` };
    const entry: QuantizedTensor = { ...pair.entry, range, ...group };
    for (const [role, tensor] of own) this.#entries.set(edgeKey(node.name, role), tensor);
    for (const [at, index] of form.data.entries()) this.#readAs(node, index, inputs[at]!, form, entry);
    const kept = activation ? output : name;
    this.#keep(node, { outputs: [kept] });
    this.#entries.set(edgeKey(node.name, 'output[0]'), entry);
    this.#codes.set(kept, entry);
    if (activation !== undefined) {
      this.#taken.add(activation);
      this.#keep(activation, { outputs: [name] });
      this.#write(activation, name, entry);
    }
    this.#take(pair, node.name);
    for (const other of pair.outputs) this.#names.set(other, name);
    return true;
  }

  /** Data that is only moved, or of which the largest is taken, stays in the codes that it came in. */
  #carry(node: GraphNode, inputs: readonly QuantizedTensor[]): boolean {
    const [first] = inputs as [QuantizedTensor];
    if (!inputs.every((entry) => entry.codes === undefined && sameCodes(entry, first))) return false;
    this.#keep(node);
    this.#write(node, node.outputs[0]!, first);
    return true;
  }

  /** States in which codes an input is read where they are not those that it was written in. */
  #readAs(
    node: GraphNode,
    index: number,
    written: QuantizedTensor,
    { kind }: IntegerForm,
    output: QuantizedTensor,
  ): void {
    const wanted = kind === 'same-scale' ? output : written;
    const key = edgeKey(node.name, `input[${index}]`);
    if (written.codes === undefined) {
      if (!sameScale(written, wanted)) this.#entries.set(key, { ...wanted, range: fullRange(wanted) });
    } else if (sameScale(written, wanted)) this.#entries.set(key, written);
    else this.#entries.set(key, recoded(written, wanted));
  }

  #write(node: GraphNode, value: string, entry: QuantizedTensor): void {
    this.#entries.set(edgeKey(node.name, 'output[0]'), entry);
    this.#codes.set(value, entry);
  }

  /** Codes of weight and bias; undefined where they are not such as integer kernels take. */
  #parameters(node: GraphNode, form: IntegerForm, x: QuantizedTensor): Map<string, QuantizedTensor> | undefined {
    if (floatAttribute(node, 'alpha', 1) !== 1 || floatAttribute(node, 'beta', 1) !== 1) return undefined;
    const name = node.inputs[form.weight!]!;
    const weight = this.#codes.get(this.#name(name));
    const tensor = this.#initializers.get(name)!;
    if (weight?.codes === undefined || !this.#narrow(weight.format)) return undefined;
    if (weight.axis !== undefined && weight.axis !== form.weightAxis) return undefined;
    const result = new Map([['weight', weight]]);
    const biasName = form.bias === undefined ? '' : (node.inputs[form.bias] ?? '');
    if (biasName === '') return result;
    const channels = tensor.dims[form.weightAxis!]!;
    const scale = Float32Array.from(weight.scale, (own) => own * x.scale[0]!);
    const values = numbersOf(this.#initializers.get(biasName)!);
    const stored = this.#codes.get(biasName);
    const codes = Int32Array.from({ length: channels }, (_, channel) => {
      const at = values.length === 1 ? 0 : channel;
      const own = scale[scale.length === 1 ? 0 : channel]!;
      // The file's own code wherever it is the nearest; float32 does not hold every int32.
      const code = stored?.codes ? Number((stored.codes as Int32Array)[at]) : Number.NaN;
      const wanted = values[at]! / own;
      return Math.abs(code - wanted) <= 1e-5 * Math.abs(code) ? code : Math.round(wanted);
    });
    if (Array.from(values).some((value, i) => !(Math.abs(value / scale[scale.length === 1 ? 0 : i]!) < 2 ** 31)))
      return undefined;
    const zeroPoint = new Int32Array(scale.length);
    const range: CodeRange = [-(2 ** 31), 2 ** 31 - 1];
    return result.set('bias', {
      format: 'int32',
      scale,
      zeroPoint,
      range,
      codes,
      ...(scale.length > 1 && { axis: 0 }),
    });
  }

  /** A Relu or Clip that alone reads the value. */
  #activationBehind(value: string): GraphNode | undefined {
    const [reader, ...others] = this.#wiring.consumers(value);
    if (reader === undefined || others.length > 0 || this.#wiring.isOutput(value)) return undefined;
    const { node, index } = reader;
    return index === 0 && node.domain === '' && (node.op === 'Relu' || node.op === 'Clip') ? node : undefined;
  }

  /** Codes left by a Relu or Clip: rounding keeps the order, so a bound is clamped to its own code. */
  #clampedRange(activation: GraphNode, entry: QuantizedTensor): CodeRange | undefined {
    const parameters = { scale: entry.scale[0]!, zeroPoint: entry.zeroPoint[0]! };
    const codeOf = (bound: number) => quantizeValue(bound, parameters, entry.range);
    if (activation.op === 'Relu') return [codeOf(0), entry.range[1]];
    const bound = (index: number, attribute: 'min' | 'max', missing: number) => {
      const name = activation.inputs[index] ?? '';
      if (name === '') return floatAttribute(activation, attribute, missing);
      const tensor = this.#initializers.get(name);
      return tensor === undefined ? Number.NaN : numbersOf(tensor)[0]!;
    };
    const [low, high] = [bound(1, 'min', -Infinity), bound(2, 'max', Infinity)];
    return low <= high ? [codeOf(low), codeOf(high)] : undefined;
  }

  /** The pair behind a value that nothing else reads. */
  #pairBehind(value: string): Pair | undefined {
    const [reader, ...others] = this.#wiring.consumers(value);
    if (reader === undefined || others.length > 0 || this.#wiring.isOutput(value)) return undefined;
    return isQuantizeLinear(reader.node) && reader.index === 0 ? this.#pair(reader.node) : undefined;
  }

  /** QuantizeLinear with the DequantizeLinear nodes that read it; undefined where something else sees its codes. */
  #pair(quantize: GraphNode): Pair | undefined {
    const codes = quantize.outputs[0]!;
    const entry = this.#tensorCodes(quantize, this.#graph.types.get(codes)?.dtype);
    const readers = this.#wiring.consumers(codes);
    if (entry === undefined || readers.length === 0 || this.#wiring.isOutput(codes)) return undefined;
    const outputs: string[] = [];
    for (const { node, index } of readers) {
      const own = isDequantizeLinear(node) && index === 0 ? this.#tensorCodes(node, entry.format) : undefined;
      if (own === undefined || !sameScale(own, entry)) return undefined;
      outputs.push(node.outputs[0]!);
    }
    // Of the names of one value, the one that the graph gives out stays; two such cannot.
    outputs.sort((a, b) => Number(this.#wiring.isOutput(b)) - Number(this.#wiring.isOutput(a)));
    if (outputs.length > 1 && this.#wiring.isOutput(outputs[1]!)) return undefined;
    return { quantize, dequantize: readers.map(({ node }) => node), outputs, entry };
  }

  #take({ quantize, dequantize }: Pair, into: string | undefined): void {
    for (const node of [quantize, ...dequantize]) {
      this.#taken.add(node);
      if (node.name !== into) this.#absorbed.set(node.name, into);
    }
  }

  /** Codes of one scale in 8 bits, though it may be stated for every index of an axis (`float-weights.ts`). */
  #tensorCodes(node: GraphNode, dtype: string | undefined): QuantizedTensor | undefined {
    const parameters = this.#constants(node);
    if (parameters === undefined || dtype === undefined || !this.#narrow(dtype)) return undefined;
    const { scale, zeroPoint } = parameters;
    const scales = scale.data as Float32Array;
    const isOne = scales.length > 0 && scales.every((own, i) => own === scales[0] && zeroPoint[i] === zeroPoint[0]);
    if (!isOne) return undefined;
    const { low, high } = formatNamed(dtype);
    return { format: dtype, scale: scales.slice(0, 1), zeroPoint: zeroPoint.slice(0, 1), range: [low, high] };
  }

  #narrow(dtype: string): boolean {
    const format = integerFormat(dtype);
    return format !== undefined && format.bits <= this.#width;
  }

  /** Codes of a constant, one scale for all or one for each index of an axis, and the values that they stand for. */
  #constantCodes(node: GraphNode, codes: Tensor): Held | undefined {
    const parameters = this.#constants(node);
    const format = integerFormat(codes.dtype);
    if (parameters === undefined || format === undefined) return undefined;
    const { scale, zeroPoint } = parameters;
    const rank = codes.dims.length;
    const axis = intAttribute(node, 'axis', 1);
    const own = axis < 0 ? axis + rank : axis;
    if (scale.data.length !== 1 && codes.dims[own] !== scale.data.length) return undefined;
    const entry: QuantizedTensor = {
      format: format.name,
      scale: scale.data as Float32Array,
      zeroPoint,
      range: [format.low, format.high],
      codes: codes.data,
      ...(scale.data.length > 1 && { axis: own }),
    };
    const values = dequantizeTensor(codes.data as Int8Array, codes.dims, entry);
    return { entry, values: float32Tensor(codes.dims, values) };
  }

  /** A constant whose scales go by blocks: an Assignment has no word for those but how many there are. */
  #blockCodes(node: GraphNode, codes: Tensor): Held | undefined {
    const [scale, zero] = node.inputs.slice(1).map((name) => this.#graph.initializers.get(name));
    const format = integerFormat(codes.dtype);
    const opset = this.#graph.opsets.get(node.domain) ?? 1;
    if (scale?.dtype !== 'float32' || format === undefined || (node.inputs[2] && zero === undefined)) return undefined;
    const context = { opset, seed: 0, evaluateSubgraph: () => [] };
    const [values] = findOperator(node.domain, node.op, opset)!.evaluate!(node, [codes, scale, zero], context);
    const zeroPoint = zero ? Int32Array.from(numbersOf(zero)) : Int32Array.of(0);
    const range: CodeRange = [format.low, format.high];
    return { entry: { format: format.name, scale: scale.data as Float32Array, zeroPoint, range }, values: values! };
  }

  #constants(node: GraphNode): { readonly scale: Tensor; readonly zeroPoint: Int32Array } | undefined {
    const [, scaleName = '', zeroName = ''] = node.inputs;
    const scale = this.#graph.initializers.get(scaleName);
    const zero = this.#graph.initializers.get(zeroName);
    if (scale?.dtype !== 'float32' || scale.dims.length > 1 || (zeroName !== '' && zero === undefined))
      return undefined;
    if (intAttribute(node, 'block_size', 0) !== 0) return undefined;
    const count = elementCount(scale.dims);
    if (zero !== undefined && zero.data.length !== count) return undefined;
    return { scale, zeroPoint: zero ? Int32Array.from(numbersOf(zero)) : new Int32Array(count) };
  }
}

/** A constant in codes. */
interface Held {
  readonly entry: QuantizedTensor;
  readonly values: Tensor;
}

function integerFormat(dtype: string): NumberFormat | undefined {
  return integerFormats.find(({ name }) => name === dtype);
}

interface Pair {
  readonly quantize: GraphNode;
  readonly dequantize: readonly GraphNode[];
  /** Names of the dequantised value; first the one that stays. */
  readonly outputs: readonly string[];
  readonly entry: QuantizedTensor;
}

function sameScale(a: QuantizedTensor, b: QuantizedTensor): boolean {
  return a.format === b.format && a.scale[0] === b.scale[0] && a.zeroPoint[0] === b.zeroPoint[0];
}

function sameCodes(a: QuantizedTensor, b: QuantizedTensor): boolean {
  return sameScale(a, b) && a.axis === undefined && b.axis === undefined;
}

function fullRange({ format }: QuantizedTensor): CodeRange {
  const { low, high } = formatNamed(format);
  return [low, high];
}

/** A constant in other codes: dequantised and quantised. */
function recoded(from: QuantizedTensor, to: QuantizedTensor): QuantizedTensor {
  const values = dequantizeTensor(from.codes as Int8Array, [from.codes!.length], from);
  const parameters = { scale: to.scale[0]!, zeroPoint: to.zeroPoint[0]! };
  const range = fullRange(to);
  const codes = Array.from(values, (value) => quantizeValue(value, parameters, range));
  const { group: _group, ...rest } = to;
  return { ...rest, range, codes: to.format === 'int8' ? Int8Array.from(codes) : Uint8Array.from(codes) };
}

function roundingAttributes({ scale, zeroPoint, range }: QuantizedTensor): Record<string, Attribute> {
  return {
    scale: tensorAttributeOf(float32Tensor([1], scale)),
    zero_point: tensorAttributeOf({ dtype: 'int32', dims: [1], data: zeroPoint }),
    low: intAttributeOf(range[0]),
    high: intAttributeOf(range[1]),
  };
}
