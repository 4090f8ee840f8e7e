import { withAttributes } from '../graph/build.ts';
import type { GraphNode } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { isStatic } from '../operators/shared/types.ts';
import { type Dimension, elementCount, type Tensor } from '../tensor.ts';
import type { GraphEditor } from './editor.ts';

/** y·scale + shift for each channel; one entry a channel, in double precision until the product is rounded once. */
export interface ChannelAffine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** A product with constant float32 weights: what affine steps before and after it can be folded into. */
export interface Product {
  readonly node: GraphNode;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly outputChannels: number;
  readonly inputChannels: number;
  /** Axis of the output that holds the channels, counted from the front of an output of the given rank. */
  channelAxis(rank: number): number;
}

/** The node as a product, or undefined where it is none or its constants are not plain float32. */
export function asProduct(editor: GraphEditor, node: GraphNode | undefined): Product | undefined {
  if (node === undefined || node.domain !== '') return undefined;
  const weight = editor.constant(node.inputs[1]);
  const bias = editor.constant(node.inputs[2]);
  if (weight?.dtype !== 'float32' || (node.inputs[2] && bias?.dtype !== 'float32')) return undefined;
  const dims = weight.dims;
  const group = node.op === 'Conv' || node.op === 'ConvTranspose' ? intAttribute(node, 'group', 1) : 1;
  switch (node.op) {
    case 'Conv':
      return { node, weight, bias, outputChannels: dims[0]!, inputChannels: dims[1]! * group, channelAxis: () => 1 };
    case 'ConvTranspose':
      return { node, weight, bias, outputChannels: dims[1]! * group, inputChannels: dims[0]!, channelAxis: () => 1 };
    case 'Gemm': {
      const [rows, columns] = intAttribute(node, 'transB', 0) ? [dims[1]!, dims[0]!] : [dims[0]!, dims[1]!];
      // A bias that is a matrix has no channels; a transposed A has no last axis to speak of.
      const perChannel = bias === undefined || biasPerChannel(bias, columns);
      if (!perChannel || intAttribute(node, 'transA', 0)) return undefined;
      return { node, weight, bias, outputChannels: columns, inputChannels: rows, channelAxis: (rank) => rank - 1 };
    }
    case 'MatMul':
      if (dims.length !== 2) return undefined;
      return { node, weight, bias, outputChannels: dims[1]!, inputChannels: dims[0]!, channelAxis: (rank) => rank - 1 };
    default:
      return undefined;
  }
}

function biasPerChannel(bias: Tensor, channels: number): boolean {
  const count = elementCount(bias.dims);
  return (count === 1 || count === channels) && (bias.dims.at(-1) ?? 1) === count;
}

/**
 * Lets a product compute `scale·y + shift` itself and write `output`. False, with nothing done, where it cannot (a MatMul
 * of higher rank has no place for a shift).
 */
export function foldAfter(
  editor: GraphEditor,
  product: Product,
  affine: ChannelAffine,
  output: string,
  absorbing: readonly GraphNode[],
): boolean {
  const { node, outputChannels } = product;
  const rank = editor.type(node.outputs[0]!)?.dims?.length;
  const shifted = affine.shift.some((x) => x !== 0);
  if (node.op === 'MatMul' && shifted && rank !== 2) return false;
  const gemm = node.op === 'Gemm';
  const alpha = gemm ? floatAttribute(node, 'alpha', 1) : 1;
  const beta = gemm ? floatAttribute(node, 'beta', 1) : 1;
  const weight = scaleWeight(product, (channel) => affine.scale[channel]! * alpha);
  const old = product.bias && numbersOf(product.bias);
  const bias = new Float32Array(outputChannels);
  for (let channel = 0; channel < outputChannels; channel++) {
    const given = old === undefined ? 0 : old[old.length === 1 ? 0 : channel]! * beta;
    bias[channel] = given * affine.scale[channel]! + affine.shift[channel]!;
  }
  rewrite(editor, product, node.inputs[0]!, weight, old !== undefined || shifted ? bias : undefined, output, absorbing);
  return true;
}

