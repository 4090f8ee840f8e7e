import type { CodeOutput, CodeScale, PoolGeometry, QConvWeights, Requantization } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { arithmeticOf, requantization, weightOffsets } from '../../operators/qspec/requantization.ts';
import { floatAttribute, intAttribute, tensorAttribute } from '../../operators/shared/attributes.ts';
import type { Arithmetic } from '../../plan.ts';
import type { Rescale } from '../../quantize/arithmetic/arithmetic.ts';
import { elementCount } from '../../tensor.ts';
import type { Declined, Lower, Lowering, Operand } from '../lowering.ts';
import { pitchOf } from '../operand.ts';
import { channelsLastOrder, plainOrder } from '../order.ts';
import { codeType } from './codes.ts';
import { convGeometry } from './conv.ts';
import { broadcastPair, mergedPair } from './elementwise.ts';
import { poolGeometry } from './pool.ts';

/** The engine's integer operators (domain `qspec`); `engine/operators/qspec` defines them bit for bit. */

export function lowerQConv(node: GraphNode, lowering: Lowering): Declined {
  const [x, w, b] = node.inputs as [string, string, string?];
  const rank = lowering.type(x).dims.length;
  if (rank !== 3 && rank !== 4) return `no kernel for ${rank - 2} spatial axes`;
  const constants = integerConstants(node, lowering, w, b, 0);
  if (typeof constants === 'string') return constants;
  emitQConv(node, lowering, { ...constants, input: inputCodes(node, lowering, x) });
  return undefined;
}

/**
 * The convolution of the node's first two inputs, of one or two spatial axes.
 * @param zero the input's zero point where it is known only while running
 */
export function emitQConv(
  node: GraphNode,
  lowering: Lowering,
  constants: Omit<QConvWeights, 'geometry'>,
  zero?: Operand,
): void {
  const [x, w] = node.inputs as [string, string];
  const { dims } = lowering.type(x);
  const geometry = convGeometry(node, dims, lowering.type(node.outputs[0]!).dims, lowering.type(w).dims);
  const order = channelsLastOrder(dims.length);
  const source = lowering.input(x, order, { pitched: true });
  const conv = lowering.pack((workspace) => workspace.packQConv({ geometry, ...constants }));
  const target = lowering.output(0, order, { pitched: true });
  lowering.emit({
    kernel: `qconv2d ${conv.value.algorithm}`,
    reads: zero ? [source, zero] : [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.qconv2d({
        conv: conv.get(),
        input: at(source),
        inputStride: pitchOf(source)!,
        output: at(target),
        outputStride: pitchOf(target)!,
        zeroPoint: zero && at(zero),
      }),
  });
}

export function lowerQGemm(node: GraphNode, lowering: Lowering): Declined {
  const [x, w, b] = node.inputs as [string, string, string?];
  const { dims } = lowering.type(x);
  const transposed = intAttribute(node, 'transB', 0) === 1;
  const constants = integerConstants(node, lowering, w, b, transposed ? 0 : 1);
  if (typeof constants === 'string') return constants;
  const k = dims[dims.length - 1]!;
  const n = lowering.type(w).dims[transposed ? 0 : 1]!;
  const source = lowering.input(x, plainOrder(dims.length));
  const matrix = lowering.pack((workspace) =>
    workspace.packQMatrix({ k, n, transposed, ...constants, input: inputCodes(node, lowering, x) }),
  );
  const target = lowering.output(0, plainOrder(dims.length));
  lowering.emit({
    kernel: 'qgemm',
    reads: [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.qgemm({ m: elementCount(dims) / k, a: at(source), b: matrix.get(), output: at(target) }),
  });
  return undefined;
}

export function lowerQBinary(fn: 'add' | 'mul'): Lower {
  return (node, lowering): Declined => {
    const [a, b] = node.inputs as [string, string];
    const output = lowering.type(node.outputs[0]!);
    const kind = arithmeticOf(node);
    const codes = { a: codeScale(node, lowering, a, 'a'), b: codeScale(node, lowering, b, 'b') };
    const outputCodes = { ...codeOutput(node, lowering), scale: scaleAttribute(node, 'y_scale') };
    const scales = { a: codes.a.scale, b: codes.b.scale, output: outputCodes.scale };
    const terms = fn === 'add' ? kind.addTerms?.(scales) : undefined;
    const rescale = terms?.rescale ?? kind.rescale(scales.a, scales.b, scales.output);
    const pair = broadcastPair(a, b, output.dims, lowering);
    const { left, right } = pair;
    const target = lowering.output(0, pair.order);
    const { dims, strides } = mergedPair(pair, target);
    lowering.emit({
      kernel: `q${fn}`,
      reads: [left.operand, right.operand],
      writes: [target],
      build: (workspace, at) =>
        workspace.qbinary({
          fn,
          a: at(left.operand),
          b: at(right.operand),
          output: at(target),
          dims,
          aStrides: strides[0]!,
          bStrides: strides[1]!,
          aCodes: codes.a,
          bCodes: codes.b,
          outputCodes,
          requantization: kernelRequantization(kind.name, [rescale]),
          ...(terms && { aTable: tableOf(terms.a, codes.a), bTable: tableOf(terms.b, codes.b) }),
        }),
    });
    return undefined;
  };
}

/** A term of a sum for each code, by the code's byte. */
function tableOf(term: (code: number) => number, { type, zeroPoint }: CodeScale): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    const code = type === 's8' && byte > 127 ? byte - 256 : byte;
    return term(code - zeroPoint);
  });
}

