import { lowerGemm } from '../../executor/lowerings/product.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, floatAttribute, intAttribute } from '../shared/attributes.ts';
import { broadcastOffsets } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { doublesOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { multiplyInto } from '../shared/product.ts';
import {
  broadcastDims,
  costCount,
  costDims,
  formatDims,
  inputType,
  optionalType,
  requireRank,
  requireSameType,
  unifyDimension,
  valueType,
} from '../shared/types.ts';

/** alpha · A' · B' + beta · C, where ' is an optional transposition: A' [M, K], B' [K, N], C broadcast to [M, N]. */
export const gemm: Operator = {
  op: 'Gemm',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const a = inputType(node, 0, context);
    const b = inputType(node, 1, context);
    const c = optionalType(node, 2, context);
    requireSameType(node, a, b);
    requireRank(node, 'The first input', a, 2);
    requireRank(node, 'The second input', b, 2);
    const [m, k] = ordered(a.dims ?? [undefined, undefined], intAttribute(node, 'transA', 0));
    const [k2, n] = ordered(b.dims ?? [undefined, undefined], intAttribute(node, 'transB', 0));
    unifyDimension(node, 'The inner dimensions', k, k2);
    const dims = [m, n];
    if (c?.dims !== undefined) checkAddend(node, dims, c.dims);
    return [valueType(a.dtype, dims)];
  },
  evaluate(node, [a, b, c]) {
    const alpha = floatAttribute(node, 'alpha', 1);
    const beta = floatAttribute(node, 'beta', 1);
    const left = plain(a!, intAttribute(node, 'transA', 0));
    const right = plain(b!, intAttribute(node, 'transB', 0));
    const [m, k] = left.dims;
    const n = right.dims[1];
    if (k !== right.dims[0])
      fail('model/shape', `${describe(node)} cannot multiply ${formatDims(a!.dims)} and ${formatDims(b!.dims)}.`);
    const out = new Float64Array(m * n);
    multiplyInto(out, 0, left.values, 0, right.values, 0, m, k, n);
    if (alpha !== 1) for (let i = 0; i < out.length; i++) out[i]! *= alpha;
    if (c !== undefined) {
      checkAddend(node, [m, n], c.dims);
      const offsets = broadcastOffsets(c.dims, [m, n]);
      const addend = numbersOf(c);
      for (let i = 0; i < out.length; i++) out[i]! += beta * addend[offsets ? offsets[i]! : i]!;
    }
    return [tensorOf(a!.dtype, [m, n], out)];
  },
  cost(node, context) {
    const a = costDims(context.type(node.inputs[0] ?? '')?.dims);
    const y = context.type(node.outputs[0] ?? '');
    const k = (intAttribute(node, 'transA', 0) ? a[0] : a[1]) ?? 1;
    return { macs: costCount(y?.dims) * k, operations: 0 };
  },
  lower: lowerGemm,
  quantization: {
    kind: 'compute',
    weight: 1,
    bias: 2,
    weightAxis: (node) => (intAttribute(node, 'transB', 0) ? 0 : 1),
  },
};

function ordered(dims: readonly Dimension[], transposed: number): readonly [Dimension, Dimension] {
  return transposed ? [dims[1], dims[0]] : [dims[0], dims[1]];
}

function checkAddend(node: GraphNode, dims: readonly Dimension[], addend: readonly Dimension[]): void {
  const out = broadcastDims(node, [dims, addend]);
  const widened = out?.some((dim, i) => typeof dim === 'number' && typeof dims[i] === 'number' && dim !== dims[i]);
  if (out === undefined || out.length !== 2 || widened)
    fail(
      'model/shape',
      `The third input ${formatDims(addend)} of ${describe(node)} does not broadcast to ${formatDims(dims)}.`,
    );
}

/** The matrix as rows, transposed where asked for. */
function plain(tensor: Tensor, transposed: number): { values: Float64Array; dims: readonly [number, number] } {
  const values = doublesOf(numbersOf(tensor));
  const rows = tensor.dims[0]!;
  const columns = tensor.dims[1]!;
  if (!transposed) return { values, dims: [rows, columns] };
  const out = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!;
  return { values: out, dims: [columns, rows] };
}