/** Lets a product take `scale·x + shift` of its input upon itself: reads `input` instead. Exact only without padding. */
export function foldBefore(
  editor: GraphEditor,
  product: Product,
  affine: ChannelAffine,
  input: string,
  absorbing: readonly GraphNode[],
): boolean {
  const { node, weight, outputChannels } = product;
  if (node.op === 'ConvTranspose') return false;
  const rank = editor.type(node.outputs[0]!)?.dims?.length;
  const shifted = affine.shift.some((x) => x !== 0);
  if (node.op === 'MatMul' && shifted && rank !== 2) return false;
  const gemm = node.op === 'Gemm';
  const alpha = gemm ? floatAttribute(node, 'alpha', 1) : 1;
  const beta = gemm ? floatAttribute(node, 'beta', 1) : 1;
  const old = product.bias && numbersOf(product.bias);
  const sums = new Float64Array(outputChannels);
  const data = Float32Array.from(numbersOf(weight));
  forEachWeight(product, (index, outputChannel, inputChannel) => {
    const value = data[index]! * alpha;
    sums[outputChannel]! += value * affine.shift[inputChannel]!;
    data[index] = value * affine.scale[inputChannel]!;
  });
  const bias = Float32Array.from(
    sums,
    (sum, channel) => sum + (old === undefined ? 0 : old[old.length === 1 ? 0 : channel]! * beta),
  );
  rewrite(
    editor,
    product,
    input,
    { ...weight, data },
    old !== undefined || shifted ? bias : undefined,
    node.outputs[0]!,
    absorbing,
  );
  return true;
}

/** Puts the product back with new constants; its alpha and beta are in them by now, and a MatMul with a bias is a Gemm. */
function rewrite(
  editor: GraphEditor,
  { node }: Product,
  input: string,
  weight: Tensor,
  bias: Float32Array | undefined,
  output: string,
  absorbing: readonly GraphNode[],
): void {
  for (const other of absorbing) if (editor.has(other)) editor.remove(other);
  const inputs = [input, editor.replaceInitializer(node.inputs[1]!, node, weight)];
  if (bias !== undefined) {
    const tensor: Tensor = { dtype: 'float32', dims: [bias.length], data: bias };
    const old = node.inputs[2];
    inputs.push(
      old ? editor.replaceInitializer(old, node, tensor) : editor.addInitializer(`${node.name}.bias`, tensor),
    );
  }
  const op = node.op === 'MatMul' && bias !== undefined ? 'Gemm' : node.op;
  const attributes = op === 'Gemm' ? withAttributes(node, {}, ['alpha', 'beta']).attributes : node.attributes;
  editor.replace(node, [{ ...node, op, inputs, outputs: [output], attributes }], absorbing);
}

function scaleWeight(product: Product, factor: (outputChannel: number) => number): Tensor {
  const { weight } = product;
  return derivedTensor([weight], 'float32', weight.dims, () => {
    const data = Float32Array.from(numbersOf(weight));
    forEachWeight(product, (index, outputChannel) => {
      data[index] = data[index]! * factor(outputChannel);
    });
    return data;
  });
}

/** Visits every weight with the output and the input channel that it connects. */
export function forEachWeight(
  product: Product,
  visit: (index: number, outputChannel: number, inputChannel: number) => void,
): void {
  const { node, weight } = product;
  const [first, second] = weight.dims as [number, number];
  const inner = weight.dims.slice(2).reduce((size, dim) => size * dim, 1);
  const groups = node.op === 'Conv' || node.op === 'ConvTranspose' ? intAttribute(node, 'group', 1) : 1;
  const transposed = node.op === 'Gemm' && intAttribute(node, 'transB', 0) === 1;
  let index = 0;
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      let outputChannel = b;
      let inputChannel = a;
      if (node.op === 'Conv') {
        outputChannel = a;
        inputChannel = Math.floor(a / (first / groups)) * second + b;
      } else if (node.op === 'ConvTranspose') {
        outputChannel = Math.floor(a / (first / groups)) * second + b;
      } else if (transposed) {
        outputChannel = a;
        inputChannel = b;
      }
      for (let i = 0; i < inner; i++) visit(index++, outputChannel, inputChannel);
    }
  }
}

/**
 * A constant operand as one number a channel: a scalar, or a tensor whose only axis above 1 is the channel axis of an
 * output with these dims. Undefined otherwise.
 */
export function perChannel(
  constant: Tensor | undefined,
  dims: readonly Dimension[] | undefined,
  axis: number,
  channels: number,
): Float64Array | undefined {
  if (constant?.dtype !== 'float32' || dims === undefined || constant.dims.length > dims.length) return undefined;
  if (elementCount(constant.dims) === 1) return new Float64Array(channels).fill(numbersOf(constant)[0]!);
  const offset = dims.length - constant.dims.length;
  const fits = constant.dims.every((dim, i) => (i + offset === axis ? dim === channels : dim === 1));
  return fits && isStatic(constant.dims) ? Float64Array.from(numbersOf(constant)) : undefined;
}

/** Whether a convolution adds zeros around its input, which a shift of that input would turn into something else. */
export function isPadded(node: GraphNode): boolean {
  if (node.op !== 'Conv') return false;
  const automatic = stringAttribute(node, 'auto_pad', 'NOTSET');
  if (automatic === 'VALID') return false;
  if (automatic !== 'NOTSET') return true;
  return (intsAttribute(node, 'pads') ?? []).some((pad) => pad !== 0);
}
