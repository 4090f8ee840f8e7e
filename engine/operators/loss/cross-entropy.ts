import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import { logSoftmaxRow } from '../normalization/softmax.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, hasAttribute, intAttribute, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { hasOutput, inputType, valueType } from '../shared/types.ts';

/**
 * Negative log-likelihood of the target classes: scores [N, classes, …], targets [N, …], optional class weights;
 * `ignore_index` leaves targets out, the mean divides by the sum of the weights that counted.
 */
function lossType(node: GraphNode, context: InferContext) {
  const x = inputType(node, 0, context);
  const none = stringAttribute(node, 'reduction', 'mean') === 'none';
  return valueType(x.dtype, none ? inputType(node, 1, context).dims : []);
}

function loss(
  node: GraphNode,
  logs: ArrayLike<number>,
  x: Tensor,
  targets: Tensor,
  weights: Tensor | undefined,
): Tensor {
  const classes = x.dims[1]!;
  const inner = elementCount(x.dims.slice(2));
  const ignored = hasAttribute(node, 'ignore_index') ? intAttribute(node, 'ignore_index', 0) : undefined;
  const labels = numbersOf(targets);
  const scale = weights && numbersOf(weights);
  const out = new Float64Array(labels.length);
  let counted = 0;
  for (let i = 0; i < out.length; i++) {
    const label = labels[i]!;
    if (label === ignored) continue;
    if (!(label >= 0 && label < classes))
      fail('run/index', `A target of ${describe(node)} is class ${label} of ${classes}.`);
    const weight = scale ? scale[label]! : 1;
    counted += weight;
    out[i] = -weight * logs[(Math.floor(i / inner) * classes + label) * inner + (i % inner)]!;
  }
  const reduction = stringAttribute(node, 'reduction', 'mean');
  if (reduction === 'none') return tensorOf(x.dtype, targets.dims, out);
  const sum = out.reduce((a, b) => a + b, 0);
  return tensorOf(x.dtype, [], [reduction === 'mean' ? sum / counted : sum]);
}

export const negativeLogLikelihoodLoss: Operator = {
  op: 'NegativeLogLikelihoodLoss',
  domain: '',
  opsets: [12, newestOpset],
  infer: (node, context) => [lossType(node, context)],
  evaluate: (node, [x, targets, weights]) => [loss(node, numbersOf(x!), x!, targets!, weights)],
};

/** The same of the scores' softmax; the logarithms of the probabilities are the second output. */
export const softmaxCrossEntropyLoss: Operator = {
  op: 'SoftmaxCrossEntropyLoss',
  domain: '',
  opsets: [12, newestOpset],
  infer(node, context) {
    const type = lossType(node, context);
    return hasOutput(node, 1) ? [type, inputType(node, 0, context)] : [type];
  },
  evaluate(node, [x, targets, weights]) {
    const classes = x!.dims[1]!;
    const inner = elementCount(x!.dims.slice(2));
    const values = numbersOf(x!);
    const logs = new Float64Array(values.length);
    const row = new Float64Array(classes);
    for (let r = 0; r < values.length / classes; r++) {
      const base = Math.floor(r / inner) * classes * inner + (r % inner);
      for (let c = 0; c < classes; c++) row[c] = values[base + c * inner]!;
      logSoftmaxRow(row);
      for (let c = 0; c < classes; c++) logs[base + c * inner] = row[c]!;
    }
    return [loss(node, logs, x!, targets!, weights), tensorOf(x!.dtype, x!.dims, logs)];
  },
};
