import type { Call, PackedMatrix } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { floatAttribute, intAttribute } from '../../operators/shared/attributes.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Declined, Lowering } from '../lowering.ts';
import { elementBytes, pitchOf } from '../operand.ts';
import { plainOrder, sameOrder } from '../order.ts';

/** Gemm: alpha · A · B + beta · C, A not transposed, B constant. */
export function lowerGemm(node: GraphNode, lowering: Lowering): Declined {
  const [a, b, c] = node.inputs as [string, string, string | undefined];
  if (lowering.type(a).dtype !== 'float32') return `no kernel for ${lowering.type(a).dtype}`;
  if (intAttribute(node, 'transA', 0) !== 0) return 'no kernel for a transposed left side';
  const matrix = lowering.constant(b);
  if (!matrix) return 'the right side is only known while running';
  const [m, n] = lowering.type(node.outputs[0]!).dims as [number, number];
  const k = lowering.type(a).dims[1]!;
  const beta = floatAttribute(node, 'beta', 1);
  const addend = c && beta !== 0 ? lowering.type(c) : undefined;
  const constantAddend = c ? lowering.constant(c) : undefined;
  let bias: Float32Array | undefined;
  let residualName = lowering.epilogue.residual;
  if (addend && constantAddend) {
    bias = rowVector(constantAddend, n, beta);
    if (!bias) return 'the addend is not a row';
  } else if (addend) {
    if (residualName !== undefined || beta !== 1 || addend.dims.join() !== [m, n].join())
      return 'the addend is only known while running';
    residualName = c;
  }
  const packed = lowering.pack((workspace) =>
    workspace.packMatrix({
      k,
      n,
      values: matrix.data as Float32Array,
      transposed: intAttribute(node, 'transB', 0) !== 0,
      bias: sum(bias, lowering.epilogue.bias),
      scale: floatAttribute(node, 'alpha', 1),
    }),
  );
  emitProduct(lowering, { m, n, a, residual: residualName }, packed.get);
  return undefined;
}

/** MatMul with a constant right side, or matrix by matrix where both are only known while running. */
export function lowerMatMul(node: GraphNode, lowering: Lowering): Declined {
  const [a, b] = node.inputs as [string, string];
  const left = lowering.type(a);
  const right = lowering.type(b);
  if (left.dtype !== 'float32') return `no kernel for ${left.dtype}`;
  if (left.dims.length < 1 || right.dims.length < 2) return 'no kernel for a vector on the right';
  const k = left.dims[left.dims.length - 1]!;
  const n = right.dims[right.dims.length - 1]!;
  const matrix = lowering.constant(b);
  const { residual, scale = 1 } = lowering.epilogue;
  if (matrix && elementCount(right.dims) === k * n) {
    const packed = lowering.pack((workspace) =>
      workspace.packMatrix({ k, n, values: matrix.data as Float32Array, bias: lowering.epilogue.bias, scale }),
    );
    emitProduct(lowering, { m: elementCount(left.dims) / k, n, a, residual }, packed.get);
    return undefined;
  }
  if (left.dims.length < 2) return 'no kernel for a vector on the left';
  return lowerBatchedMatMul(node, lowering, k, n);
}

function emitProduct(
  lowering: Lowering,
  { m, n, a, residual: residualName }: { m: number; n: number; a: string; residual: string | undefined },
  matrix: () => PackedMatrix,
): void {
  const rank = lowering.type(a).dims.length;
  const source = lowering.input(a, plainOrder(rank), { pitched: true });
  const residual =
    residualName === undefined
      ? undefined
      : lowering.input(residualName, plainOrder(lowering.type(residualName).dims.length), { pitched: true });
  const target = lowering.output(0, plainOrder(lowering.outputType(0).dims.length));
  const { clamp } = lowering.epilogue;
  lowering.emit({
    kernel: m === 1 ? 'gemm 1 row' : 'gemm',
    reads: residual ? [source, residual] : [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.gemm({
        m,
        a: at(source),
        aStride: pitchOf(source)!,
        b: matrix(),
        output: at(target),
        outputStride: n,
        ...(residual && { residual: at(residual), residualStride: pitchOf(residual)! }),
        clamp,
      }),
  });
}

/** One packing and one product for each pair of matrices; the left and right batches broadcast. */
function lowerBatchedMatMul(node: GraphNode, lowering: Lowering, k: number, n: number): Declined {
  const [a, b] = node.inputs as [string, string];
  const left = lowering.type(a).dims;
  const right = lowering.type(b).dims;
  const output = lowering.type(node.outputs[0]!).dims;
  const m = left[left.length - 2]!;
  const batch = output.slice(0, -2);
  const source = lowering.input(a, plainOrder(left.length));
  // A right side that lies transposed in memory (attention's keys) is packed as it lies.
  const plain = plainOrder(right.length);
  const swapped = [...plain.slice(0, -2), right.length - 1, right.length - 2];
  const transposed = !sameOrder(right, lowering.order(b), plain) && sameOrder(right, lowering.order(b), swapped);
  const weights = lowering.input(b, transposed ? swapped : plain);
  const target = lowering.output(0, plainOrder(lowering.outputType(0).dims.length));
  const bytes = elementBytes('float32')!;
  const { scale = 1 } = lowering.epilogue;
  lowering.emit({
    kernel: 'gemm, right side packed while running',
    reads: [source, weights],
    writes: [target],
    build(workspace, at) {
      const matrix = workspace.reserveMatrix(k, n);
      const calls: Call[] = [];
      let packed = -1;
      for (let index = 0; index < elementCount(batch); index++) {
        const from = broadcastIndex(index, batch, right.slice(0, -2));
        if (from !== packed) {
          const place = at(weights) + from * k * n * bytes;
          calls.push(...workspace.packMatrixStep({ matrix, source: place, transposed, scale }).calls);
        }
        packed = from;
        const rows = at(source) + broadcastIndex(index, batch, left.slice(0, -2)) * m * k * bytes;
        calls.push(...workspace.gemm({ m, a: rows, b: matrix, output: at(target) + index * m * n * bytes }).calls);
      }
      return { name: 'matmul', calls };
    },
  });
  return undefined;
}

/** Position in a batch of dims `own` (aligned at the end, broadcast) of the element `index` of `dims`. */
function broadcastIndex(index: number, dims: readonly number[], own: readonly number[]): number {
  let rest = index;
  let result = 0;
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const position = rest % dims[axis]!;
    rest = Math.floor(rest / dims[axis]!);
    const ownAxis = axis - (dims.length - own.length);
    if (ownAxis < 0) continue;
    if (own[ownAxis] !== 1) result += position * step;
    step *= own[ownAxis]!;
  }
  return result;
}

/** A constant addend as one row of n, times `scale`; undefined if its rows differ. */
function rowVector(tensor: Tensor, n: number, scale: number): Float32Array | undefined {
  const data = tensor.data as Float32Array;
  if (data.length !== 1 && (data.length !== n || tensor.dims[tensor.dims.length - 1] !== n)) return undefined;
  return Float32Array.from({ length: n }, (_, column) => scale * data[data.length === 1 ? 0 : column]!);
}

function sum(a: Float32Array | undefined, b: Float32Array | undefined): Float32Array | undefined {
  if (!a || !b) return a ?? b;
  return a.map((value, index) => value + b[index]!);
}
