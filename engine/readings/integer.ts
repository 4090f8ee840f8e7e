import { fail } from '../findings.ts';
import { dequantizeTensor, quantizeTensor } from '../formats/affine.ts';
import { carriedElements, carriedScale } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { decodeTensor } from '../formats/held-tensor.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Attribute, Graph, GraphNode } from '../graph/graph.ts';
import {
  type CodeType,
  type OutputCodes,
  outputAttributes,
  requantizationAttributes,
} from '../operators/qspec/requantization.ts';
import { findOperator } from '../operators/registry.ts';
import { upgradeOpset } from '../passes/index.ts';
import { arithmeticNamed } from '../quantize/arithmetic/registry.ts';
import type { Assignment, QuantizedModel, QuantizedTensor } from '../quantize/assignment.ts';
import { type Codes, codesOf } from '../quantize/codes.ts';
import { type IntegerForm, integerForm, weightInputs } from '../quantize/integer-form.ts';
import { multipliesIntegers } from '../quantize/integer-products.ts';
import { float32Tensor, type Tensor } from '../tensor.ts';
import { capturedBy, floatAttributeOf, intAttributeOf, Rewriter, tensorAttributeOf } from './rewriter.ts';
import { fakeQuantize } from './simulate.ts';

/** From here on every operator that only moves data takes 8-bit tensors. */
const leastOpset = 13;

/**
 * The integer reading: activations travel as 8-bit codes, products are integer, and accumulators become codes by the
 * Assignment's arithmetic. Layers that stay float read dequantised values. Runs in the interpreter (the definition,
 * bit for bit) and in the executor.
 * @throws FindingError `reading/integer-width` where an activation or weight is wider than 8 bits, `reading/not-integer`
 * where an activation is in a format whose codes are no integers
 */
export function integerGraph({ graph: source, assignment }: QuantizedModel): Graph {
  const graph = (source.opsets.get('') ?? 1) < leastOpset ? upgradeOpset(source, leastOpset) : source;
  return new IntegerReading(graph, assignment).build();
}

class IntegerReading {
  readonly #graph: Graph;
  readonly #assignment: Assignment;
  readonly #codes: Codes;
  readonly #rewriter: Rewriter;
  /** Value → the name its codes go by. */
  readonly #coded = new Map<string, string>();
  /** Values that exist as float. */
  readonly #float = new Set<string>();

  constructor(graph: Graph, assignment: Assignment) {
    this.#graph = graph;
    this.#assignment = assignment;
    this.#codes = codesOf(graph, assignment);
    this.#rewriter = new Rewriter(graph);
  }

