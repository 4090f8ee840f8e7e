import { fail } from '../findings.ts';
import { changed, onnx } from '../onnx/proto.ts';
import { lazyTensorFromProto, tensorToProto } from '../onnx/tensor-proto.ts';
import { bytesOfText, textOfBytes } from '../onnx/text.ts';
import type { Attribute, Graph } from './graph.ts';

const types = onnx.AttributeProto.AttributeType;

/** Converts subgraphs, which belong to the reader and the writer of graphs. */
export type SubgraphReader = (graph: onnx.GraphProto, attribute: string) => Graph;

/**
 * Attributes that were read and not changed since are written as they were: doc strings, number layouts and unknown
 * fields included. Holds no attribute alive.
 */
const origins = new WeakMap<Attribute, onnx.AttributeProto>();

export function attributeFromProto(proto: onnx.AttributeProto, where: string, subgraph: SubgraphReader): Attribute {
  const attribute = convert(proto, where, subgraph);
  // Subgraphs may be changed by their own passes and are always written anew.
  if (attribute.kind !== 'graph' && attribute.kind !== 'graphs') origins.set(attribute, proto);
  return attribute;
}

function convert(proto: onnx.AttributeProto, where: string, subgraph: SubgraphReader): Attribute {
  const name = proto.name ?? '';
  switch (kindOf(proto)) {
    case types.FLOAT:
      return { kind: 'float', value: proto.f ?? 0 };
    case types.INT:
      return { kind: 'int', value: proto.i ?? 0 };
    case types.STRING:
      return { kind: 'string', value: proto.s === undefined ? '' : textOfBytes(proto.s) };
    case types.TENSOR:
      if (proto.t === undefined) fail('model/attribute', `Attribute “${name}” of ${where} lacks its tensor.`);
      return { kind: 'tensor', value: lazyTensorFromProto(proto.t) };
    case types.GRAPH:
      if (proto.g === undefined) fail('model/attribute', `Attribute “${name}” of ${where} lacks its graph.`);
      return { kind: 'graph', value: subgraph(proto.g, name) };
    case types.FLOATS:
      return { kind: 'floats', value: proto.floats };
    case types.INTS:
      return { kind: 'ints', value: proto.ints };
    case types.STRINGS:
      return { kind: 'strings', value: proto.strings.map(textOfBytes) };
    case types.TENSORS:
      return { kind: 'tensors', value: proto.tensors.map((tensor) => lazyTensorFromProto(tensor)) };
    case types.GRAPHS:
      return { kind: 'graphs', value: proto.graphs.map((graph, i) => subgraph(graph, `${name}_${i}`)) };
    default:
      return { kind: 'opaque', value: proto };
  }
}

/** Files before IR 2 do not name the type; then the field that is there tells it. */
function kindOf(proto: onnx.AttributeProto): number {
  if (proto.type !== undefined && proto.type !== types.UNDEFINED) return proto.type;
  if (proto.f !== undefined) return types.FLOAT;
  if (proto.i !== undefined) return types.INT;
  if (proto.s !== undefined) return types.STRING;
  if (proto.t !== undefined) return types.TENSOR;
  if (proto.g !== undefined) return types.GRAPH;
  if (proto.floats.length > 0) return types.FLOATS;
  if (proto.ints.length > 0) return types.INTS;
  if (proto.strings.length > 0) return types.STRINGS;
  return types.UNDEFINED;
}

export function attributeToProto(
  name: string,
  attribute: Attribute,
  subgraph: (graph: Graph) => onnx.GraphProto,
): onnx.AttributeProto {
  const origin = origins.get(attribute);
  if (origin !== undefined) return origin.name === name ? origin : changed(origin, { name });
  switch (attribute.kind) {
    case 'float':
      return new onnx.AttributeProto({ name, type: types.FLOAT, f: attribute.value });
    case 'int':
      return new onnx.AttributeProto({ name, type: types.INT, i: attribute.value });
    case 'string':
      return new onnx.AttributeProto({ name, type: types.STRING, s: bytesOfText(attribute.value) });
    case 'tensor':
      return new onnx.AttributeProto({ name, type: types.TENSOR, t: tensorToProto(attribute.value) });
    case 'graph':
      return new onnx.AttributeProto({ name, type: types.GRAPH, g: subgraph(attribute.value) });
    case 'floats':
      return new onnx.AttributeProto({ name, type: types.FLOATS, floats: [...attribute.value] });
    case 'ints':
      return new onnx.AttributeProto({ name, type: types.INTS, ints: [...attribute.value] });
    case 'strings':
      return new onnx.AttributeProto({ name, type: types.STRINGS, strings: attribute.value.map(bytesOfText) });
    case 'tensors':
      return new onnx.AttributeProto({
        name,
        type: types.TENSORS,
        tensors: attribute.value.map((tensor) => tensorToProto(tensor)),
      });
    case 'graphs':
      return new onnx.AttributeProto({ name, type: types.GRAPHS, graphs: attribute.value.map(subgraph) });
    case 'opaque':
      return attribute.value as onnx.AttributeProto;
  }
}
