import { type Finding, fail } from '../findings.ts';
import { axisBlocks, type Blocks } from '../formats/blocks.ts';
import { type Container, carriedScale, isPacked } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { decodeTensor } from '../formats/held-tensor.ts';
import { hasQuantizeLinear } from '../formats/legality.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Graph, GraphNode, Model } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { integerRange } from '../operators/shared/numbers.ts';
import { upgradeOpset } from '../passes/index.ts';
import { type Clamp, clampOf } from '../quantize/activations.ts';
import { type Assignment, hasCodes, type QuantizedModel, type QuantizedTensor } from '../quantize/assignment.ts';
import { type Codes, codesOf } from '../quantize/codes.ts';
import { integerForm } from '../quantize/integer-form.ts';
import { type Wiring, wire } from '../quantize/wiring.ts';
import { remembered } from '../remembered.ts';
import { type DataType, elementCount, float32Tensor, int64Tensor, type Tensor, type TensorData } from '../tensor.ts';
import { arePerAxis, blockScales } from './block-scales.ts';
import { codeTensor, codeTensorOf, sameCodes, tensorsOf } from './code-tensors.ts';
import { floatWeightLayers, type SpreadAxis } from './float-weights.ts';
import { isSmallerPacked, PackedCodes } from './packed-codes.ts';
import { capturedBy, intAttributeOf, Rewriter } from './rewriter.ts';
import { tooManyToPack, weightContainers, writtenFormat } from './written-format.ts';

/** Per-axis QuantizeLinear and DequantizeLinear came with this operator set. */
const leastOpset = 13;
const newestOpset = 26;

export interface QdqOptions {
  /** Operator set to write, raised as formats need. Default: the model's own, at least 13. */
  readonly opset?: number;
  /** How integers of fewer than 8 bits are written. */
  readonly container?: Container;
  /** Goes into `metadata_props`: tool version, hashes of model, spec and data. No times: the same input gives the same bytes. */
  readonly provenance?: Readonly<Record<string, string>>;
}

/**
 * The export-qdq reading: an ONNX model in which every tensor in codes passes a QuantizeLinear/DequantizeLinear pair,
 * weights and biases are stored as integers behind a DequantizeLinear, and the operators between are the model's own.
 * Runtimes fuse the patterns into integer kernels; others run it as it stands. See RUNTIMES in docs.
 * @throws FindingError `export/opset`, `export/code-range`, `export/format` (`exportRefusal`)
 */
export function exportQdq(
  model: Model,
  { graph: source, assignment }: QuantizedModel,
  options: QdqOptions = {},
): Model {
  const refusal = exportRefusal({ graph: source, assignment });
  if (refusal !== undefined) fail(refusal.code, refusal.what, refusal);
  const own = source.opsets.get('') ?? 1;
  const container = tooManyToPack({ graph: source, assignment }, options.container) ? 'typed' : options.container;
  const needed = neededOpset(assignment, container);
  const opset = Math.max(options.opset ?? own, leastOpset, needed);
  if (opset > newestOpset)
    fail('export/opset', `Operator set ${opset} is not known.`, { fix: `Ask for ${newestOpset} or less.` });
  if (options.opset !== undefined && options.opset < Math.max(own, needed, leastOpset))
    fail('export/opset', `The model cannot be written for operator set ${options.opset}.`, {
      why: `It needs at least ${Math.max(own, needed, leastOpset)}.`,
      fix: `Ask for ${Math.max(own, needed, leastOpset)} or more, or leave the option out.`,
    });
  const graph = own < opset ? upgradeOpset(source, opset) : source;
  const metadata = new Map(model.metadata);
  for (const [key, value] of Object.entries(options.provenance ?? {})) metadata.set(key, value);
  return {
    ...model,
    graph: new QdqReading(graph, assignment, container).build(),
    irVersion: Math.max(model.irVersion, irVersionOf(opset)),
    metadata,
  };
}

