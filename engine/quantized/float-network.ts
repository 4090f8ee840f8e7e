import { FindingError } from '../findings.ts';
import { dequantizeValue } from '../formats/affine.ts';
import { attribute } from '../graph/build.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import { lazyTensor } from '../lazy-tensor.ts';
import { checkedWidths, codeRange } from '../operators/qonnx/quantizer.ts';
import { findOperator } from '../operators/registry.ts';
import { floatAttribute } from '../operators/shared/attributes.ts';
import { integerRange, numbersOf, scalarOf } from '../operators/shared/numbers.ts';
import { clampOf } from '../quantize/activations.ts';
import { type Wiring, wire } from '../quantize/wiring.ts';
import { elementCount, float32Tensor, type Tensor } from '../tensor.ts';
import { isDequantizeLinear, isOnCodes, isQonnxQuantizer, isQuantizeLinear } from './recognize.ts';
import { writtenInFloat } from './written-in-float.ts';

/** Why a quantised model has no float network, as the end of a sentence. */
export interface NoFloatNetwork {
  readonly reason: string;
}

/** A value in codes, and the float value that takes its place. */
interface Coded {
  readonly float: string;
  readonly scale: number;
  readonly zeroPoint: number;
  /** Names of the file for both. */
  readonly parameters: readonly string[];
}

type Bounds = readonly [low: number, high: number];

class Unwritable extends Error {}

const averaging: ReadonlySet<string> = new Set(['AveragePool', 'GlobalAveragePool', 'ReduceMean']);

/**
 * The network that a quantised model states in codes, in float: weights are what their codes stand for, activations are no
 * longer rounded. They stay within what their codes could hold, since many files have a Relu nowhere but in the codes
 * behind it: each quantiser becomes a Clip, or a tighter one where there is one. Inputs of the graph are not bounded.
 * Layers keep their names. QDQ, the operators of `written-in-float.ts`, and QONNX's quantisers.
 */
export function floatNetwork(graph: Graph): Graph | NoFloatNetwork {
  try {
    return new Writer(graph).write();
  } catch (error) {
    if (error instanceof Unwritable) return { reason: error.message };
    // Faults of the file are told by whoever runs it.
    if (error instanceof FindingError) return { reason: 'nodes of it are malformed' };
    throw error;
  }
}

