import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, float32Tensor, type Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intAttribute, missing } from '../shared/attributes.ts';
import { doublesOf, integersOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { multiplyInto } from '../shared/product.ts';
import { costCount, inputType, optionalType, unifyDimension, valueType } from '../shared/types.ts';

/** Sizes of a product with packed weights. */
interface Packing {
  readonly k: number;
  readonly n: number;
  readonly bits: number;
  readonly blockSize: number;
  /** Blocks of one row of weights. */
  readonly blocks: number;
}

function packingOf(node: GraphNode): Packing {
  const [k, n] = [intAttribute(node, 'K') ?? missing(node, 'K'), intAttribute(node, 'N') ?? missing(node, 'N')];
  const bits = intAttribute(node, 'bits', 4);
  const blockSize = intAttribute(node, 'block_size') ?? missing(node, 'block_size');
  if (![2, 4, 8].includes(bits))
    fail('model/attribute', `The weights of ${describe(node)} have ${bits} bits.`, { fix: 'Known are 2, 4 and 8.' });
  const isPower = blockSize >= 16 && Number.isInteger(Math.log2(blockSize));
  if (!(isPower && Number.isSafeInteger(k) && Number.isSafeInteger(n) && k >= 1 && n >= 1))
    fail('model/attribute', `${describe(node)} packs ${n} × ${k} weights in blocks of ${blockSize}.`, {
      fix: 'A block is a power of two, of 16 weights or more.',
    });
  return { k, n, bits, blockSize, blocks: Math.ceil(k / blockSize) };
}

/**
 * A · Wᵀ (+ bias): A […, K], W [N, K] in codes of 2, 4 or 8 bits. Inputs: A, codes [N, blocks, bytes] from the low bits of
 * a byte up, scales [N, blocks], zero points (packed like the codes, [N, bytes], or of A's type, [N, blocks]; half of the
 * codes where absent), group of each column (optional, instead of blocks), bias [N].
 */
export const matMulNBits: Operator = {
  op: 'MatMulNBits',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const a = inputType(node, 0, context);
    const { k, n, bits, blockSize, blocks } = packingOf(node);
    checkCount(node, context, 1, n * blocks * ((blockSize * bits) / 8));
    checkCount(node, context, 2, n * blocks);
    if (a.dims === undefined) return [a];
    unifyDimension(node, 'The width of the input and K', a.dims[a.dims.length - 1], k);
    return [valueType(a.dtype, [...a.dims.slice(0, -1), n])];
  },
  evaluate(node, [a, codes, scales, zeroPoints, groups, bias]) {
    const { k, n } = packingOf(node);
    const weights = dequantized(node, codes!, scales!, zeroPoints, groups);
    const rows = elementCount(a!.dims) / k;
    const out = new Float64Array(rows * n);
    if (bias) {
      const addends = numbersOf(bias);
      for (let i = 0; i < out.length; i++) out[i] = addends[i % n]!;
    }
    multiplyInto(out, 0, doublesOf(numbersOf(a!)), 0, doublesOf(weights), 0, rows, k, n);
    return [tensorOf(a!.dtype, [...a!.dims.slice(0, -1), n], out)];
  },
  cost: (node, context) => ({
    macs: costCount(context.type(node.outputs[0] ?? '')?.dims) * packingOf(node).k,
    operations: 0,
  }),
  decompose(node, parts) {
    const [a, ...names] = node.inputs as [string, ...string[]];
    const given = names.map((name) => (name ? parts.constant(name) : undefined));
    if (names.slice(0, 4).some((name, index) => name && !given[index]))
      return 'the weights are only known while running';
    const { k, n } = packingOf(node);
    const [codes, scales, zeroPoints, groups] = given;
    const weights = parts.tensor(float32Tensor([k, n], dequantized(node, codes!, scales!, zeroPoints, groups)));
    const bias = names[4];
    const output = { output: node.outputs[0]! };
    const product = parts.add('MatMul', [a, weights], {}, bias ? {} : output);
    if (bias) parts.add('Add', [product, bias], {}, output);
    return undefined;
  },
};

function checkCount(node: GraphNode, context: InferContext, index: number, wanted: number): void {
  const dims = optionalType(node, index, context)?.dims;
  if (dims === undefined || !dims.every((dim) => typeof dim === 'number')) return;
  const count = elementCount(dims as number[]);
  if (count !== wanted)
    fail(
      'model/shape',
      `Input ${index} of ${describe(node)} has ${count} elements; K, N, bits and block_size ask for ${wanted}.`,
    );
}

/** Weights as [K, N]. */
function dequantized(
  node: GraphNode,
  codes: Tensor,
  scales: Tensor,
  zeroPoints: Tensor | undefined,
  groups: Tensor | undefined,
): Float32Array {
  const { k, n, bits, blockSize, blocks } = packingOf(node);
  const bytes = numbersOf(codes);
  const steps = numbersOf(scales);
  const zeros = zeroPoints && numbersOf(zeroPoints);
  const isPacked = zeroPoints?.dtype === 'uint8';
  const zeroBytes = Math.ceil((blocks * bits) / 8);
  const groupOf = groups && integersOf(groups);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const read = (from: ArrayLike<number>, start: number, index: number) =>
    (from[start + Math.floor(index / perByte)]! >> ((index % perByte) * bits)) & mask;
  const out = new Float32Array(k * n);
  for (let row = 0; row < n; row++) {
    const start = (row * blocks * blockSize * bits) / 8;
    for (let column = 0; column < k; column++) {
      const block = groupOf?.[column] ?? Math.floor(column / blockSize);
      const zero = !zeros
        ? 2 ** (bits - 1)
        : isPacked
          ? read(zeros, row * zeroBytes, block)
          : zeros[row * blocks + block]!;
      out[column * n + row] = (read(bytes, start, column) - zero) * steps[row * blocks + block]!;
    }
  }
  return out;
}
