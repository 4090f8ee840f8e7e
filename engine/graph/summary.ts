import { type Finding, FindingError } from '../findings.ts';
import { isLazy } from '../lazy-tensor.ts';
import { storedBytes } from '../onnx/data-types.ts';
import { constantValue } from '../operators/generator/constant.ts';
import { type InferContext, isEvaluable, type Operator } from '../operators/operator.ts';
import { findOperator } from '../operators/registry.ts';
import { shown } from '../operators/shared/attributes.ts';
import { costCount } from '../operators/shared/types.ts';
import { resolvePads, windowOf } from '../operators/shared/windows.ts';
import { floatNetwork } from '../quantized/float-network.ts';
import { type QuantizedStyle, quantizedStyle } from '../quantized/recognize.ts';
import { type DataType, elementCount, type Tensor, type ValueType } from '../tensor.ts';
import { formatType } from '../value.ts';
import { subgraphsOf, valuesCaptured, valuesRead } from './captures.ts';
import type { Attribute, Graph, GraphNode, Model } from './graph.ts';
import { inferTypes } from './infer.ts';
import { peakBytes } from './liveness.ts';
import { bytesInFile } from './origins.ts';

/**
 * All that a person, a spec or a target asks of a model, but the bytes of its weights: plain JSON, the same for the
 * language server, the command line and the viewer. Made by `summarize`.
 */
export interface ModelSummary {
  /** Grows when the meaning of a field changes; part of cache keys. */
  readonly version: 1;
  readonly name: string;
  readonly irVersion: number;
  readonly producer: string;
  /** Operator-set version per domain; the ONNX domain is ''. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly ValueSummary[];
  readonly outputs: readonly ValueSummary[];
  /** In topological order; nodes of subgraphs and of model-local functions are inside their caller. */
  readonly layers: readonly LayerSummary[];
  readonly totals: ModelTotals;
  readonly findings: readonly Finding[];
  /** Absent: nothing of the model is in codes. */
  readonly quantized?: QuantizedSummary;
}

/** A model that is quantised already. */
export interface QuantizedSummary {
  readonly style: QuantizedStyle;
  /** Of the float network that its codes stand for. */
  readonly float?: ModelSummary;
  /** Why there is none, as the end of a sentence. */
  readonly reason?: string;
}

/** A dimension is a number, a name (`"N"`), or null (unknown). `shape` null: unknown rank. */
export type SummaryShape = readonly (number | string | null)[] | null;

export interface ValueSummary {
  readonly name: string;
  /** null: not known. */
  readonly dtype: DataType | null;
  readonly shape: SummaryShape;
  /** What it is where it is no tensor: `sequence of float32`. */
  readonly container?: string;
}

export interface LayerInput extends ValueSummary {
  /** `constant`: stored in the model or computed from nothing else; `absent`: an optional input left out (its name is empty). */
  readonly kind: 'activation' | 'constant' | 'absent';
  /** Elements of small constants that say how a layer works, in row-major order: shapes, axes, limits. Weights never. */
  readonly values?: readonly number[];
}

