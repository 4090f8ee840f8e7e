import { changed, onnx } from '../onnx/proto.ts';
import { isExternal, tensorToProto } from '../onnx/tensor-proto.ts';
import type { Tensor } from '../tensor.ts';
import { attributeToProto } from './attributes.ts';
import { domainOf } from './functions.ts';
import type { Graph, GraphNode, Model } from './graph.ts';
import { computedOrigin, sparseOrigin, tensorOrigin } from './origins.ts';
import { anyTypeToProto, sameType, valueTypeFromProto } from './value-types.ts';

/**
 * The message of a model: what was read and not changed is written as it was, with all that nothing here computes with
 * (metadata, functions, doc strings, annotations, unknown fields). Nodes that had no name get theirs.
 */
export function modelToProto(model: Model): onnx.ModelProto {
  const { origin } = model;
  return changed(origin ?? new onnx.ModelProto(), {
    ir_version: model.irVersion,
    producer_name: model.producerName || origin?.producer_name,
    producer_version: model.producerVersion || origin?.producer_version,
    graph: graphToProto(model.graph, model.irVersion < 4),
    opset_import: opsetImports(model),
    metadata_props: metadataProps(model),
  });
}

function opsetImports(model: Model): onnx.OperatorSetIdProto[] {
  const before = model.origin?.opset_import ?? [];
  const wanted = new Map(model.graph.opsets);
  const kept: onnx.OperatorSetIdProto[] = [];
  for (const entry of before) {
    const domain = domainOf(entry.domain);
    const version = wanted.get(domain);
    if (version === undefined) continue;
    wanted.delete(domain);
    kept.push(Number(entry.version) === version ? entry : changed(entry, { version }));
  }
  // A domain that the file did not import is written only where a node needs it.
  const used = usedDomains(model.graph);
  for (const [domain, version] of wanted)
    if (used.has(domain)) kept.push(new onnx.OperatorSetIdProto({ domain, version }));
  return kept;
}

function usedDomains(graph: Graph): Set<string> {
  const used = new Set<string>();
  for (const node of graph.nodes) {
    used.add(node.domain);
    for (const attribute of Object.values(node.attributes)) {
      const inner = attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [];
      for (const domain of inner.flatMap((own) => [...usedDomains(own)])) used.add(domain);
    }
  }
  return used;
}

function metadataProps(model: Model): onnx.StringStringEntryProto[] {
  const before = new Map(model.origin?.metadata_props.map((entry) => [entry.key ?? '', entry]));
  return [...model.metadata].map(([key, value]) => {
    const entry = before.get(key);
    return entry?.value === value ? entry : new onnx.StringStringEntryProto({ key, value });
  });
}

/** `constantsAreInputs`: before IR 4 every initializer had to be listed among the inputs. */
function graphToProto(given: Graph, constantsAreInputs: boolean): onnx.GraphProto {
  const graph = withComputation(given);
  const { origin } = graph;
  const before = new Map<string, onnx.ValueInfoProto>();
  for (const info of [...(origin?.input ?? []), ...(origin?.output ?? [])]) before.set(info.name ?? '', info);
  const info = (name: string): onnx.ValueInfoProto => {
    const own = before.get(name);
    const type = graph.types.get(name) ?? graph.containers?.get(name);
    if (own !== undefined && (type === undefined || covers(own, graph, name))) return own;
    return changed(own ?? new onnx.ValueInfoProto({ name }), type ? { type: anyTypeToProto(type) } : {});
  };
  // Constants that were inputs as well stay so: a caller may override them.
  const overridable = (origin?.input ?? []).filter((entry) => graph.initializers.has(entry.name ?? ''));
  const listed = new Set(overridable.map((entry) => entry.name ?? ''));
  const added = constantsAreInputs ? [...graph.initializers.keys()].filter((name) => !listed.has(name)) : [];
  const inputs = [...graph.inputs, ...listed, ...added].map(info);
  const order = new Map(origin?.input.map((entry, index) => [entry.name ?? '', index]));
  inputs.sort((a, b) => (order.get(a.name ?? '') ?? Infinity) - (order.get(b.name ?? '') ?? Infinity) || 0);
  const gone = goneValues(graph);
  return changed(origin ?? new onnx.GraphProto(), {
    name: graph.name || origin?.name,
    node: graph.nodes.map(nodeToProto),
    initializer: [...graph.initializers]
      .filter(([, tensor]) => sparseOrigin(tensor) === undefined)
      .map(([name, tensor]) => initializerToProto(name, tensor)),
    sparse_initializer: [...graph.initializers].flatMap(([name, tensor]) => sparseToProto(name, tensor)),
    input: inputs,
    output: graph.outputs.map(info),
    value_info: (origin?.value_info ?? []).filter(
      (entry) => !gone.has(entry.name ?? '') && covers(entry, graph, entry.name ?? ''),
    ),
  });
}