class Writer {
  readonly #graph: Graph;
  readonly #wiring: Wiring;
  readonly #nodes: GraphNode[] = [];
  readonly #initializers: Map<string, Tensor>;
  readonly #coded = new Map<string, Coded>();
  /** Float value of the source → its name in the result. */
  readonly #names = new Map<string, string>();
  readonly #bounds = new Map<string, Bounds>();
  readonly #inputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#wiring = wire(graph);
    this.#initializers = new Map(graph.initializers);
    this.#inputs = new Set(graph.inputs);
  }

  write(): Graph {
    for (const node of this.#graph.nodes) {
      if (isQuantizeLinear(node)) this.#quantize(node);
      else if (isDequantizeLinear(node)) this.#dequantize(node);
      else if (isQonnxQuantizer(node)) this.#qonnx(node);
      else if (isOnCodes(node)) this.#onCodes(node);
      else if (node.inputs.some((value) => this.#coded.has(value))) this.#move(node);
      else this.#copy(node);
    }
    for (const output of this.#graph.outputs) this.#finish(output);
    const read = new Set([...this.#graph.outputs, ...this.#nodes.flatMap((node) => node.inputs)]);
    const captures = this.#nodes.some(({ attributes }) =>
      Object.values(attributes).some(({ kind }) => kind === 'graph' || kind === 'graphs'),
    );
    const initializers = captures
      ? this.#initializers
      : new Map([...this.#initializers].filter(([name]) => read.has(name)));
    const known = [...this.#graph.types].filter(([name]) => this.#inputs.has(name));
    const types = [...initializers].map(([name, { dtype, dims }]) => [name, { dtype, dims }] as const);
    const { origin: _origin, ...rest } = this.#graph;
    const made: Graph = { ...rest, nodes: this.#nodes, initializers, types: new Map([...known, ...types]) };
    return { ...made, types: inferTypes(made).types };
  }

  #name(value: string): string {
    return this.#names.get(value) ?? value;
  }

  #constant(value: string | undefined): Tensor | undefined {
    return value === undefined || value === '' ? undefined : this.#initializers.get(value);
  }

  #copy(node: GraphNode): void {
    this.#push({ ...node, inputs: node.inputs.map((value) => this.#name(value)) });
  }

  /** What gives back values that it reads, or means of them, stays within their bounds. */
  #push(node: GraphNode): void {
    this.#nodes.push(node);
    const role = findOperator(node.domain, node.op, this.#graph.opsets.get(node.domain) ?? 1)?.quantization;
    const joins = node.op === 'Concat' || node.op === 'Min' || node.op === 'Max';
    if (role?.kind !== 'same-scale' && !averaging.has(node.op)) return;
    // Other constants are shapes, axes and the like.
    const read = node.inputs.filter((value) => value !== '' && (joins || !this.#initializers.has(value)));
    const bounds = read.map((value) => this.#bounds.get(value));
    if (bounds.length === 0 || !bounds.every((own) => own !== undefined)) return;
    // Padding adds zeros.
    const zero = node.op === 'Pad' || averaging.has(node.op) ? [0] : [];
    const own: Bounds = [
      Math.min(...bounds.map(([low]) => low), ...zero),
      Math.max(...bounds.map(([, high]) => high), ...zero),
    ];
    for (const output of node.outputs) this.#bounds.set(output, own);
  }

  #quantize(node: GraphNode): void {
    const [value, scale, zero] = node.inputs as [string, string, string?];
    const [codes] = node.outputs as [string];
    if (!value || !codes) throw new Unwritable(`“${node.name}” lacks inputs`);
    this.#coded.set(codes, this.#codedAs(node, value, scale, zero, codes));
  }

  /** A float value that enters codes of one scale. */
  #codedAs(node: GraphNode, value: string, scaleName: string, zeroName: string | undefined, codes: string): Coded {
    const scale = this.#constant(scaleName);
    const zero = this.#constant(zeroName);
    if (scale === undefined || (zeroName && zero === undefined))
      throw new Unwritable(`“${node.name}” chooses its scale while the model runs`);
    if (scale.dtype !== 'float32') throw new Unwritable(`the scale of “${node.name}” is ${scale.dtype}`);
    if (elementCount(scale.dims) !== 1) throw new Unwritable(`the scales of “${node.name}” differ between channels`);
    const dtype = zero?.dtype ?? this.#graph.types.get(codes)?.dtype ?? 'uint8';
    if (!dtype.includes('int')) throw new Unwritable(`“${node.name}” rounds to ${dtype}`);
    const [low, high] = integerRange(dtype);
    const coded = { scale: scalarOf(scale), zeroPoint: zero ? scalarOf(zero) : 0 };
    const float = this.#bounded(node, this.#name(value), [dequantizeValue(low, coded), dequantizeValue(high, coded)]);
    return { ...coded, float, parameters: [scaleName, ...(zeroName ? [zeroName] : [])] };
  }

  /** The value within bounds: a Clip of its own, unless it is within them or a Relu or Clip before it can do it. */
  #bounded({ name }: GraphNode, value: string, [low, high]: Bounds): string {
    if (this.#inputs.has(value) || this.#initializers.has(value)) return value;
    const known = this.#bounds.get(value);
    if (known && known[0] >= low && known[1] <= high) return value;
    const at = this.#nodes.findLastIndex(({ outputs }) => outputs[0] === value);
    const before = this.#nodes[at];
    const clamp = before && clampOf(before, { ...this.#graph, initializers: this.#initializers });
    if (before && clamp && this.#wiring.consumers(value).length === 1 && !this.#wiring.isOutput(value)) {
      this.#nodes[at] = this.#clip(before.name, before.inputs[0]!, value, [
        Math.max(low, clamp.min),
        Math.min(high, clamp.max),
      ]);
      return value;
    }
    const output = this.#fresh(`${value}_bounded`);
    this.#nodes.push(this.#clip(name, value, output, [low, high]));
    return output;
  }

  #clip(name: string, from: string, to: string, [low, high]: Bounds): GraphNode {
    this.#bounds.set(to, [low, high]);
    const node = { name, op: 'Clip', domain: '', outputs: [to] };
    if ((this.#graph.opsets.get('') ?? 1) < 11)
      return { ...node, inputs: [from], attributes: { min: attribute.float(low), max: attribute.float(high) } };
    const bound = (value: number, which: string) => {
      const own = this.#fresh(`${name}_${which}`);
      this.#initializers.set(own, float32Tensor([], Float32Array.of(value)));
      return own;
    };
    return { ...node, inputs: [from, bound(low, 'min'), bound(high, 'max')], attributes: {} };
  }

  #fresh(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#graph.types.has(name) || this.#initializers.has(name) || this.#bounds.has(name); i++)
      name = `${wanted}_${i}`;
    return name;
  }

  #dequantize(node: GraphNode): void {
    const [value, output] = [node.inputs[0]!, node.outputs[0]!];
    const coded = this.#coded.get(value);
    if (coded) this.#names.set(output, coded.float);
    else if (this.#constant(value)) this.#fold(node, output);
    // An input of the graph that is in codes stays so.
    else this.#copy(node);
  }

  /** What a node makes of constants, worked out when it is touched. */
  #fold(node: GraphNode, output: string): void {
    const inputs = node.inputs.map((value) => this.#constant(value));
    const opset = this.#graph.opsets.get(node.domain) ?? 1;
    const operator = findOperator(node.domain, node.op, opset);
    if (!operator?.evaluate || node.inputs.some((value, i) => value !== '' && inputs[i] === undefined))
      throw new Unwritable(`the parameters of “${node.name}” are computed by the model`);
    const { dims } = inputs[0]!;
    const values = () => operator.evaluate!(node, inputs, { opset, seed: 0, evaluateSubgraph: () => [] })[0]!.data;
    this.#initializers.set(output, lazyTensor('float32', dims, values));
  }

  #qonnx(node: GraphNode): void {
    const [value, scaleName, zeroName, bitsName] = node.inputs as [string, string, string?, string?];
    const output = node.outputs[0]!;
    const scale = this.#constant(scaleName);
    const zero = this.#constant(zeroName);
    const bits = this.#constant(bitsName);
    if (this.#constant(value) && node.op !== 'Trunc') {
      this.#fold(node, output);
      return;
    }
    if (node.op !== 'Quant' && node.op !== 'IntQuant') throw new Unwritable(`activations pass through ${node.op}`);
    if (!scale || !zero || !bits) throw new Unwritable(`“${node.name}” chooses its parameters while the model runs`);
    if (elementCount(scale.dims) !== 1 || elementCount(zero.dims) !== 1 || elementCount(bits.dims) !== 1)
      throw new Unwritable(`the parameters of “${node.name}” differ between channels`);
    const [width] = Array.from(checkedWidths(node, bits)) as [number];
    const [low, high] = codeRange(node, width, { narrow: 0 });
    // Signed codes of one bit are −1 and 1: a sign, and no rounding.
    if (width === 1 && low < 0) throw new Unwritable(`“${node.name}” makes signs of activations`);
    const coded = { scale: scalarOf(scale), zeroPoint: scalarOf(zero) };
    const bounds: Bounds = [dequantizeValue(low, coded), dequantizeValue(high, coded)];
    this.#names.set(output, this.#bounded(node, this.#name(value), bounds));
  }

  /** An operator on codes as its float operator, whose result is bounded. */
  #onCodes(node: GraphNode): void {
    const written = writtenInFloat(node);
    if (written === undefined) throw new Unwritable(`${node.op} “${node.name}” has no float form here`);
    if (written.data.some(({ value, scale }) => !node.inputs[value] || !node.inputs[scale]) || !node.outputs[0])
      throw new Unwritable(`“${node.name}” lacks inputs`);
    const inputs = written.data.map(({ value, scale, zeroPoint, axis }, place) => {
      const [name, scaleName, zeroName] = [node.inputs[value]!, node.inputs[scale]!, node.inputs[zeroPoint] ?? ''];
      const coded = this.#coded.get(name);
      if (coded) return coded.float;
      if (!this.#constant(name)) return this.#entering(node, name, scaleName, zeroName, place);
      const own = this.#fresh(`${node.name}_input_${place}`);
      this.#fold(dequantizing(node, [name, scaleName, zeroName], axis), own);
      return own;
    });
    const bias = written.bias === undefined ? '' : (node.inputs[written.bias] ?? '');
    if (bias !== '') inputs.push(this.#bias(node, bias, written.data));
    const [output] = node.outputs as [string];
    const scale = node.inputs[written.scale] ?? '';
    const { op, attributes } = written;
    const into = scale === '' ? output : this.#fresh(`${output}_float`);
    this.#push({ name: node.name, op, domain: '', inputs, outputs: [into], attributes });
    if (scale === '') return;
    const named = { ...node, name: `${node.name}_bounds` };
    this.#coded.set(output, this.#codedAs(named, into, scale, node.inputs[written.zeroPoint], output));
  }

  /** An input of the graph in codes: dequantised where it is read. */
  #entering(node: GraphNode, value: string, scale: string, zero: string, place: number): string {
    const output = this.#fresh(`${value}_dequantized`);
    const own = { ...dequantizing(node, [value, scale, zero], undefined), name: `${node.name}_dequantize_${place}` };
    this.#nodes.push({ ...own, outputs: [output] });
    return output;
  }

  /** A bias of int32 in steps of the product of both scales. */
  #bias(node: GraphNode, name: string, data: readonly { readonly scale: number }[]): string {
    const codes = this.#constant(name);
    const [x, w] = data.map(({ scale }) => this.#constant(node.inputs[scale]));
    if (!codes || !x || !w) throw new Unwritable(`the bias of “${node.name}” is computed by the model`);
    const own = this.#fresh(`${node.name}_bias`);
    const factor = node.op === 'QGemm' ? floatAttribute(node, 'alpha', 1) : 1;
    const values = () => {
      const [step, steps] = [scalarOf(x), numbersOf(w)];
      const rows = numbersOf(codes);
      return Float32Array.from(
        rows,
        (code, i) => code * factor * step * steps[steps.length === 1 ? 0 : i % steps.length]!,
      );
    };
    this.#initializers.set(own, lazyTensor('float32', codes.dims, values));
    return own;
  }

  /** What only moves codes moves floats; a Clip of codes is one of the values that they stand for. */
  #move(node: GraphNode): void {
    const [first] = node.inputs as [string];
    const coded = this.#coded.get(first);
    const role = findOperator(node.domain, node.op, this.#graph.opsets.get(node.domain) ?? 1)?.quantization;
    const clips = node.domain === '' && node.op === 'Clip';
    if (!coded || (role?.kind !== 'same-scale' && !clips))
      throw new Unwritable(`${node.op} “${node.name}” computes with codes`);
    const [output] = node.outputs as [string];
    if (clips) {
      const bound = (index: number, otherwise: number) => {
        const code = this.#constant(node.inputs[index]);
        return code ? dequantizeValue(scalarOf(code), coded) : otherwise;
      };
      const bounds: Bounds = [bound(1, Number.NEGATIVE_INFINITY), bound(2, Number.POSITIVE_INFINITY)];
      this.#coded.set(output, { ...coded, float: this.#bounded(node, coded.float, bounds) });
      return;
    }
    const inputs = node.inputs.map((value, index) => {
      const own = this.#coded.get(value);
      if (own && (own.scale !== coded.scale || own.zeroPoint !== coded.zeroPoint))
        throw new Unwritable(`${node.op} “${node.name}” joins codes of several scales`);
      if (own) return own.float;
      // Padding with the code of zero is padding with zero.
      return node.op === 'Pad' && index === 2 ? this.#padding(node, value, coded) : value;
    });
    const outputs = node.outputs.map((value) => (value === '' ? '' : this.#fresh(`${value}_float`)));
    this.#push({ ...node, inputs, outputs });
    node.outputs.forEach((value, i) => {
      if (value !== '') this.#coded.set(value, { ...coded, float: outputs[i]! });
    });
  }

  #padding(node: GraphNode, value: string, coded: Coded): string {
    const code = this.#constant(value);
    if (value === '' ? coded.zeroPoint === 0 : code && scalarOf(code) === coded.zeroPoint) return '';
    throw new Unwritable(`“${node.name}” pads with another value than zero`);
  }

  /** An output keeps its name and type. */
  #finish(output: string): void {
    const coded = this.#coded.get(output);
    const node = { name: `${output}_output`, domain: '', outputs: [output], attributes: {} };
    if (coded) this.#nodes.push({ ...node, op: 'QuantizeLinear', inputs: [coded.float, ...coded.parameters] });
    else if (this.#names.has(output)) this.#nodes.push({ ...node, op: 'Identity', inputs: [this.#name(output)] });
  }
}

function dequantizing({ name }: GraphNode, inputs: readonly string[], axis: number | undefined): GraphNode {
  const attributes = axis === undefined ? {} : { axis: attribute.int(axis) };
  const given = inputs.at(-1) === '' ? inputs.slice(0, -1) : inputs;
  return { name, op: 'DequantizeLinear', domain: '', inputs: given, outputs: [''], attributes };
}
