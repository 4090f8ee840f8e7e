import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount } from '../../tensor.ts';
import { productCost } from '../linear/matmul.ts';
import { describe, intAttribute, intsAttribute, missing } from '../shared/attributes.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { matmul, matmulDims } from '../shared/product.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';
import { inQonnxDomains } from './quantizer.ts';

/** What FINN turns convolutions and binary products into. */

interface Patches {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Top, left, bottom, right. */
  readonly pads: readonly number[];
}

function patchesOf(node: GraphNode): Patches {
  const list = (name: string, length: number, least: number, fallback?: readonly number[]) => {
    const values = intsAttribute(node, name) ?? fallback ?? missing(node, name);
    if (values.length !== length || values.some((value) => !(Number.isSafeInteger(value) && value >= least)))
      fail('model/attribute', `Attribute “${name}” of ${describe(node)} is [${values.slice(0, 8).join(', ')}].`);
    return values;
  };
  return {
    kernel: list('kernel_size', 2, 1),
    strides: list('stride', 2, 1),
    dilations: list('dilations', 2, 1, [1, 1]),
    pads: list('pad_amount', 4, 0, [0, 0, 0, 0]),
  };
}

function positions({ kernel, strides, dilations, pads }: Patches, axis: 0 | 1, size: number): number {
  const extent = dilations[axis]! * (kernel[axis]! - 1) + 1;
  return Math.max(0, Math.floor((size + pads[axis]! + pads[axis + 2]! - extent) / strides[axis]!) + 1);
}

/** The window of every output pixel as a row: x [N, H, W, C] -> [N, H', W', kH·kW·C]; pixels outside are `pad_value`. */
export const im2col = inQonnxDomains({
  op: 'Im2Col',
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 4);
    if (x.dims === undefined) return [x];
    const patches = patchesOf(node);
    const [n, h, w, c] = x.dims;
    const size = (axis: 0 | 1, dim: Dimension) => (typeof dim === 'number' ? positions(patches, axis, dim) : undefined);
    const taps = elementCount(patches.kernel);
    return [valueType(x.dtype, [n, size(0, h), size(1, w), typeof c === 'number' ? taps * c : undefined])];
  },
  evaluate(node, [x]) {
    const patches = patchesOf(node);
    const { kernel, strides, dilations, pads } = patches;
    const [batch, height, width, channels] = x!.dims as [number, number, number, number];
    const [rows, columns] = [positions(patches, 0, height), positions(patches, 1, width)];
    const values = numbersOf(x!);
    const taps = elementCount(kernel);
    const out = new Float64Array(batch * rows * columns * taps * channels).fill(intAttribute(node, 'pad_value', 0));
    let to = 0;
    for (let n = 0; n < batch; n++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          for (let tap = 0; tap < taps; tap++, to += channels) {
            const y = i * strides[0]! + Math.floor(tap / kernel[1]!) * dilations[0]! - pads[0]!;
            const z = j * strides[1]! + (tap % kernel[1]!) * dilations[1]! - pads[1]!;
            if (y < 0 || y >= height || z < 0 || z >= width) continue;
            const from = ((n * height + y) * width + z) * channels;
            for (let c = 0; c < channels; c++) out[to + c] = values[from + c]!;
          }
    return [tensorOf(x!.dtype, [batch, rows, columns, taps * channels], out)];
  },
});

/** Product of matrices of 0 and 1 that stand for −1 and 1: the number of places in which row and column agree. */
export const xnorPopcountMatMul = inQonnxDomains({
  op: 'XnorPopcountMatMul',
  infer(node, context) {
    const a = inputType(node, 0, context);
    return [valueType(a.dtype, matmulDims(node, a, inputType(node, 1, context)))];
  },
  evaluate(_node, [a, b]) {
    const bipolar = (bits: ArrayLike<number>) => Float64Array.from(bits, (bit) => 2 * bit - 1);
    const { values, dims } = matmul(
      { values: bipolar(numbersOf(a!)), dims: a!.dims },
      { values: bipolar(numbersOf(b!)), dims: b!.dims },
    );
    const length = a!.dims[a!.dims.length - 1]!;
    return [
      tensorOf(
        a!.dtype,
        dims,
        values.map((sum) => (sum + length) / 2),
      ),
    ];
  },
  cost: productCost,
});