  build(): Graph {
    for (const value of this.#graph.inputs) this.#float.add(value);
    for (const node of this.#graph.nodes) {
      if (this.#codes.fused(node)) this.#coded.set(node.outputs[0]!, this.#coded.get(node.inputs[0]!)!);
      else if (!this.#codes.quantized(node)) this.#floatNode(node);
      else if (node.op === 'FakeQuantize' && node.domain === 'qspec') this.#rounding(node);
      else if (!this.#readsCodes(node) || !this.#multipliesIntegers(node)) this.#roundedNode(node);
      else this.#integerNode(node);
    }
    for (const value of this.#graph.outputs) this.#asFloat(value);
    return this.#rewriter.finish(new Map([...this.#graph.opsets, ['qspec', 1]]));
  }

  #floatNode(node: GraphNode): void {
    const inputs = this.#floatInputs(node);
    // Subgraphs find what they capture by its name.
    for (const value of capturedBy(node)) this.#asFloat(value);
    for (const value of node.outputs) {
      this.#float.add(value);
      this.#rewriter.keepType(value);
    }
    this.#rewriter.copy(node, inputs, node.outputs);
  }

  /** What a node that computes in float reads: an input that it takes in codes of its own is rounded to them. */
  #floatInputs(node: GraphNode): string[] {
    return node.inputs.map((value, index) => {
      if (value === '') return '';
      const constant = this.#graph.initializers.get(value);
      if (constant !== undefined) return this.#floatConstant(node, index, value, constant);
      const float = this.#asFloat(value);
      const edge = this.#codes.edge(node, index);
      if (edge === undefined) return float;
      const rounded = this.#rewriter.value(`${value}_rounded`);
      fakeQuantize(this.#rewriter, `${node.name}_FakeQuantize_${index}`, float, rounded, edge);
      this.#rewriter.keepType(value, rounded);
      return rounded;
    });
  }

  /** A constant as it is; a weight in codes as what they stand for. */
  #floatConstant(node: GraphNode, index: number, value: string, constant: Tensor): string {
    const isWeight = weightInputs(node, this.#graph).some(({ input }) => input === index);
    const held = isWeight ? this.#codes.held(node, index) : undefined;
    if (held?.codes === undefined) {
      this.#rewriter.keepConstant(value);
      return value;
    }
    const values = decodeTensor(held.codes, constant.dims, held);
    return this.#rewriter.constant(`${node.name}_${value}_rounded`, float32Tensor(constant.dims, values));
  }

  /** Whether all that a node computes with is in codes. */
  #readsCodes(node: GraphNode): boolean {
    const form = integerForm(node, this.#graph);
    return !('reason' in form) && form.data.every((index) => this.#codes.read(node, index) !== undefined);
  }

  /** Whether a node between codes has integers to multiply; true for those that multiply nothing. */
  #multipliesIntegers(node: GraphNode): boolean {
    const weight = this.#codes.weight(node);
    const read = weight && this.#codes.read(node, 0);
    return read === undefined || multipliesIntegers(weight!, read);
  }

  /** Inputs in float, or weights that no integer kernel takes: the layer computes in float, and its output is rounded. */
  #roundedNode(node: GraphNode): void {
    const inputs = this.#floatInputs(node);
    const outputs = node.outputs.map((value) => {
      if (value === '') return '';
      const exact = this.#rewriter.value(`${value}_exact`);
      this.#rewriter.keepType(value, exact);
      return exact;
    });
    this.#rewriter.copy(node, inputs, outputs);
    for (const [index, value] of node.outputs.entries()) {
      const written = this.#codes.written(value);
      if (written === undefined) continue;
      fakeQuantize(this.#rewriter, `${node.name}_FakeQuantize_output_${index}`, outputs[index]!, value, written);
      this.#float.add(value);
      this.#rewriter.keepType(value);
      this.#entering(value, written, undefined);
    }
  }

  /** A value that is rounded behind its producer enters codes here, or goes from one scale to another. */
  #rounding(node: GraphNode): void {
    const [value, output] = [node.inputs[0]!, node.outputs[0]!];
    const entry = this.#codes.written(output)!;
    const before = this.#codes.written(value);
    const name = this.#rewriter.value(`${output}_codes`);
    if (before !== undefined)
      this.#lookup(node.name, this.#entering(value, before, undefined), name, before, entry, (x) => x, node);
    else {
      const inputs = [this.#asFloat(value), ...this.#parameters(output, entry)];
      this.#rewriter.copy(node, inputs, [name], { op: 'QuantizeLinear', domain: '', attributes: {} });
    }
    this.#coded.set(output, name);
  }

  /** The float value, dequantised once if it only exists in codes. */
  #asFloat(value: string): string {
    const entry = this.#codes.written(value);
    if (this.#float.has(value) || entry === undefined) return value;
    this.#float.add(value);
    this.#rewriter.keepType(value);
    const name = this.#rewriter.nodeName(`${value}_DequantizeLinear`);
    this.#rewriter.add(
      'DequantizeLinear',
      '',
      name,
      [this.#coded.get(value)!, ...this.#parameters(value, entry)],
      [value],
    );
    return value;
  }

  /** Scale and zero point as constants. */
  #parameters(value: string, entry: QuantizedTensor): [string, string] {
    const dtype = codeType(entry, value);
    const zero = dtype === 'int8' ? Int8Array.from(entry.zeroPoint) : Uint8Array.from(entry.zeroPoint);
    return [
      this.#rewriter.constant(`${value}_scale`, float32Tensor([], entry.scale)),
      this.#rewriter.constant(`${value}_zero_point`, { dtype, dims: [], data: zero }),
    ];
  }

  /** Name of the codes that a node reads at an input. */
  #asCodes(node: GraphNode, index: number): string {
    const value = node.inputs[index]!;
    const edge = this.#codes.edge(node, index);
    const constant = this.#graph.initializers.get(value);
    if (edge !== undefined && constant !== undefined) {
      const dtype = codeType(edge, value);
      return this.#rewriter.constant(`${node.name}_${value}_codes`, { dtype, dims: constant.dims, data: edge.codes! });
    }
    const written = this.#codes.written(value);
    if (edge === undefined || written === undefined) return this.#entering(value, edge ?? written!, edge && node);
    // Codes of one scale read as codes of another: dequantise and quantise, as a table.
    const name = this.#rewriter.value(`${node.name}_${value}_codes`);
    this.#lookup(
      `${node.name}_Requantize_${index}`,
      this.#entering(value, written, undefined),
      name,
      written,
      edge,
      (x) => x,
    );
    return name;
  }

  /** Codes of a value; a float one is quantised (for one reader if `node` is given, otherwise once). */
  #entering(value: string, entry: QuantizedTensor, node: GraphNode | undefined): string {
    const known = node === undefined ? this.#coded.get(value) : undefined;
    if (known !== undefined) return known;
    const name = this.#rewriter.value(node ? `${node.name}_${value}_codes` : `${value}_codes`);
    const quantize = this.#rewriter.nodeName(node ? `${node.name}_${value}_QuantizeLinear` : `${value}_QuantizeLinear`);
    this.#rewriter.add('QuantizeLinear', '', quantize, [value, ...this.#parameters(value, entry)], [name]);
    if (node === undefined) this.#coded.set(value, name);
    return name;
  }