export interface LayerSummary {
  /** Unique and stable; `Conv_12` where the file gives none. */
  readonly name: string;
  readonly op: string;
  /** '' for the ONNX domain. */
  readonly domain: string;
  readonly inputs: readonly LayerInput[];
  readonly outputs: readonly ValueSummary[];
  /** Values of the graph that the bodies of an If, Loop or Scan read without being given them as inputs. */
  readonly captures?: readonly LayerInput[];
  /** Of convolutions and pools, in the order of the spatial axes. */
  readonly kernel?: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  /** Begin values of all axes, then end values. */
  readonly pads?: readonly number[];
  readonly groups?: number;
  /** Attributes that are numbers, strings or lists of them, by name. */
  readonly attributes: Readonly<Record<string, number | string | readonly (number | string)[]>>;
  /** Names of those that are floats or lists of them though all their values are whole. */
  readonly floats?: readonly string[];
  /** Elements of the constant inputs that are weights, biases or normalisation constants. */
  readonly parameters: number;
  /** Bytes of the weights as stored (packed for types of less than a byte), and of the bias. */
  readonly weightBytes: number;
  readonly biasBytes: number;
  /** For one execution with unknown dimensions taken as 1. */
  readonly macs: number;
  readonly operations: number;
  /** Bytes of the activations read and written, unknown dimensions taken as 1. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Names of the layers that read an output of this one; the model's outputs are not among them. */
  readonly consumers: readonly string[];
  /** Names of the layers whose outputs this one reads. */
  readonly producers: readonly string[];
  /** Part in quantisation; null: stays float. */
  readonly quantization: 'compute' | 'weight-only' | 'same-scale' | 'elementwise' | 'activation' | null;
  /** Index of the input that is the weight and of the one that is the bias; null where there is none. */
  readonly weightInput: number | null;
  readonly biasInput: number | null;
  /** Index of a second weight: that of the state of a recurrent layer. */
  readonly recurrentInput?: number;
  /** `first` and `last` in topological order among the layers that have weights or multiply matrices (`multiplies`). */
  readonly position: { readonly index: number; readonly first: boolean; readonly last: boolean };
  /** False where the operator is not registered or cannot be run. */
  readonly supported: boolean;
}

/** Whether a layer has weights or multiplies matrices: a product, or a recurrent layer. */
export function multiplies({ quantization }: Pick<LayerSummary, 'quantization'>): boolean {
  return quantization === 'compute' || quantization === 'weight-only';
}

export interface ModelTotals {
  readonly layers: number;
  readonly computeLayers: number;
  readonly parameters: number;
  /** Bytes of all initializers as stored. */
  readonly constantBytes: number;
  readonly macs: number;
  readonly operations: number;
  /** Largest sum of live activations over the layers in order, unknown dimensions taken as 1. */
  readonly peakActivationBytes: number;
}

export interface SummaryOptions {
  /** Shapes to assume for inputs with symbolic dimensions. */
  readonly inputDims?: ReadonlyMap<string, readonly number[]>;
}

/** Longest list among the attributes and values of a summary; no attribute that a selector asks for is longer. */
const attributeLimit = 64;

/**
 * Summarises a model without touching the elements of its large tensors: those stay views of the file that nobody
 * reads. Never throws for a malformed node; what is not known of it is null or 0.
 */
export function summarize(model: Model, options: SummaryOptions = {}): ModelSummary {
  const own = summarizeGraph(model, options);
  const style = quantizedStyle(model.graph.nodes);
  if (style === undefined) return own;
  const float = floatNetwork(model.graph);
  const found = 'reason' in float ? float : { float: summarizeGraph({ ...model, graph: float }, options) };
  return { ...own, quantized: { style, ...found } };
}

function summarizeGraph(model: Model, options: SummaryOptions): ModelSummary {
  const graph: Graph =
    options.inputDims === undefined
      ? model.graph
      : { ...model.graph, types: inferTypes(model.graph, { inputDims: options.inputDims }).types };
  const facts = new Facts(graph, options);
  const layers = graph.nodes.map((node, index) => facts.layer(node, index));
  const compute = layers.filter(multiplies);
  const marked = layers.map((layer) => ({
    ...layer,
    position: { index: layer.position.index, first: layer === compute[0], last: layer === compute.at(-1) },
  }));
  const bodies = graph.nodes.flatMap(bodyConstants);
  const sum = (select: (layer: LayerSummary) => number) => layers.reduce((total, layer) => total + select(layer), 0);
  return {
    version: 1,
    name: graph.name,
    irVersion: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    opsets: Object.fromEntries(graph.opsets),
    metadata: Object.fromEntries(model.metadata),
    inputs: graph.inputs.map((name) => facts.value(name)),
    outputs: graph.outputs.map((name) => facts.value(name)),
    layers: marked,
    totals: {
      layers: layers.length,
      computeLayers: compute.length,
      parameters:
        facts.parameters() + bodies.filter(isLearned).reduce((count, own) => count + elementCount(own.dims), 0),
      constantBytes: [...facts.constants.values(), ...bodies].reduce((total, tensor) => total + tensorBytes(tensor), 0),
      macs: sum((layer) => layer.macs),
      operations: sum((layer) => layer.operations),
      peakActivationBytes: peakBytes(graph, (name) => facts.activationBytes(name)),
    },
    findings: [...model.findings, ...bodyFinding(graph)],
  };
}

