import type { DataType } from '../tensor.ts';
import type { AffineParameters, CodeRange } from './affine.ts';

/**
 * A number format: how one element is held, how numbers become codes and codes numbers, and what ONNX makes of it. What is
 * done with formats asks for no name and no family: an integer, a minifloat and a learned codebook answer the same questions.
 */
export interface NumberFormat {
  /** Name in a `.qspec` file: a word, or a family with its arguments, `float(e2m3)`. */
  readonly name: string;
  readonly title: string;
  /** One sentence for completion and documentation. */
  readonly description: string;
  /**
   * `integer`: code − zero point times scale, on which integer kernels run. `grid`: fixed levels times a scale.
   * `codebook`: levels that come of the data.
   */
  readonly kind: 'integer' | 'grid' | 'codebook';
  readonly signed: boolean;
  /** Bits of information an element carries. */
  readonly bits: number;
  /** Smallest and largest code. */
  readonly low: number;
  readonly high: number;
  /** ONNX element type whose tensors carry the elements without loss; float32 where there is none narrower. */
  readonly dtype: DataType;
  /** Bits an element takes in an ONNX file (packed types count their packed size). */
  readonly storageBits: number;
  /** Lowest ai.onnx operator set whose QuantizeLinear and DequantizeLinear take `dtype` per axis. */
  readonly minOpset: number;
  /** Level = element of `dtype` · `unit` · scale; a power of two, 1 for what `dtype` holds as it is. */
  readonly unit: number;
  /** Whether activations may have it: rounding to it needs one scale, known beforehand, and no look at other elements. */
  readonly activations: boolean;
  /** Elements that always share one scale, along the inputs of an output channel; absent: the spec's granularity. */
  readonly block?: number;
  /** What a multiplier for it works on. */
  readonly multiplier: Multiplier;
  /** Fixed levels in units of the scale, ascending: of grids that round to the nearest one. */
  levels?(): readonly number[];
  /** Numbers stored for each set of parameters beside the scale: 0 for grids, the levels or their basis for codebooks. */
  readonly basisLength: number;
  /** Tensors whose sum the elements are; an ONNX file holds them side by side and adds them, `dtype` is that of the sum. */
  readonly sum?: SumOfTensors;
  /** Bits of a scale where the format itself says so: 0 without one, 8 for a shared exponent; absent: as the spec says, 32. */
  readonly scaleBits?: number;
  /** Paper, specification, or section of METHODS. */
  readonly source?: string;

  /** Parameters that spread the format over `[min, max]`. */
  covering(min: number, max: number, scheme: 'affine' | 'symmetric', range: CodeRange): Parameters;
  /** The format's own rule for the parameters of values at hand; where it has one, no observer is asked. */
  fit?(values: Float32Array): Parameters;
  /** Rounding with the given parameters. */
  coder(parameters: Parameters, range: CodeRange): Coder;
}

/** Parameters of the elements that share them. */
export interface Parameters extends AffineParameters {
  /** What the levels of a codebook are made of, `basisLength` numbers. */
  readonly basis?: Float32Array;
  /** Magnitude, in units of the scale, from which on a value is not zero; for formats that do not round to the nearest level. */
  readonly threshold?: number;
}

/** Rounding to the levels of a format with parameters of its own; both ways in float32. */
export interface Coder {
  /** Code of the level nearest to x; saturates. NaN becomes what zero becomes. */
  encode(x: number): number;
  /** float32 value of a code. */
  decode(code: number): number;
}

/** Each tensor has its number of the basis as its scale, and no zero point. */
export interface SumOfTensors {
  /** Of each tensor. */
  readonly format: NumberFormat;
  readonly count: number;
  /** Codes of a tensor that are in use. */
  readonly range: CodeRange;
  /** Code of tensor `i` in a code of the sum. */
  codeOf(code: number, i: number): number;
}

export interface Multiplier {
  /** Width of an operand of the multiplication, sign not counted for sign-and-magnitude codes; 0: none is needed. */
  readonly bits: number;
  readonly kind: 'multiply' | 'multiply and shift' | 'shift' | 'shift and add' | 'sign' | 'look-up';
  /** Multiplications for each weight; absent: one. */
  readonly products?: number;
}
