import { dataTypeOf, elemTypeOf } from '../onnx/data-types.ts';
import { onnx } from '../onnx/proto.ts';
import type { Dimension, ValueType } from '../tensor.ts';
import { type AnyType, isTensorType } from '../value.ts';

/** Type of a tensor, sequence or optional; undefined for maps, sparse tensors and unknown element types. */
export function anyTypeFromProto(proto: onnx.TypeProto | undefined): AnyType | undefined {
  if (proto?.sequence_type !== undefined) {
    const element = valueTypeFromProto(proto.sequence_type.elem_type);
    // Shapes that are declared inside of sequences are not relied on: exporters, and ONNX's own suite, write wrong ones.
    return element && { kind: 'sequence', element: { dtype: element.dtype } };
  }
  if (proto?.optional_type !== undefined) {
    const element = anyTypeFromProto(proto.optional_type.elem_type);
    // An optional of an optional is not ONNX.
    if (element === undefined || (!isTensorType(element) && element.kind === 'optional')) return undefined;
    return { kind: 'optional', element };
  }
  return valueTypeFromProto(proto);
}

export function anyTypeToProto(type: AnyType): onnx.TypeProto {
  if (isTensorType(type)) return valueTypeToProto(type);
  const elem_type = type.element && anyTypeToProto(type.element);
  return type.kind === 'sequence'
    ? new onnx.TypeProto({ sequence_type: new onnx.TypeProto.Sequence({ elem_type }) })
    : new onnx.TypeProto({ optional_type: new onnx.TypeProto.Optional({ elem_type }) });
}

/** Type of a tensor value; undefined for sequences, maps, optionals and unknown element types. */
export function valueTypeFromProto(proto: onnx.TypeProto | undefined): ValueType | undefined {
  const tensor = proto?.tensor_type;
  const dtype = dataTypeOf(tensor?.elem_type ?? 0);
  if (tensor === undefined || dtype === undefined) return undefined;
  if (tensor.shape === undefined) return { dtype };
  return { dtype, dims: tensor.shape.dim.map(dimensionFromProto) };
}

/** Negative sizes, which some writers use for “unknown”, and sizes beyond 2^53 are unknown dimensions. */
function dimensionFromProto(proto: onnx.TensorShapeProto.Dimension): Dimension {
  if (proto.dim_param !== undefined && proto.dim_param !== '') return proto.dim_param;
  const { dim_value: value } = proto;
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

export function valueTypeToProto(type: ValueType): onnx.TypeProto {
  const shape =
    type.dims &&
    new onnx.TensorShapeProto({
      dim: type.dims.map(
        (dim) =>
          new onnx.TensorShapeProto.Dimension(
            typeof dim === 'number' ? { dim_value: dim } : typeof dim === 'string' ? { dim_param: dim } : {},
          ),
      ),
    });
  return new onnx.TypeProto({ tensor_type: new onnx.TypeProto.Tensor({ elem_type: elemTypeOf(type.dtype), shape }) });
}

/** Element type and every dimension the same. */
export function sameType(a: ValueType | undefined, b: ValueType | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.dtype !== b.dtype || a.dims?.length !== b.dims?.length) return false;
  return a.dims?.every((dim, i) => dim === b.dims![i]) ?? true;
}