/** Codes that the file computed of constants are computed in what is written too, as long as no name of that means something else now. */
function withComputation(graph: Graph): Graph {
  const nodes = new Set<GraphNode>();
  const initializers = new Map(graph.initializers);
  const produced = new Set([...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)]);
  const names = new Set(graph.nodes.map(({ name }) => name));
  for (const [name, tensor] of graph.initializers) {
    const origin = computedOrigin(tensor);
    if (origin?.value !== name || origin.opset !== graph.opsets.get('')) continue;
    const { constants } = origin;
    const isTaken = (value: string) =>
      produced.has(value) ||
      (value !== name && initializers.has(value) && initializers.get(value) !== constants.get(value));
    const values = [...constants.keys(), ...origin.nodes.flatMap(({ outputs }) => outputs)];
    if (values.some(isTaken) || origin.nodes.some((node) => names.has(node.name))) continue;
    initializers.delete(name);
    for (const node of origin.nodes) nodes.add(node);
    for (const [constant, own] of constants) initializers.set(constant, own);
  }
  return nodes.size === 0 ? graph : { ...graph, nodes: [...nodes, ...graph.nodes], initializers };
}

/** Values that the file computed or stored and that the graph does not have any more. */
function goneValues(graph: Graph): Set<string> {
  const gone = new Set<string>();
  for (const node of graph.origin?.node ?? []) for (const name of node.output) gone.add(name);
  for (const tensor of graph.origin?.initializer ?? []) gone.add(tensor.name ?? '');
  for (const node of graph.nodes) for (const name of node.outputs) gone.delete(name);
  for (const name of graph.initializers.keys()) gone.delete(name);
  return gone;
}

/** Whether what the file says of a value is no contradiction to what is known of it. */
function covers(info: onnx.ValueInfoProto, graph: Graph, name: string): boolean {
  const declared = valueTypeFromProto(info.type);
  const type = graph.types.get(name);
  if (declared === undefined || type === undefined || sameType(declared, type)) return true;
  if (declared.dtype !== type.dtype) return false;
  if (declared.dims === undefined || type.dims === undefined) return true;
  if (declared.dims.length !== type.dims.length) return false;
  return declared.dims.every(
    (dim, i) => typeof dim !== 'number' || typeof type.dims![i] !== 'number' || dim === type.dims![i],
  );
}

function initializerToProto(name: string, tensor: Tensor): onnx.TensorProto {
  const origin = tensorOrigin(tensor);
  if (origin === undefined || isExternal(origin)) return tensorToProto(tensor, name);
  return origin.name === name ? origin : changed(origin, { name });
}

function sparseToProto(name: string, tensor: Tensor): onnx.SparseTensorProto[] {
  const origin = sparseOrigin(tensor);
  if (origin === undefined) return [];
  return [
    origin.values?.name === name
      ? origin
      : changed(origin, { values: origin.values && changed(origin.values, { name }) }),
  ];
}

function nodeToProto(node: GraphNode): onnx.NodeProto {
  const { origin } = node;
  const attributes = Object.entries(node.attributes).map(([name, attribute]) =>
    attributeToProto(name, attribute, (graph) => graphToProto(graph, false)),
  );
  return changed(origin ?? new onnx.NodeProto(), {
    input: sameNames(origin?.input, node.inputs) ? origin!.input : [...node.inputs],
    output: sameNames(origin?.output, node.outputs) ? origin!.output : [...node.outputs],
    name: node.name,
    op_type: node.op,
    domain: origin !== undefined && domainOf(origin.domain) === node.domain ? origin.domain : node.domain,
    attribute: attributes,
  });
}

/** Equal but for empty names at the end. */
function sameNames(before: readonly string[] | undefined, now: readonly string[]): boolean {
  if (before === undefined || before.length < now.length) return false;
  return before.every((name, i) => name === (now[i] ?? ''));
}