  #integerNode(node: GraphNode): void {
    const form = integerForm(node, this.#graph) as IntegerForm;
    const outputs = node.outputs.map((value) => {
      if (value === '') return '';
      const name = this.#rewriter.value(`${value}_codes`);
      this.#coded.set(value, name);
      return name;
    });
    const written = this.#codes.written(node.outputs[0]!)!;
    const output = outputOf(written, node.outputs[0]!);
    if (form.kind === 'same-scale') {
      const inputs = node.inputs.map((value, index) => {
        if (form.data.includes(index)) return this.#asCodes(node, index);
        if (node.op === 'Pad' && index === 2 && value !== '') return '';
        if (value !== '') this.#rewriter.keepConstant(value);
        return value;
      });
      if (node.op === 'Pad') inputs[2] = this.#parameters(node.outputs[0]!, written)[1];
      this.#rewriter.copy(node, inputs, outputs);
      return;
    }
    if (form.kind === 'compute') {
      this.#compute(node, form, outputs, output, written);
      return;
    }
    const inputs = form.data.map((index) => this.#asCodes(node, index));
    const read = form.data.map((index) => this.#codes.read(node, index)!);
    const arithmetic: Attribute = { kind: 'string', value: this.#assignment.arithmetic };
    const scales = { y_scale: floatAttributeOf(written.scale[0]!), ...outputAttributes(output), arithmetic };
    const change = (op: string, attributes: Record<string, Attribute>) =>
      this.#rewriter.copy(node, inputs, outputs, { op, domain: 'qspec', attributes: { ...attributes, ...scales } });
    switch (node.op) {
      case 'Add':
      case 'Mul':
        change(`Q${node.op}`, { ...operand('a', read[0]!), ...operand('b', read[1]!) });
        break;
      case 'AveragePool':
      case 'GlobalAveragePool':
        change(`Q${node.op}`, { ...node.attributes, ...operand('x', read[0]!) });
        break;
      default:
        this.#lookup(node.name, inputs[0]!, outputs[0]!, read[0]!, written, (x) => this.#evaluate(node, x), node);
    }
  }

  #compute(
    node: GraphNode,
    form: IntegerForm,
    outputs: readonly string[],
    output: OutputCodes,
    written: QuantizedTensor,
  ): void {
    const weight = this.#codes.weight(node)!;
    const bias = this.#codes.bias(node);
    const read = this.#codes.read(node, 0)!;
    const { dims } = this.#graph.initializers.get(node.inputs[form.weight!]!)!;
    const format = formatNamed(weight.format);
    const dtype = elementType(format, node.inputs[form.weight!]!);
    const inputs = [
      this.#asCodes(node, 0),
      this.#rewriter.constant(`${node.name}_weight_codes`, {
        dtype,
        dims,
        data: carriedElements(format, weight.codes as Int8Array),
      }),
    ];
    if (bias !== undefined) {
      const tensor: Tensor = { dtype: 'int32', dims: [bias.codes!.length], data: bias.codes! };
      inputs.push(this.#rewriter.constant(`${node.name}_bias_codes`, tensor));
    }
    const kind = arithmeticNamed(this.#assignment.arithmetic);
    const scales = carriedScale(format, weight.scale);
    const rescales = Array.from(scales, (own) => kind.rescale(read.scale[0]!, own, written.scale[0]!));
    const zeroPoints: Tensor = { dtype: 'int32', dims: [weight.zeroPoint.length], data: weight.zeroPoint };
    this.#rewriter.copy(node, inputs, outputs, {
      op: node.op === 'Conv' ? 'QConv' : 'QGemm',
      domain: 'qspec',
      attributes: {
        ...node.attributes,
        x_zero_point: intAttributeOf(read.zeroPoint[0]!),
        ...(weight.zeroPoint.some((zero) => zero !== 0) && { w_zero_point: tensorAttributeOf(zeroPoints) }),
        ...requantizationAttributes(kind.name, rescales, output),
      },
    });
  }

