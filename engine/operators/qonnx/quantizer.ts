import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { broadcastOffsets } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { isInteger, numbersOf } from '../shared/numbers.ts';
import { broadcastDims, constantInput, formatDims, hasInput, inputType, valueType } from '../shared/types.ts';

/** The names under which QONNX's operators are found in files, newest first. */
const domains = ['qonnx.custom_op.general', 'finn.custom_op.general', 'onnx.brevitas'] as const;

/** The operator in every domain of QONNX. */
export function inQonnxDomains(operator: Omit<Operator, 'domain' | 'opsets'>, opsets?: Operator['opsets']): Operator[] {
  return domains.map((domain) => ({ ...operator, domain, opsets: opsets ?? [1, newestOpset] }));
}

/** A quantiser gives its input's shape in float32; parameters broadcast to it. */
export function inferQuantizer(node: GraphNode, context: InferContext) {
  const x = inputType(node, 0, context);
  for (let i = 1; i < Math.max(node.inputs.length, leastInputs[node.op] ?? 0); i++) {
    if (i >= 4 && !hasInput(node, i)) continue;
    const parameter = inputType(node, i, context);
    const both = broadcastDims(node, [x.dims, parameter.dims]);
    if (x.dims !== undefined && parameter.dims !== undefined && both?.length !== x.dims.length)
      fail(
        'model/shape',
        `Input ${i} ${formatDims(parameter.dims)} of ${describe(node)} does not fit ${formatDims(x.dims)}.`,
      );
  }
  const width = bitWidthInputs[node.op]?.map((index) => constantInput(node, index, context)) ?? [];
  for (const tensor of width) if (tensor !== undefined) checkedWidths(node, tensor);
  return [valueType(isInteger(x.dtype) ? 'float32' : x.dtype, x.dims)];
}

const leastInputs: Readonly<Record<string, number>> = {
  Quant: 4,
  IntQuant: 4,
  BipolarQuant: 2,
  Trunc: 5,
  FloatQuant: 4,
};

const bitWidthInputs: Readonly<Record<string, readonly number[]>> = {
  Quant: [3],
  IntQuant: [3],
};

/** Widths are whole numbers, whatever their type. */
export function checkedWidths(node: GraphNode, tensor: Tensor): ArrayLike<number> {
  const widths = numbersOf(tensor);
  for (let i = 0; i < widths.length; i++)
    if (!(Number.isInteger(widths[i]) && widths[i]! >= 1 && widths[i]! <= 32))
      fail('model/attribute', `The bit width of ${describe(node)} is ${widths[i]}.`, {
        fix: 'A width is a whole number from 1 to 32.',
      });
  return widths;
}

/** Reads a parameter for each element of a tensor of `dims`. */
export function parameter(tensor: Tensor, dims: readonly number[]): (index: number) => number {
  const values = numbersOf(tensor);
  if (values.length === 1) return () => values[0]!;
  const offsets = broadcastOffsets(tensor.dims, dims);
  return offsets ? (index) => values[offsets[index]!]! : (index) => values[index]!;
}

/** Codes of a width: `signed` and `narrow` (one code less) as the node says. */
export function codeRange(
  node: GraphNode,
  bits: number,
  defaults: { readonly narrow: number },
): readonly [number, number] {
  const narrow = intAttribute(node, 'narrow', defaults.narrow) !== 0 ? 1 : 0;
  if (intAttribute(node, 'signed', 1) === 0) return [0, 2 ** bits - 1 - narrow];
  return [-(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1];
}

/** The axis along which a parameter differs; `'one'` where it does not, undefined where it differs along several. */
export function parameterAxis({ dims }: Tensor, rank: number): number | 'one' | undefined {
  if (elementCount(dims) === 1) return 'one';
  const axes = dims.flatMap((dim, axis) => (dim === 1 ? [] : [axis + rank - dims.length]));
  return axes.length === 1 ? axes[0] : undefined;
}
