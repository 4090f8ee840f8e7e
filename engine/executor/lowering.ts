import type { Tensor, ValueType } from '../tensor.ts';

/**
 * What an operator's `lower` is given: it asks for the physical form of its inputs, allocates its outputs and emits
 * kernel calls. The executor owns placement and lifetime of every buffer.
 */
export interface Lowering {
  readonly opset: number;
  type(value: string): ValueType;
  constant(value: string): Tensor | undefined;
}