/** What the layers of one summary have in common. */
class Facts {
  readonly graph: Graph;
  /** Initializers and the values of Constant nodes. */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Types with every unknown dimension of an input taken as 1, for costs. */
  private readonly concrete: ReadonlyMap<string, ValueType>;
  private readonly known: ReadonlyMap<string, Tensor>;
  private readonly producers = new Map<string, string>();
  private readonly consumers = new Map<string, Set<string>>();
  private readonly weights = new Set<string>();
  /** Values that nodes make of constants alone, such as a weight behind a Reshape: folding makes initializers of them. */
  private readonly computed = new Set<string>();

  constructor(graph: Graph, options: SummaryOptions) {
    this.graph = graph;
    const inference = inferTypes(graph, { ...options, freeDimension: 1 });
    this.concrete = inference.types;
    this.known = inference.constants;
    const constants = new Map(graph.initializers);
    for (const node of graph.nodes) {
      if (node.op === 'Constant' && node.domain === '' && node.outputs[0]) {
        const value = guarded(() => constantValue(node));
        if (value !== undefined) constants.set(node.outputs[0], value);
      }
      for (const name of node.outputs) if (name !== '') this.producers.set(name, node.name);
      if (
        isRearrangement(node) &&
        node.inputs.every((name) => name === '' || constants.has(name) || this.computed.has(name))
      )
        for (const name of node.outputs) this.computed.add(name);
      for (const name of valuesRead(node)) {
        const readers = this.consumers.get(name) ?? new Set();
        this.consumers.set(name, readers.add(node.name));
      }
    }
    this.constants = constants;
  }

  value(name: string): ValueSummary {
    const container = this.graph.containers?.get(name);
    if (container !== undefined) return { name, dtype: null, shape: null, container: formatType(container) };
    const type = this.graph.types.get(name);
    return { name, dtype: type?.dtype ?? null, shape: type?.dims?.map((dim) => dim ?? null) ?? null };
  }

  layer(node: GraphNode, index: number): LayerSummary {
    const opset = this.graph.opsets.get(node.domain) ?? 1;
    const operator = findOperator(node.domain, node.op, opset);
    const role = operator?.quantization;
    const weightInput = role?.kind === 'compute' || role?.kind === 'weight-only' ? role.weight : undefined;
    const biasInput = role?.kind === 'compute' ? role.bias : undefined;
    const parameters = this.parameterInputs(node);
    for (const name of parameters) this.weights.add(name);
    const bias = biasInput === undefined ? undefined : this.constants.get(node.inputs[biasInput] ?? '');
    const inBodies = bodyConstants(node).filter(isLearned);
    const bytes = [...parameters.map((name) => this.constants.get(name)!), ...inBodies].reduce(
      (sum, tensor) => sum + tensorBytes(tensor),
      0,
    );
    const biasBytes = bias === undefined ? 0 : tensorBytes(bias);
    return {
      name: node.name,
      op: node.op,
      domain: node.domain,
      inputs: node.inputs.map((name) => ({ ...this.value(name), kind: this.kindOf(name), ...this.values(name, node) })),
      outputs: node.outputs.map((name) => this.value(name)),
      ...this.captures(node),
      ...this.window(node),
      attributes: plainAttributes(node.attributes),
      ...wholeFloats(node.attributes),
      parameters: [...parameters.map((name) => this.constants.get(name)!), ...inBodies].reduce(
        (sum, tensor) => sum + elementCount(tensor.dims),
        0,
      ),
      weightBytes: bytes - biasBytes,
      biasBytes,
      ...this.cost(node, operator, opset),
      inputBytes: [...new Set(node.inputs)].reduce((sum, name) => sum + this.activationBytes(name), 0),
      outputBytes: node.outputs.reduce((sum, name) => sum + this.activationBytes(name), 0),
      consumers: [...new Set(node.outputs.flatMap((name) => [...(this.consumers.get(name) ?? [])]))],
      producers: [...new Set(valuesRead(node).flatMap((name) => this.producers.get(name) ?? []))],
      quantization: role?.kind ?? null,
      weightInput: weightInput ?? null,
      biasInput: biasInput ?? null,
      ...(role?.kind === 'weight-only' && { recurrentInput: role.recurrent }),
      position: { index, first: false, last: false },
      supported: isEvaluable(operator),
    };
  }