/** Why the model has no QDQ form: ONNX cannot round activations to one of its formats; undefined where it has. */
export function exportRefusal({ graph, assignment }: QuantizedModel): Finding | undefined {
  const codes = codesOf(graph, assignment);
  for (const value of [...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)]) {
    const format = codes.written(value)?.format;
    if (format === undefined || hasQuantizeLinear(formatNamed(format))) continue;
    return {
      code: 'export/format',
      severity: 'error',
      what: `“${value}” is rounded to ${format}, which no ONNX operator does.`,
      why: 'QuantizeLinear rounds to integers, e4m3fn and e5m2.',
      fix: 'Use one of these for activations. Weights can have any format.',
    };
  }
  return undefined;
}

/** Lowest IR version that may carry an operator set. */
function irVersionOf(opset: number): number {
  const rows: readonly (readonly [opset: number, ir: number])[] = [
    [25, 13],
    [24, 12],
    [23, 11],
    [21, 10],
    [19, 9],
    [15, 8],
    [13, 7],
  ];
  return rows.find(([from]) => opset >= from)?.[1] ?? 7;
}

function neededOpset(assignment: Assignment, container: Container | undefined): number {
  let opset = leastOpset;
  const entries = [...assignment.entries.values(), ...assignment.inputs.values()];
  for (const entry of entries) {
    const isBlocked = entry.blocks !== undefined && !arePerAxis(entry.blocks);
    opset = Math.max(opset, writtenFormat(entry, container).minOpset, isBlocked ? 21 : 0);
  }
  return opset;
}

class QdqReading {
  readonly #graph: Graph;
  readonly #codes: Codes;
  readonly #assignment: Assignment;
  readonly #container: Container | undefined;
  readonly #rewriter: Rewriter;
  readonly #packed: PackedCodes;
  /** Values that must be found under their own name: graph outputs, and what subgraphs capture. */
  readonly #fixed: ReadonlySet<string>;
  /** How weights are written where the activations of their layer decide it. */
  readonly #weightContainers: ReadonlyMap<QuantizedTensor, Container>;
  /** Value → the float value that stands for it: itself, or the output of its DequantizeLinear. */
  readonly #current = new Map<string, string>();
  /** What stands for a value where a reader rounds it, by value and codes. */
  readonly #edges = new Map<string, string>();
  /** Scale and zero point of tensors that share them, by group. */
  readonly #shared = new Map<string, readonly [string, string]>();
  /** Codes already stored, by the constant they stand for: a weight that several nodes read is stored once. */
  readonly #stored = new Map<string, { readonly codes: Tensor; readonly name: string }[]>();
  /** Layers whose input states its scale along an axis, so that ONNX Runtime leaves their float weights alone. */
  readonly #floatWeights: ReadonlyMap<GraphNode, SpreadAxis>;
  /** DequantizeLinear nodes of activations in integers, by what they give. */
  readonly #dequantizers = new Map<string, { readonly coded: string; readonly entry: QuantizedTensor }>();
  readonly #wiring: Wiring;
  /** Output of the activation that the producer of a value clamps for, by value. */
  readonly #fusedOutputs: ReadonlyMap<string, string>;