export function lowerQAveragePool(node: GraphNode, lowering: Lowering): Declined {
  const { dims } = lowering.type(node.inputs[0]!);
  if (dims.length !== 3 && dims.length !== 4) return `no kernel for ${dims.length - 2} spatial axes`;
  return emitQPool(node, lowering, poolGeometry(node, lowering), intAttribute(node, 'count_include_pad', 0) === 1);
}

export function lowerQGlobalAveragePool(node: GraphNode, lowering: Lowering): Declined {
  const { dims } = lowering.type(node.inputs[0]!);
  const [batch, channels, ...spatial] = dims as [number, number, ...number[]];
  const pixels = elementCount(spatial);
  return emitQPool(
    node,
    lowering,
    {
      batch,
      channels,
      inputHeight: 1,
      inputWidth: pixels,
      outputHeight: 1,
      outputWidth: 1,
      kernel: [1, pixels],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
    },
    false,
  );
}

function emitQPool(node: GraphNode, lowering: Lowering, geometry: PoolGeometry, countIncludePad: boolean): Declined {
  const [x] = node.inputs as [string];
  const kind = arithmeticOf(node);
  const [from, to] = [scaleAttribute(node, 'x_scale'), scaleAttribute(node, 'y_scale')];
  const rescales = Array.from({ length: geometry.kernel[0] * geometry.kernel[1] + 1 }, (_, count) =>
    kind.rescale(from, 1, Math.fround(to * Math.max(count, 1))),
  );
  const order = channelsLastOrder(lowering.type(x).dims.length);
  const source = lowering.input(x, order);
  const target = lowering.output(0, order);
  lowering.emit({
    kernel: 'qaveragePool',
    reads: [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.qaveragePool({
        geometry,
        countIncludePad,
        input: at(source),
        inputCodes: inputCodes(node, lowering, x),
        output: at(target),
        outputCodes: codeOutput(node, lowering),
        requantization: kernelRequantization(kind.name, rescales),
      }),
  });
  return undefined;
}

export function lowerQLookup(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const table = tensorAttribute(node, 'table')!.data as Int8Array;
  const source = lowering.input(x);
  const target = lowering.output(0, source.order);
  lowering.emit({
    kernel: 'lookup',
    reads: [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.lookup({
        input: at(source),
        output: at(target),
        count: elementCount(source.dims),
        table: new Uint8Array(table.buffer, table.byteOffset, 256),
      }),
  });
  return undefined;
}

/** What an integer product is packed with, or why there is no kernel. */
function integerConstants(node: GraphNode, lowering: Lowering, w: string, b: string | undefined, channelAxis: number) {
  const weights = lowering.constant(w);
  const bias = b ? lowering.constant(b) : undefined;
  if (!weights || (b && !bias)) return 'weights or bias are only known while running';
  const { kind, rescales } = requantization(node);
  if (rescales.some(({ preShift }) => preShift !== 0)) return 'no kernel shifts before the product';
  const offsets = weightOffsets(node, weights, channelAxis);
  return {
    weights: offsets instanceof Int8Array ? offsets : Int16Array.from(offsets),
    bias: bias?.data as Int32Array | undefined,
    output: codeOutput(node, lowering),
    requantization: kernelRequantization(kind.name, rescales),
  };
}

function kernelRequantization(arithmetic: Arithmetic, rescales: readonly Rescale[]): Requantization {
  const multipliers = rescales.map(({ multiplier }) => multiplier);
  if (arithmetic === 'ort') return { arithmetic, scale: Float32Array.from(multipliers) };
  return {
    arithmetic,
    multiplier: Int32Array.from(multipliers),
    shift: Int32Array.from(rescales, ({ shift }) => shift),
  };
}

function inputCodes(node: GraphNode, lowering: Lowering, x: string) {
  return { type: codeType(lowering.type(x).dtype)!, zeroPoint: intAttribute(node, 'x_zero_point', 0) };
}

function codeOutput(node: GraphNode, lowering: Lowering): CodeOutput {
  const type = codeType(lowering.type(node.outputs[0]!).dtype)!;
  return {
    type,
    zeroPoint: intAttribute(node, 'y_zero_point', 0),
    low: intAttribute(node, 'low', type === 'u8' ? 0 : -128),
    high: intAttribute(node, 'high', type === 'u8' ? 255 : 127),
  };
}

function codeScale(node: GraphNode, lowering: Lowering, value: string, prefix: string): CodeScale {
  return {
    type: codeType(lowering.type(value).dtype)!,
    zeroPoint: intAttribute(node, `${prefix}_zero_point`, 0),
    scale: scaleAttribute(node, `${prefix}_scale`),
  };
}

function scaleAttribute(node: GraphNode, name: string): number {
  return Math.fround(floatAttribute(node, name, 1));
}