  private captures(node: GraphNode): Pick<LayerSummary, 'captures'> {
    const names = new Set(subgraphsOf(node).flatMap(valuesCaptured));
    if (names.size === 0) return {};
    return { captures: [...names].map((name) => ({ ...this.value(name), kind: this.kindOf(name) })) };
  }

  /** Elements of all distinct parameters of the layers seen so far. */
  parameters(): number {
    return [...this.weights].reduce((sum, name) => sum + elementCount(this.constants.get(name)!.dims), 0);
  }

  /** Bytes of a value in memory; 0 for constants, absent and unknown ones. */
  activationBytes(name: string): number {
    const type = this.concrete.get(name);
    if (type?.dims === undefined || this.constants.has(name)) return 0;
    return storedBytes(type.dtype, costCount(type.dims));
  }

  private kindOf(name: string): LayerInput['kind'] {
    if (name === '') return 'absent';
    return this.constants.has(name) || this.computed.has(name) ? 'constant' : 'activation';
  }

  /** Constant inputs that were learned or measured; shapes, axes, limits and scalars are not. */
  private parameterInputs(node: GraphNode): string[] {
    if (notLearned.has(node.op)) return [];
    return [...new Set(node.inputs)].filter((name) => {
      const tensor = this.constants.get(name);
      return tensor !== undefined && isLearned(tensor);
    });
  }

  private values(name: string, { op }: GraphNode): Pick<LayerInput, 'values'> {
    const tensor = this.constants.get(name);
    if (!tensor || isLazy(tensor) || !toldTypes.has(tensor.dtype) || elementCount(tensor.dims) > attributeLimit)
      return {};
    if (tensor.dtype.startsWith('float') && isLearned(tensor) && !notLearned.has(op)) return {};
    const values = Array.from(tensor.data as Iterable<number | bigint>, Number);
    return values.every(Number.isFinite) ? { values } : {};
  }

  private cost(node: GraphNode, operator: Operator | undefined, opset: number) {
    const context: InferContext = {
      opset,
      type: (name) => this.concrete.get(name),
      container: () => undefined,
      constant: (name) => this.known.get(name),
      dimensions: () => undefined,
      inferSubgraph: () => [],
    };
    const cost = operator?.cost && guarded(() => operator.cost!(node, context));
    if (cost !== undefined) return { macs: cost.macs, operations: cost.operations };
    const outputs = node.op === 'Constant' ? [] : node.outputs;
    return {
      macs: 0,
      operations: outputs.reduce((sum, name) => {
        const dims = this.concrete.get(name)?.dims;
        return sum + (dims === undefined ? 0 : costCount(dims));
      }, 0),
    };
  }

  private window(node: GraphNode): Pick<LayerSummary, 'kernel' | 'strides' | 'dilations' | 'pads' | 'groups'> {
    const weight = convolutions.get(node.op);
    if (weight === undefined && !Object.hasOwn(node.attributes, 'kernel_shape')) return {};
    return (
      guarded(() => {
        const dims = this.concrete.get(node.inputs[0] ?? '')?.dims;
        const kernel = weight === undefined ? undefined : this.concrete.get(node.inputs[weight] ?? '')?.dims?.slice(2);
        const rank = kernel?.length ?? (dims === undefined ? undefined : dims.length - 2);
        if (rank === undefined) return {};
        const window = windowOf(node, rank, kernel);
        const spatial = dims?.slice(2).map((dim) => (typeof dim === 'number' ? dim : 1));
        const pads = spatial && node.op !== 'ConvTranspose' ? resolvePads(window, spatial) : undefined;
        const { group } = node.attributes;
        return {
          kernel: window.kernel,
          strides: window.strides,
          dilations: window.dilations,
          pads: pads ? [...pads.begin, ...pads.end] : [...window.padsBegin, ...window.padsEnd],
          ...(weight !== undefined && { groups: group?.kind === 'int' ? Number(group.value) : 1 }),
        };
      }) ?? {}
    );
  }
}