  constructor(graph: Graph, assignment: Assignment, container: Container | undefined) {
    this.#graph = graph;
    this.#assignment = assignment;
    this.#container = container;
    this.#codes = codesOf(graph, assignment);
    this.#weightContainers = weightContainers(graph, this.#codes, container);
    this.#rewriter = new Rewriter(graph);
    this.#packed = new PackedCodes(this.#rewriter);
    this.#floatWeights = floatWeightLayers(graph, this.#codes, container);
    const fused = graph.nodes.filter((node) => this.#codes.fused(node)).reverse();
    this.#fusedOutputs = new Map(fused.map((node) => [node.inputs[0]!, node.outputs[0]!]));
    this.#wiring = wire(graph);
    this.#fixed = new Set([...graph.outputs, ...graph.nodes.flatMap(capturedBy)]);
  }

  build(): Graph {
    for (const [value, entry] of this.#assignment.inputs) this.#pair(value, value, entry);
    for (const node of this.#graph.nodes) {
      if (this.#codes.fused(node)) this.#fusedActivation(node);
      else this.#node(node);
    }
    this.#rewriter.removeUnread([...this.#dequantizers.keys()]);
    return this.#rewriter.finish();
  }

  /** The producer clamps already: its dequantised output is the activation's. */
  #fusedActivation(node: GraphNode): void {
    const [value] = node.outputs as [string];
    this.#current.set(value, this.#current.get(node.inputs[0]!)!);
  }

  #node(node: GraphNode): void {
    const form = integerForm(node, this.#graph);
    const inputs = node.inputs.map((value, index) => {
      if (value === '') return '';
      const held = this.#codes.held(node, index);
      const constant = this.#graph.initializers.get(value);
      if (constant !== undefined) return this.#constant(node, value, constant, held);
      const name = this.#current.get(value) ?? value;
      const read = held === undefined ? name : this.#edge(node, index, name, held);
      const spread = index === 0 ? this.#floatWeights.get(node) : undefined;
      return spread ? this.#spread(read, spread) : read;
    });
    const rounded = (value: string): QuantizedTensor | undefined => {
      const entry = value === '' ? undefined : this.#codes.written(value);
      // What only moves values of a grid leaves them on it, and a pair behind it would be moved in front by ONNX Runtime.
      const moves = !('reason' in form) && form.kind === 'same-scale';
      return entry !== undefined && moves && formatNamed(entry.format).kind !== 'integer' ? undefined : entry;
    };
    const outputs = node.outputs.map((value) => {
      const final = this.#finalName(value);
      const coded = rounded(value) !== undefined;
      // The dequantised value keeps the name, so the exact value before it needs another.
      if (coded && this.#fixed.has(final)) return this.#rewriter.value(`${value}_exact`);
      return value;
    });
    const clamp = node.outputs.some((value) => this.#isRoundedToFloats(value)) && clampOf(node, this.#graph);
    if (clamp) this.#bounded(node.name, inputs[0]!, outputs[0]!, boundsOfClamp(clamp));
    else this.#rewriter.copy(node, inputs, outputs);
    node.outputs.forEach((value, index) => {
      const entry = rounded(value);
      if (entry !== undefined) this.#pair(value, outputs[index]!, entry, this.#finalName(value));
    });
  }

  /** Whether a value is written or read in codes that are floats: ONNX Runtime drops or fails on a Relu or Clip in front of them. */
  #isRoundedToFloats(value: string): boolean {
    const entries = [
      this.#codes.written(value),
      ...this.#wiring.consumers(value).map(({ node, index }) => this.#codes.edge(node, index)),
    ];
    return entries.some((entry) => entry !== undefined && formatNamed(entry.format).kind !== 'integer');
  }

  /** The value behind a fused activation; otherwise the value itself. */
  #finalName(value: string): string {
    return this.#fusedOutputs.get(value) ?? value;
  }

  /** QuantizeLinear and DequantizeLinear behind a value. */
  #pair(value: string, from: string, entry: QuantizedTensor, final = value): void {
    const keepsName = this.#fixed.has(final) && from !== final;
    const parameters = this.#parameters(value, entry);
    const coded = this.#quantize(value, from, entry, parameters);
    const to = keepsName ? final : this.#rewriter.value(`${final}_dequantized`);
    this.#dequantize(final, [coded, ...parameters], to, entry);
    this.#current.set(value, to);
  }

  #written(entry: QuantizedTensor): NumberFormat {
    return writtenFormat(entry, this.#weightContainers.get(entry) ?? this.#container);
  }

  /** Codes of a float value, clamped where the codes in use are fewer than the type holds. */
  #quantize(label: string, from: string, entry: QuantizedTensor, parameters: readonly [string, string]): string {
    const coded = this.#rewriter.value(`${label}_quantized`);
    this.#rewriter.add(
      'QuantizeLinear',
      '',
      this.#rewriter.nodeName(`${label}_QuantizeLinear`),
      [from, ...parameters],
      [coded],
    );
    const { dtype, kind } = this.#written(entry);
    if (kind !== 'integer') return coded;
    const [low, high] = integerRange(dtype);
    if (entry.range[0] <= low && entry.range[1] >= high) return coded;
    if (dtype !== 'int8' && dtype !== 'uint8')
      fail(
        'export/code-range',
        `“${label}” uses the codes ${entry.range.join(' to ')} of ${entry.format}; ONNX cannot clamp ${dtype}.`,
        {
          fix: 'Use an affine scheme for it, or an 8-bit format.',
        },
      );
    const bound = (code: number, name: string) =>
      this.#rewriter.constant(`${label}_${name}`, codeTensor(dtype, [], Int32Array.of(code)));
    const clamped = this.#rewriter.value(`${label}_clamped`);
    const bounds = [bound(entry.range[0], 'lowest_code'), bound(entry.range[1], 'highest_code')];
    this.#rewriter.add('Clip', '', this.#rewriter.nodeName(`${label}_Clip`), [coded, ...bounds], [clamped]);
    return clamped;
  }

  /**
   * Values of codes. Of floats with a Max behind, and a Min if need be: a fused activation's bounds, or the format's own, which
   * change nothing but keep ONNX Runtime from fusing layers between floats, for which it has no kernels. (Its optimiser fails on
   * a Clip, or drops a Relu, that stands in front of a QuantizeLinear to floats; the two it leaves alone.)
   */
  #dequantize(label: string, inputs: readonly string[], to: string, entry: QuantizedTensor): void {
    const format = this.#written(entry);
    const bounds = format.kind === 'integer' ? [] : boundsOf(format, entry);
    const name = this.#rewriter.nodeName(`${label}_DequantizeLinear`);
    const value = bounds.length === 0 ? to : this.#rewriter.value(`${label}_unbounded`);
    this.#rewriter.add('DequantizeLinear', '', name, inputs, [value]);
    if (bounds.length === 0) this.#dequantizers.set(to, { coded: inputs[0]!, entry });
    this.#bounded(label, value, to, bounds);
  }

  /** Max and Min with constants. */
  #bounded(label: string, from: string, to: string, bounds: readonly Bound[]): void {
    let value = from;
    for (const [at, [op, bound]] of bounds.entries()) {
      const last = value;
      value = at === bounds.length - 1 ? to : this.#rewriter.value(`${label}_bounded`);
      const constant = this.#rewriter.constant(`${label}_${op}`, float32Tensor([], Float32Array.of(bound)));
      this.#rewriter.add(op, '', this.#rewriter.nodeName(`${label}_${op}`), [last, constant], [value]);
    }
  }

  /** What a DequantizeLinear gives, by one that states its scale for every index of an axis. */
  #spread(value: string, { axis, length }: SpreadAxis): string {
    const known = this.#dequantizers.get(value);
    if (known === undefined) return value;
    const { coded, entry } = known;
    return remembered(this.#edges, JSON.stringify([value, axis]), () => {
      const label = `${value}_axis_${axis}`;
      const format = this.#written(entry);
      const [scale, zero] = [carriedScale(format, entry.scale)[0]!, entry.zeroPoint[0]!];
      const parameters = [
        this.#rewriter.constant(`${label}_scale`, float32Tensor([length], new Float32Array(length).fill(scale))),
        this.#rewriter.constant(
          `${label}_zero_point`,
          codeTensor(format.dtype, [length], new Int32Array(length).fill(zero)),
        ),
      ];
      const to = this.#rewriter.value(label);
      const name = this.#rewriter.nodeName(`${label}_DequantizeLinear`);
      this.#rewriter.add('DequantizeLinear', '', name, [coded, ...parameters], [to], { axis: intAttributeOf(axis) });
      return to;
    });
  }

  /** An input in codes of its own; readers of one value in the same codes share what rounds it. */
  #edge(node: GraphNode, index: number, from: string, entry: QuantizedTensor): string {
    const { format, scale, zeroPoint, range } = entry;
    const key = JSON.stringify([from, format, scale[0], zeroPoint[0], range]);
    const known = this.#edges.get(key);
    if (known !== undefined) return known;
    const label = this.#rewriter.value(`${node.name}_input_${index}`);
    const parameters = this.#parameters(label, entry);
    const coded = this.#quantize(label, from, entry, parameters);
    const to = this.#rewriter.value(`${label}_dequantized`);
    this.#dequantize(label, [coded, ...parameters], to, entry);
    this.#edges.set(key, to);
    return to;
  }

  /** A constant as it is, or its codes behind a DequantizeLinear. */
  #constant(node: GraphNode, value: string, constant: Tensor, held: QuantizedTensor | undefined): string {
    if (!hasCodes(held)) {
      this.#rewriter.keepConstant(value);
      return value;
    }
    const format = this.#written(held);
    const { dtype, sum } = format;
    const label = `${node.name}_${value}`;
    if (sum !== undefined)
      return this.#sum(
        label,
        tensorsOf(held, sum).map((term) => this.#constant(node, value, constant, term)),
      );
    if (dtype === 'float32') {
      const values = () => decodeTensor(held.codes, constant.dims, held);
      return this.#rewriter.constant(`${label}_rounded`, derivedTensor([constant], 'float32', constant.dims, values));
    }
    if (dtype === 'float16' || dtype === 'bfloat16')
      return this.#cast(label, this.#store(value, held, format, constant));
    const blocks = held.blocks ?? (isFusedInVain(dtype) ? axisBlocks(constant.dims, held.axis) : undefined);
    const codes = this.#store(value, held, format, blocks ?? constant);
    if (blocks !== undefined) return this.#blocked(label, codes, held, blocks, constant.dims);
    const parameters = this.#parameters(label, held);
    // int32 has no zero point: it is zero by definition.
    const inputs = dtype === 'int32' ? [codes, parameters[0]] : [codes, ...parameters];
    const to = this.#rewriter.value(`${label}_dequantized`);
    const axis = held.axis === undefined || held.scale.length === 1 ? {} : { axis: intAttributeOf(held.axis) };
    this.#rewriter.add(
      'DequantizeLinear',
      '',
      this.#rewriter.nodeName(`${label}_DequantizeLinear`),
      inputs,
      [to],
      axis,
    );
    return to;
  }

  #sum(label: string, terms: readonly string[]): string {
    return terms.reduce((left, right) => {
      const to = this.#rewriter.value(`${label}_sum`);
      this.#rewriter.add('Add', '', this.#rewriter.nodeName(`${label}_Add`), [left, right], [to]);
      return to;
    });
  }

  /** A 16-bit float is a number as it is. */
  #cast(label: string, codes: string): string {
    const to = this.#rewriter.value(`${label}_float`);
    this.#rewriter.add('Cast', '', this.#rewriter.nodeName(`${label}_Cast`), [codes], [to], { to: intAttributeOf(1) });
    return to;
  }

  /** Codes of a view, dequantised by blocks and brought into the weight's own shape. */
  #blocked(label: string, codes: string, held: QuantizedTensor, blocks: Blocks, dims: readonly number[]): string {
    const format = this.#written(held);
    const scales = blockScales(blocks);
    const own = carriedScale(format, held.scale);
    // Of groups along one axis the very scales of the assignment: millions, which are not to be there twice.
    const isInOrder = scales.blocks.length === own.length && scales.blocks.every((block, i) => block === i);
    const scale = float32Tensor(
      scales.dims,
      isInOrder ? own : Float32Array.from(scales.blocks, (block) => own[block]!),
    );
    const zeros = Int32Array.from(scales.blocks, (block) => held.zeroPoint[block]!);
    const parameters = [
      this.#rewriter.constant(`${label}_scale`, scale),
      ...(zeros.some((zero) => zero !== 0)
        ? [this.#rewriter.constant(`${label}_zero_point`, codeTensor(format.dtype, scales.dims, zeros))]
        : []),
    ];
    const flat = this.#rewriter.value(`${label}_dequantized`);
    this.#rewriter.add(
      'DequantizeLinear',
      '',
      this.#rewriter.nodeName(`${label}_DequantizeLinear`),
      [codes, ...parameters],
      [flat],
      {
        axis: intAttributeOf(scales.axis),
        ...(scales.blockSize !== undefined && { block_size: intAttributeOf(scales.blockSize) }),
      },
    );
    if (blocks.dims.length === dims.length && blocks.dims.every((dim, axis) => dim === dims[axis])) return flat;
    const to = this.#rewriter.value(`${label}_reshaped`);
    const shape = this.#rewriter.constant(`${label}_shape`, int64Tensor([dims.length], dims));
    this.#rewriter.add('Reshape', '', this.#rewriter.nodeName(`${label}_Reshape`), [flat, shape], [to]);
    return to;
  }

  /** The value that gives the elements of codes: a constant, or what operators unpack. */
  #store(
    value: string,
    held: QuantizedTensor & { readonly codes: TensorData },
    format: NumberFormat,
    view: { readonly dims: readonly number[] },
  ): string {
    const tensor = codeTensorOf(held, format, view);
    const known = this.#stored.get(value) ?? [];
    const same = known.find(({ codes }) => sameCodes(codes.data as Int8Array, tensor.data as Int8Array));
    if (same !== undefined) return same.name;
    const name =
      isPacked(format) && isSmallerPacked(elementCount(view.dims), format.bits)
        ? this.#packed.write(value, () => held.codes, format, tensor)
        : this.#rewriter.constant(`${value}_quantized`, tensor);
    this.#stored.set(value, [...known, { codes: tensor, name }]);
    return name;
  }

  /** Names of scale and zero point. */
  #parameters(label: string, entry: QuantizedTensor): readonly [string, string] {
    const known = entry.group === undefined ? undefined : this.#shared.get(entry.group);
    if (known !== undefined) return known;
    const dims = entry.axis === undefined || entry.scale.length === 1 ? [] : [entry.scale.length];
    const format = this.#written(entry);
    const { dtype } = format;
    const scale = this.#rewriter.constant(`${label}_scale`, float32Tensor(dims, carriedScale(format, entry.scale)));
    const names = [
      scale,
      dtype === 'int32' ? '' : this.#rewriter.constant(`${label}_zero_point`, codeTensor(dtype, dims, entry.zeroPoint)),
    ] as const;
    if (entry.group !== undefined) this.#shared.set(entry.group, names);
    return names;
  }
}

