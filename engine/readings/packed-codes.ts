import { carriedElements } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { packCodes } from '../formats/packing.ts';
import type { Attribute } from '../graph/graph.ts';
import { aliasTensor, isLazy } from '../lazy-tensor.ts';
import { elemTypeOf } from '../onnx/data-types.ts';
import { remembered } from '../remembered.ts';
import { elementCount, int64Tensor, type Tensor, type TensorData } from '../tensor.ts';
import { intAttributeOf, type Rewriter } from './rewriter.ts';

/** The shortest run of whole bytes that holds whole codes: 4 codes of 6 bits in 3 bytes. */
interface Group {
  readonly codes: number;
  readonly bytes: number;
}

function groupOf(bits: number): Group {
  let codes = 1;
  while ((codes * bits) % 8 !== 0) codes *= 2;
  return { codes, bytes: (codes * bits) / 8 };
}

/** Bytes of packed codes: ⌈n · bits / 8⌉, filled up with zeros to a whole group (6 bytes at most). */
export function packedBytes(count: number, bits: number): number {
  const group = groupOf(bits);
  return Math.ceil(count / group.codes) * group.bytes;
}

/** Bytes of a file that the operators take which unpack codes; more where names are long. */
const operators = 500;

/** Whether codes packed are less of a file than a byte each. */
export function isSmallerPacked(count: number, bits: number): boolean {
  return packedBytes(count, bits) + operators < count;
}

/**
 * Writes codes packed without gaps, low bits first, and standard operators that make bytes of them: each group of bytes as
 * one row, for every code of the group the one or two bytes that it lies in as one number (a product with ones and 256s), shifted down, its
 * low bits an index into the elements that codes stand for. A runtime that computes constants when it loads a model has
 * the plain bytes from then on; in ONNX Runtime that comes before layers are fused to integer operators. Nothing in it is newer than
 * operator set 13.
 */
export class PackedCodes {
  readonly #rewriter: Rewriter;
  /** Names of constants that all weights of the file share. */
  readonly #shared = new Map<string, string>();

  constructor(rewriter: Rewriter) {
    this.#rewriter = rewriter;
  }

  /**
   * @param elements what the codes are to become, in the shape in which it is read
   * @returns the name of the value that is equal to them
   */
  write(label: string, codes: () => TensorData, format: NumberFormat, elements: Tensor): string {
    const { bits } = format;
    const { dims } = elements;
    const group = groupOf(bits);
    const count = elementCount(dims);
    const rows = Math.ceil(count / group.codes);
    const bytes = () => {
      const padded = new Uint8Array(rows * group.bytes);
      padded.set(packCodes(codes() as Int8Array, bits));
      return padded;
    };
    const packedDims = [rows, group.bytes];
    const packed: Tensor = isLazy(elements)
      ? aliasTensor('uint8', packedDims, bytes)
      : { dtype: 'uint8', dims: packedDims, data: bytes() };
    let value = this.#rewriter.constant(`${label}_packed`, packed);
    const step = (op: string, name: string, others: readonly string[], attributes?: Record<string, Attribute>) => {
      const to = this.#rewriter.value(`${label}_${name}`);
      this.#rewriter.add(op, '', this.#rewriter.nodeName(to), [value, ...others], [to], attributes);
      value = to;
    };
    step('Cast', 'cast', [], { to: intAttributeOf(elemTypeOf('int32')) });
    if (group.bytes > 1) step('MatMul', 'join', [this.#windows(bits)]);
    step('Div', 'shift', [this.#shifts(bits)]);
    step('Mod', 'mask', [
      this.#constant(`codes_of_${bits}_bits`, { dtype: 'int32', dims: [], data: Int32Array.of(2 ** bits) }),
    ]);
    const index = value;
    value = this.#levels(format);
    step('Gather', 'levels', [index]);
    if (rows * group.codes > count) {
      step('Reshape', 'flat', [this.#integers('in_a_row', [-1])]);
      step('Slice', 'used', [this.#integers('from_0', [0]), this.#integers(`to_${count}`, [count])]);
    }
    step('Reshape', 'quantized', [this.#integers(`shape_${dims.join('x')}`, dims)]);
    return value;
  }

  /** By columns: which bytes of a group a code lies in, the second one 8 bits higher. */
  #windows(bits: number): string {
    const { codes, bytes } = groupOf(bits);
    const data = new Int32Array(bytes * codes);
    for (let code = 0; code < codes; code++) {
      const first = (code * bits) >>> 3;
      const last = ((code + 1) * bits - 1) >>> 3;
      data[first * codes + code] = 1;
      if (last > first) data[last * codes + code] = 256;
    }
    return this.#constant(`windows_of_${bits}_bits`, { dtype: 'int32', dims: [bytes, codes], data });
  }

  #shifts(bits: number): string {
    const { codes } = groupOf(bits);
    const data = Int32Array.from({ length: codes }, (_, code) => 2 ** ((code * bits) & 7));
    return this.#constant(`shifts_of_${bits}_bits`, { dtype: 'int32', dims: [codes], data });
  }

  /** Elements by the low bits of their codes; bits that no code has stand for the first. */
  #levels(format: NumberFormat): string {
    const { name, bits, dtype, low, high } = format;
    const codes = new Int32Array(2 ** bits).fill(low);
    for (let code = low; code <= high; code++) codes[code & (2 ** bits - 1)] = code;
    const elements = carriedElements(format, codes);
    const Elements = dtype === 'int8' ? Int8Array : Uint8Array;
    const data = Elements.from(elements as Int8Array);
    return this.#constant(`levels_of_${name}`, { dtype, dims: [data.length], data });
  }

  #integers(name: string, values: readonly number[]): string {
    return this.#constant(name, int64Tensor([values.length], values));
  }

  #constant(name: string, tensor: Tensor): string {
    return remembered(this.#shared, name, () => this.#rewriter.constant(name, tensor));
  }
}