/** Shapes, axes and scalars are not learned. */
function isLearned(tensor: Tensor): boolean {
  return tensor.dims.length > 0 && tensor.dtype !== 'int64' && tensor.dtype !== 'string';
}

/** Constants in the bodies of If, Loop and Scan, those of bodies in bodies included. */
function bodyConstants(node: GraphNode): Tensor[] {
  return subgraphsOf(node).flatMap((body) => [
    ...body.initializers.values(),
    ...body.nodes.flatMap((inner) => {
      const value = inner.op === 'Constant' && inner.domain === '' ? guarded(() => constantValue(inner)) : undefined;
      return value === undefined ? bodyConstants(inner) : [value];
    }),
  ]);
}

/** How often a body runs is known only while it runs, so its arithmetic is in no total. */
function bodyFinding(graph: Graph): Finding[] {
  const names = graph.nodes.filter((node) => subgraphsOf(node).length > 0).map((node) => shown(node.name));
  if (names.length === 0) return [];
  return [
    {
      code: 'model/body-costs',
      severity: 'information',
      what: `The bodies of ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''} are not layers of their own: their parameters are counted, their multiply-accumulates are not.`,
      why: 'Which branch runs, and how often, is known only at run time.',
    },
  ];
}

/** Operators with a kernel, and the input that holds it. */
const convolutions: ReadonlyMap<string, number> = new Map([
  ['Conv', 1],
  ['ConvTranspose', 1],
  ['ConvInteger', 1],
  ['QLinearConv', 3],
  ['QConv', 1],
]);

/** What exporters put between a stored weight and its reader. */
const rearrangements: ReadonlySet<string> = new Set([
  'Flatten',
  'Identity',
  'Reshape',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
]);

function isRearrangement({ op, domain, inputs }: GraphNode): boolean {
  return domain === '' && rearrangements.has(op) && inputs.length > 0;
}

const notLearned: ReadonlySet<string> = new Set(['Resize', 'Upsample', 'Clip']);

/** Element types of constants whose values a summary may tell. */
const toldTypes: ReadonlySet<DataType> = new Set(['float32', 'float64', 'int32', 'int64', 'bool']);

function tensorBytes(tensor: Tensor): number {
  if (tensor.dtype === 'string') return (tensor.data as string[]).reduce((sum, text) => sum + text.length, 0);
  return bytesInFile(tensor);
}

function plainAttributes(attributes: Readonly<Record<string, Attribute>>): LayerSummary['attributes'] {
  const plain: Record<string, number | string | readonly (number | string)[]> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    if (name === '__proto__') continue;
    if (attribute.kind === 'int') plain[name] = Number(attribute.value);
    else if (attribute.kind === 'float' || attribute.kind === 'string') plain[name] = attribute.value;
    else if (attribute.kind === 'ints' && attribute.value.length <= attributeLimit)
      plain[name] = attribute.value.map(Number);
    else if ((attribute.kind === 'floats' || attribute.kind === 'strings') && attribute.value.length <= attributeLimit)
      plain[name] = attribute.value;
  }
  return plain;
}

function wholeFloats(attributes: Readonly<Record<string, Attribute>>): Pick<LayerSummary, 'floats'> {
  const names = Object.keys(attributes).filter((name) => {
    const attribute = attributes[name]!;
    if (attribute.kind === 'float') return Number.isInteger(attribute.value);
    return attribute.kind === 'floats' && attribute.value.every(Number.isInteger);
  });
  return names.length > 0 ? { floats: names } : {};
}

function guarded<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}
