import type { DataType } from '../tensor.ts';

/**
 * A number format: how one element is held, and what ONNX makes of it. Formats are data; what is done with them
 * (`affine.ts`) never asks for a name.
 */
export interface NumberFormat {
  /** Name in a `.qspec` file. */
  readonly name: string;
  readonly title: string;
  /** One sentence for completion and documentation. */
  readonly description: string;
  readonly kind: 'integer';
  readonly signed: boolean;
  /** Bits of information an element carries. */
  readonly bits: number;
  /** Smallest and largest code. */
  readonly low: number;
  readonly high: number;
  /** ONNX element type whose tensors hold the codes: the format itself, or the next wider type ONNX has. */
  readonly dtype: DataType;
  /** Bits an element takes in an ONNX file (packed types count their packed size). */
  readonly storageBits: number;
  /** Lowest ai.onnx operator set whose QuantizeLinear and DequantizeLinear take `dtype` per axis. */
  readonly minOpset: number;
}
