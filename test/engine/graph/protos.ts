import { elemTypeOf } from '../../../engine/onnx/data-types.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import type { DataType, Dimension, Tensor } from '../../../engine/tensor.ts';

type Value = number | string | readonly number[] | Tensor | onnx.GraphProto | onnx.AttributeProto;

/** A node as `node('Conv', 'x w', 'y', { group: 2 }, 'name')`; `_` stands for an input that is left out. */
export function node(
  op: string,
  inputs: string,
  outputs: string,
  attributes: Readonly<Record<string, Value>> = {},
  name?: string,
  domain?: string,
): onnx.NodeProto {
  const values = (text: string) => (text === '' ? [] : text.split(' ').map((value) => (value === '_' ? '' : value)));
  return new onnx.NodeProto({
    op_type: op,
    input: values(inputs),
    output: values(outputs),
    attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    name,
    domain,
  });
}

/** Whole numbers become ints, others floats, lists ints. */
function attribute(name: string, value: Value): onnx.AttributeProto {
  if (value instanceof onnx.AttributeProto) return value;
  const types = onnx.AttributeProto.AttributeType;
  if (value instanceof onnx.GraphProto) return new onnx.AttributeProto({ name, type: types.GRAPH, g: value });
  if (typeof value === 'string')
    return new onnx.AttributeProto({ name, type: types.STRING, s: new TextEncoder().encode(value) });
  if (typeof value === 'number' && Number.isInteger(value))
    return new onnx.AttributeProto({ name, type: types.INT, i: value });
  if (typeof value === 'number') return new onnx.AttributeProto({ name, type: types.FLOAT, f: value });
  if (Array.isArray(value)) return new onnx.AttributeProto({ name, type: types.INTS, ints: [...value] });
  return new onnx.AttributeProto({ name, type: types.TENSOR, t: tensorToProto(value as Tensor) });
}

export function valueInfo(name: string, dims?: readonly Dimension[], dtype: DataType = 'float32'): onnx.ValueInfoProto {
  const shape =
    dims &&
    new onnx.TensorShapeProto({
      dim: dims.map(
        (dim) =>
          new onnx.TensorShapeProto.Dimension(
            typeof dim === 'number' ? { dim_value: dim } : dim === undefined ? {} : { dim_param: dim },
          ),
      ),
    });
  const tensor_type = new onnx.TypeProto.Tensor({ elem_type: elemTypeOf(dtype), shape });
  return new onnx.ValueInfoProto({ name, type: new onnx.TypeProto({ tensor_type }) });
}

interface GraphParts {
  readonly nodes: readonly onnx.NodeProto[];
  /** Inputs by name with their shapes (float32), or as they are to be written. */
  readonly inputs?: Readonly<Record<string, readonly Dimension[] | onnx.ValueInfoProto>>;
  readonly outputs: readonly string[];
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly valueInfo?: readonly onnx.ValueInfoProto[];
}

export function graphProto(parts: GraphParts): onnx.GraphProto {
  return new onnx.GraphProto({
    name: 'test',
    node: [...parts.nodes],
    input: Object.entries(parts.inputs ?? {}).map(([name, dims]) =>
      dims instanceof onnx.ValueInfoProto ? dims : valueInfo(name, dims as readonly Dimension[]),
    ),
    output: parts.outputs.map((name) => new onnx.ValueInfoProto({ name })),
    initializer: Object.entries(parts.constants ?? {}).map(([name, tensor]) => tensorToProto(tensor, name)),
    value_info: [...(parts.valueInfo ?? [])],
  });
}

export function modelProto(
  parts: GraphParts & {
    readonly opset?: number;
    readonly opsets?: Readonly<Record<string, number>>;
    readonly functions?: readonly onnx.FunctionProto[];
    readonly irVersion?: number;
  },
): onnx.ModelProto {
  const opsets = { '': parts.opset ?? 17, ...parts.opsets };
  return new onnx.ModelProto({
    ir_version: parts.irVersion ?? 8,
    graph: graphProto(parts),
    opset_import: Object.entries(opsets).map(([domain, version]) => new onnx.OperatorSetIdProto({ domain, version })),
    functions: [...(parts.functions ?? [])],
  });
}