  /** A table from codes to codes: dequantise, apply, quantise. */
  #lookup(
    name: string,
    from: string,
    to: string,
    read: QuantizedTensor,
    written: QuantizedTensor,
    apply: (values: Float32Array) => Float32Array,
    node?: GraphNode,
  ): void {
    const dtype = codeType(written, to);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const codes = codeType(read, from) === 'int8' ? new Int8Array(bytes.buffer) : bytes;
    const values = apply(dequantizeTensor(codes, [256], read));
    const table = quantizeTensor(values, [256], { ...written, format: formatNamed(dtype) });
    const attributes = { table: tensorAttributeOf({ dtype, dims: [256], data: table }) };
    if (node !== undefined) this.#rewriter.copy(node, [from], [to], { op: 'QLookup', domain: 'qspec', attributes });
    else this.#rewriter.add('QLookup', 'qspec', this.#rewriter.nodeName(name), [from], [to], attributes);
  }

  #evaluate(node: GraphNode, values: Float32Array): Float32Array {
    const opset = this.#graph.opsets.get(node.domain) ?? 1;
    const constants = node.inputs.slice(1).map((value) => this.#graph.initializers.get(value));
    const inputs = [float32Tensor([values.length], values), ...constants];
    const context = { opset, seed: 0, evaluateSubgraph: () => [] };
    return findOperator(node.domain, node.op, opset)!.evaluate!(node, inputs, context)[0]!.data as Float32Array;
  }
}

/** The 8-bit type that carries the codes of an activation. */
function codeType(entry: QuantizedTensor, value: string): CodeType {
  const format = formatNamed(entry.format);
  if (format.kind !== 'integer')
    fail('reading/not-integer', `“${value}” is held in ${format.name}, whose codes are no integers to compute with.`, {
      fix: 'Use the simulation for such formats.',
    });
  return elementType(format, value);
}

/** The 8-bit type that carries the elements of a format. */
function elementType(format: NumberFormat, value: string): CodeType {
  if (format.storageBits > 8)
    fail('reading/integer-width', `“${value}” is held in ${format.name}; integer execution knows up to 8 bits.`, {
      fix: 'Use the simulation for wider formats.',
    });
  return format.dtype.startsWith('u') ? 'uint8' : 'int8';
}

function outputOf(entry: QuantizedTensor, value: string): OutputCodes {
  return {
    dtype: codeType(entry, value),
    zeroPoint: entry.zeroPoint[0]!,
    low: entry.range[0],
    high: entry.range[1],
  };
}

function operand(prefix: string, entry: QuantizedTensor): Record<string, Attribute> {
  return {
    [`${prefix}_scale`]: floatAttributeOf(entry.scale[0]!),
    [`${prefix}_zero_point`]: intAttributeOf(entry.zeroPoint[0]!),
  };
}
