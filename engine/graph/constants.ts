import { FindingError } from '../findings.ts';
import type { InferContext, Operator } from '../operators/operator.ts';
import { isStatic } from '../operators/shared/types.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { subgraphsOf } from './captures.ts';
import type { GraphNode } from './graph.ts';

/** How much constant folding may compute: elements read and written, and multiply-accumulates. */
export interface FoldLimits {
  readonly elements: number;
  readonly macs: number;
}

/** While types are inferred only small values are computed: shape arithmetic, scales, axes. */
const inferenceLimits: FoldLimits = { elements: 4096, macs: 1 << 20 };

/** Operators whose result is not determined by their inputs. */
const notFolded = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
]);

/**
 * Whether a node's outputs follow from its inputs alone and are no more work than the limits allow. The work of a body is not bounded
 * by the shapes of its node. Never throws for a malformed node.
 */
export function isComputable(node: GraphNode, operator: Operator, context: InferContext, limits: FoldLimits): boolean {
  if (operator.evaluate === undefined || notFolded.has(node.op) || subgraphsOf(node).length > 0) return false;
  let elements = 0;
  for (const name of [...node.inputs, ...node.outputs]) {
    if (name === '') continue;
    const dims = context.constant(name)?.dims ?? context.type(name)?.dims;
    if (!isStatic(dims)) return false;
    elements += elementCount(dims);
  }
  if (!(elements <= limits.elements)) return false;
  return orUndefined(() => !((operator.cost?.(node, context).macs ?? 0) > limits.macs)) ?? false;
}

/**
 * Outputs of a node whose inputs are all constants (or which needs only their shapes), if they are small enough to be
 * computed now; undefined otherwise. Never throws for a malformed node.
 */
export function evaluateConstant(
  node: GraphNode,
  operator: Operator,
  opset: number,
  context: InferContext,
  limits: FoldLimits = inferenceLimits,
): readonly Tensor[] | undefined {
  const inputs: (Tensor | undefined)[] = [];
  for (const name of node.inputs) {
    const tensor = name === '' ? undefined : context.constant(name);
    if (name !== '' && tensor === undefined) return undefined;
    inputs.push(tensor);
  }
  if (!isComputable(node, operator, context, limits)) return undefined;
  return orUndefined(() => operator.evaluate!(node, inputs, { opset, seed: 0, evaluateSubgraph: () => [] }));
}

function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    // What slips through the shape rules is the model's fault, too.
    if (error instanceof FindingError || error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
