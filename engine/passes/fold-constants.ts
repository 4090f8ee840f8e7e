import { evaluateConstant, type FoldLimits } from '../graph/constants.ts';
import { inferenceOf } from '../graph/infer.ts';
import { isLazy, lazyTensor } from '../lazy-tensor.ts';
import { eagerElements } from '../onnx/tensor-proto.ts';
import { findOperator } from '../operators/registry.ts';
import { elementCount, type Tensor, type TensorData } from '../tensor.ts';
import { GraphEditor } from './editor.ts';
import type { Pass } from './pass.ts';

/** Enough for any real weight; a folded constant may not be much larger than what it was made from (see `grows`). */
const limits: FoldLimits = { elements: 1 << 26, macs: 1 << 28 };
const growthAllowance = 1 << 16;

/**
 * Kept although their inputs are constant: DequantizeLinear of integer weights is how a quantised model says that it is
 * one; folding it would make the model float and four times as large.
 */
const kept = new Set(['DequantizeLinear', 'QuantizeLinear']);

/** Replaces nodes whose inputs are all known by their results. */
export const foldConstants: Pass = {
  name: 'fold-constants',
  summary: 'Computes what depends on constants and known shapes alone.',
  run(graph) {
    const editor = new GraphEditor(graph);
    const inference = inferenceOf(graph);
    const known = new Map<string, Tensor>(graph.initializers);
    for (const node of graph.nodes) {
      if (kept.has(node.op) || node.outputs.length === 0) continue;
      const operator = findOperator(node.domain, node.op, editor.opset(node.domain));
      if (operator === undefined) continue;
      const context = {
        opset: editor.opset(node.domain),
        type: (value: string) => inference.types.get(value),
        constant: (value: string) => known.get(value) ?? inference.constants.get(value),
        container: () => undefined,
        dimensions: () => undefined,
        inferSubgraph: () => [],
      };
      const small = node.outputs.map((output) => (output === '' ? undefined : inference.constants.get(output)));
      const evaluate = () => evaluateConstant(node, operator, context.opset, context, limits);
      const values = small.every((tensor, i) => tensor !== undefined || node.outputs[i] === '')
        ? small
        : evaluate()?.map((tensor, i) => lazily(tensor, node.inputs.map(context.constant), () => evaluate()![i]!.data));
      if (values === undefined || grows(node.inputs, values, known)) continue;
      // An output of the graph must have a producer that is a node: some runtimes reject a model without.
      if (node.outputs.some((output) => editor.isOutput(output))) continue;
      editor.remove(node);
      node.outputs.forEach((output, i) => {
        if (output === '' || values[i] === undefined) return;
        known.set(output, values[i]);
        editor.setConstant(output, values[i]);
      });
    }
    return editor.result();
  },
};

/** A large result of something lazy is lazy as well: computed again when it is touched after it was forgotten. */
function lazily(tensor: Tensor, sources: readonly (Tensor | undefined)[], compute: () => TensorData): Tensor {
  const { dtype, dims, data } = tensor;
  const isLarge = dtype !== 'string' && elementCount(dims) > eagerElements;
  const fromLazy = sources.some((source) => source !== undefined && isLazy(source));
  return isLarge && fromLazy ? lazyTensor(dtype, dims, compute, { data }) : tensor;
}

/** Whether folding would make the model notably larger (an expanded constant, a tiled table). */
function grows(
  inputs: readonly string[],
  outputs: readonly (Tensor | undefined)[],
  known: ReadonlyMap<string, Tensor>,
): boolean {
  const size = (tensor: Tensor | undefined) => (tensor === undefined ? 0 : elementCount(tensor.dims));
  const before = inputs.reduce((sum, name) => sum + size(known.get(name)), 0);
  const after = outputs.reduce((sum, tensor) => sum + size(tensor), 0);
  return after > 2 * before + growthAllowance;
}
