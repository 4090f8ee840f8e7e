import type { PackedMatrix, Step, Workspace } from '../api.ts';
import { type Builder, bounds, call, step } from './builder.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** Columns of a panel. A panel holds 8 biases, then k rows of 8 values, columns beyond n being 0. */
export const panelColumns = 8;

export function panelCount(n: number): number {
  return Math.ceil(n / panelColumns);
}

/** Bytes of [k, n] packed. */
export function packedBytes(k: number, n: number): number {
  return panelCount(n) * (k + 1) * panelColumns * 4;
}

/** Where the elements of a [k, n] matrix lie among `values`: element (i, j) at `rows[i] + j · columnStride`. */
export interface MatrixSource {
  readonly values: Float32Array;
  readonly rows: Int32Array;
  readonly columnStride: number;
  readonly bias?: Float32Array | undefined;
}

/** Fills the panels of a matrix of n columns. */
export function packPanels(target: Float32Array, n: number, { values, rows, columnStride, bias }: MatrixSource): void {
  let at = 0;
  for (let first = 0; first < n; first += panelColumns) {
    const columns = Math.min(panelColumns, n - first);
    for (let j = 0; j < panelColumns; j++) target[at++] = bias !== undefined && j < columns ? bias[first + j]! : 0;
    for (let i = 0; i < rows.length; i++, at += panelColumns) {
      let from = rows[i]! + first * columnStride;
      for (let j = 0; j < columns; j++, from += columnStride) target[at + j] = values[from]!;
      for (let j = columns; j < panelColumns; j++) target[at + j] = 0;
    }
  }
}

export function reserveMatrix(builder: Builder, k: number, n: number): PackedMatrix {
  const bytes = packedBytes(k, n);
  return { kind: 'matrix', address: builder.alloc(bytes), k, n, bytes };
}

export function packMatrix(builder: Builder, args: Args<'packMatrix'>): PackedMatrix {
  const { k, n, values, transposed = false, bias, scale = 1 } = args;
  if (values.length !== k * n) throw new RangeError(`A ${k}×${n} matrix has ${k * n} values, not ${values.length}.`);
  if (bias !== undefined && bias.length !== n) throw new RangeError(`${n} columns need ${n} biases.`);
  const packed = reserveMatrix(builder, k, n);
  const target = builder.kernels.f32(packed.address, packed.bytes / 4);
  packPanels(target, n, {
    values: scale === 1 ? values : values.map((value) => scale * value),
    rows: Int32Array.from({ length: k }, (_, i) => (transposed ? i : i * n)),
    columnStride: transposed ? k : 1,
    bias,
  });
  return packed;
}

export function packMatrixStep(builder: Builder, args: Args<'packMatrixStep'>): Step {
  const { matrix, source, transposed = false, scale = 1 } = args;
  const { k, n } = matrix;
  const stride = args.sourceStride ?? (transposed ? k : n);
  const values = { source, output: matrix.address, k, n, stride, transposed: transposed ? 1 : 0, scale };
  return step('packMatrix', call(builder, 'packF32', values, panelCount(n), k * n));
}

/** Rows up to which a product is a handful of matrix-vector products. */
const vectorRows = 2;

export function gemm(builder: Builder, args: Args<'gemm'>): Step {
  const { m, a, b, output, residual = 0 } = args;
  const { k, n } = b;
  const common = {
    a,
    b: b.address,
    output,
    residual,
    m,
    n,
    k,
    aStride: args.aStride ?? k,
    outputStride: args.outputStride ?? n,
    residualStride: args.residualStride ?? n,
    ...bounds(args.clamp),
  };
  const work = m * n * k;
  if (m <= vectorRows) return step('gemm', call(builder, 'gemvF32', common, m === 0 ? 0 : Math.ceil(n / 32), work));
  const blocks = blockShape(builder, m, k, panelCount(n));
  builder.kernels.requireScratch(4 * blocks.blockRows);
  const { blockRows, blockPanels, panelBlocks } = blocks;
  const values = { ...common, blockRows, blockPanels, panelBlocks };
  return step('gemm', call(builder, 'gemmF32', values, blocks.rowBlocks * panelBlocks, work));
}

export interface BlockShape {
  readonly blockRows: number;
  readonly rowBlocks: number;
  readonly blockPanels: number;
  readonly panelBlocks: number;
}

/** Bytes of A that a block may cover, so that it stays in the second-level cache while all panels pass over it. */
const blockBytes = 1 << 17;
/** Multiply-adds of one item at most: some 10 ms, within which a cancel is not heard. */
export const mostItemWork = 2 ** 28;
/** Both tile heights (6 and 4) divide it. */
const rowUnit = 12;

/** Divides the product into blocks of A that stay in cache; few rows are also divided by columns, to occupy the threads. */
export function blockShape(builder: Builder, m: number, k: number, panels: number): BlockShape {
  const fitting = Math.floor(blockBytes / (4 * Math.max(1, k)) / rowUnit) * rowUnit;
  const wanted = Math.min(240, Math.max(4 * rowUnit, fitting));
  // Blocks of nearly equal height.
  const count = Math.max(1, Math.ceil(m / wanted));
  const blockRows = Math.max(rowUnit, Math.ceil(m / count / rowUnit) * rowUnit);
  const rowBlocks = Math.ceil(m / blockRows);
  const { threads } = builder.kernels.features;
  const forThreads = threads === 1 ? 1 : Math.ceil((6 * threads) / Math.max(1, rowBlocks));
  const forCancel = Math.ceil((blockRows * k * panels * panelColumns) / mostItemWork);
  const parts = Math.max(1, Math.min(panels, Math.max(forThreads, forCancel)));
  const blockPanels = Math.max(1, Math.ceil(panels / parts));
  return { blockRows, rowBlocks, blockPanels, panelBlocks: Math.ceil(panels / blockPanels) };
}
