import { fail } from './findings.ts';
import type { DataType, Tensor, ValueType } from './tensor.ts';

/**
 * What a name in a graph stands for while it runs. Nearly always a tensor; sequences and optionals pass between the few
 * operators that know them, on the host, and never reach a kernel.
 */
export type Value = Tensor | Sequence | Optional;

/** Tensors of one element type, whose shapes may differ. */
export interface Sequence {
  readonly kind: 'sequence';
  readonly dtype: DataType;
  readonly items: readonly Tensor[];
}

/** A tensor or sequence that may be absent. */
export interface Optional {
  readonly kind: 'optional';
  readonly value: Tensor | Sequence | undefined;
}

/** Type of a sequence: what is common to its tensors. */
export interface SequenceType {
  readonly kind: 'sequence';
  readonly element: ValueType;
}

/** Type of an optional; `element` undefined means that it is not known what it would hold. */
export interface OptionalType {
  readonly kind: 'optional';
  readonly element: ValueType | SequenceType | undefined;
}

/** Type of a value that is not a tensor. */
export type ContainerType = SequenceType | OptionalType;
export type AnyType = ValueType | ContainerType;

export function isTensor(value: Value): value is Tensor {
  return (value as Partial<Sequence>).kind === undefined;
}

export function isTensorType(type: AnyType): type is ValueType {
  return (type as Partial<ContainerType>).kind === undefined;
}

/** The type of a value, as narrow as the value itself tells. */
export function typeOf(value: Value): AnyType {
  if (isTensor(value)) return { dtype: value.dtype, dims: value.dims };
  if (value.kind === 'sequence') return { kind: 'sequence', element: { dtype: value.dtype } };
  return { kind: 'optional', element: value.value && (typeOf(value.value) as ValueType | SequenceType) };
}

/** `int64 [2, N]`, `sequence of float32 [?]`, `optional sequence of int64`. */
export function formatType(type: AnyType): string {
  if (isTensorType(type))
    return type.dims === undefined ? type.dtype : `${type.dtype} [${type.dims.map((dim) => dim ?? '?').join(', ')}]`;
  if (type.kind === 'sequence') return `sequence of ${formatType(type.element)}`;
  return type.element === undefined ? 'optional' : `optional ${formatType(type.element)}`;
}

/** Whether a value is of a type as far as both are known; `dims` that are names or unknown fit every size. */
export function fits(value: Value, type: AnyType): boolean {
  if (isTensor(value)) {
    if (!isTensorType(type) || type.dtype !== value.dtype) return false;
    const { dims } = type;
    if (dims === undefined) return true;
    return (
      dims.length === value.dims.length && dims.every((dim, i) => typeof dim !== 'number' || dim === value.dims[i])
    );
  }
  if (isTensorType(type) || type.kind !== value.kind) return false;
  if (value.kind === 'sequence')
    return (
      value.dtype === (type as SequenceType).element.dtype &&
      value.items.every((item) => fits(item, (type as SequenceType).element))
    );
  const { element } = type as OptionalType;
  return value.value === undefined || element === undefined || fits(value.value, element);
}

/** The value, which must be a tensor; `what` names it in the finding. */
export function requireTensor(value: Value, what: string): Tensor {
  if (!isTensor(value)) fail('run/not-a-tensor', `${what} is ${formatType(typeOf(value))}, where a tensor is needed.`);
  return value;
}
