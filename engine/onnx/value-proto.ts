import { fail } from '../findings.ts';
import type { Tensor } from '../tensor.ts';
import { type AnyType, isTensorType, type Sequence, type SequenceType, type Value } from '../value.ts';
import { decode, decodeTensor } from './codec.ts';
import { onnx } from './proto.ts';
import { tensorFromProto } from './tensor-proto.ts';

/**
 * Reads a `.pb` file of test data, which does not say itself whether it holds a TensorProto, a SequenceProto or an
 * OptionalProto: the type of the input or output that it belongs to does.
 * Throws what reading a tensor throws, and `tensor/kind` for sequences and optionals of anything but tensors.
 */
export function decodeValue(bytes: Uint8Array, type: AnyType): Value {
  if (isTensorType(type)) return tensorFromProto(decodeTensor(bytes));
  if (type.kind === 'sequence') return sequenceFromProto(decode(onnx.SequenceProto, bytes, 'tensor'), type);
  const proto = decode(onnx.OptionalProto, bytes, 'tensor');
  return { kind: 'optional', value: contentOf(proto, type.element) };
}

function contentOf(proto: onnx.OptionalProto, type: AnyType | undefined): Tensor | Sequence | undefined {
  const { TENSOR, SEQUENCE, UNDEFINED } = onnx.OptionalProto.DataType;
  switch (proto.elem_type ?? UNDEFINED) {
    case UNDEFINED:
      return undefined;
    case TENSOR:
      return proto.tensor_value && tensorFromProto(proto.tensor_value);
    case SEQUENCE:
      return proto.sequence_value && sequenceFromProto(proto.sequence_value, type as SequenceType | undefined);
    default:
      return notRead(proto.name);
  }
}

/** The element type of an empty sequence stands only in the type of the value that it belongs to. */
function sequenceFromProto(proto: onnx.SequenceProto, type: SequenceType | undefined): Sequence {
  const { TENSOR, UNDEFINED } = onnx.SequenceProto.DataType;
  const kind = proto.elem_type ?? UNDEFINED;
  if (kind !== TENSOR && kind !== UNDEFINED) notRead(proto.name);
  const items = proto.tensor_values.map((tensor) => tensorFromProto(tensor));
  return { kind: 'sequence', dtype: items[0]?.dtype ?? type?.element.dtype ?? 'float32', items };
}

function notRead(name: string | undefined): never {
  fail('tensor/kind', `The value ${name ? `"${name}"` : 'without a name'} holds maps or other things than tensors.`, {
    why: 'QSpec reads tensors, sequences of tensors, and optionals of both.',
  });
}