/** An operator that bounds a value, and its bound. */
type Bound = readonly ['Max' | 'Min', number];

/** What bounds values as a Relu or Clip does; as a Max with nothing where that bounds nothing. */
function boundsOfClamp({ min, max }: Clamp): Bound[] {
  const upper = max < Number.POSITIVE_INFINITY ? [['Min', max] as const] : [];
  return min > Number.NEGATIVE_INFINITY || upper.length === 0 ? [['Max', min], ...upper] : upper;
}

/** Bounds of an activation in floats; the upper one only where it is below the format's own. */
function boundsOf(format: NumberFormat, { scale, range, clamp }: QuantizedTensor): Bound[] {
  const { encode, decode } = format.coder({ scale: scale[0]!, zeroPoint: 0 }, range);
  const most = decode(encode(Number.POSITIVE_INFINITY));
  const lower = ['Max', clamp?.min ?? -most] as const;
  return clamp !== undefined && clamp.max < most ? [lower, ['Min', clamp.max]] : [lower];
}

/**
 * Types that ONNX Runtime 1.30 fuses with the layer that reads them and then cannot compute: it has no QLinearConv for 8-bit
 * floats and 2-bit integers, and transposes packed 2-bit matrices wrongly. Dequantised as a view that is reshaped, they stay apart.
 */
function isFusedInVain(dtype: DataType): boolean {
  return dtype.startsWith('float8') || dtype === 'int2' || dtype === 'uint2';
}
