import { KernelMemoryExhausted, KernelsCancelled, KernelThreadLost } from '../../kernels/api.ts';
import { FindingError } from '../findings.ts';
import { describe, shown } from '../operators/shared/attributes.ts';
import { formatDims } from '../operators/shared/types.ts';
import { Cancelled } from '../progress.ts';
import type { ValueType } from '../tensor.ts';
import type { GraphNode } from './graph.ts';

/** Failures that name their node already: one inside the body of a Loop is told once. */
const attributed = new WeakSet<FindingError>();

/**
 * Does the work of one node. What fails in it becomes one finding, whoever ran the operator: the node, its operator, what it
 * was given, and the cause. A finding keeps its code and words; cancelling and memory are not the operator's affair.
 */
export function attributing<T>(node: GraphNode, typeOf: (value: string) => ValueType | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FindingError && attributed.has(error)) throw error;
    if ([Cancelled, KernelsCancelled, KernelMemoryExhausted].some((kind) => error instanceof kind)) throw error;
    const failure = failureOf(node, typeOf, error);
    attributed.add(failure);
    throw failure;
  }
}

function failureOf(node: GraphNode, typeOf: (value: string) => ValueType | undefined, error: unknown): FindingError {
  const given = `It was given ${inputsOf(node, typeOf)}.`;
  if (error instanceof FindingError) {
    const { what, why } = error.finding;
    return new FindingError({
      ...error.finding,
      what: what.includes(shown(node.name)) ? what : `${describe(node)} failed: ${what}`,
      why: why === undefined ? given : `${why} ${given}`,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  const failure = new FindingError({
    code: 'run/operator-failed',
    severity: 'error',
    what: `${describe(node)} failed: ${message.replace(/\.$/, '')}.`,
    why: given,
    fix:
      error instanceof KernelThreadLost
        ? 'Run again.'
        : 'Check that the node is valid ONNX; if it is, report it with the model: QSpec should run it.',
  });
  failure.cause = error;
  return failure;
}

function inputsOf(node: GraphNode, typeOf: (value: string) => ValueType | undefined): string {
  const names = node.inputs.filter((name) => name !== '');
  if (names.length === 0) return 'no inputs';
  return names
    .map((name) => {
      const type = typeOf(name);
      return `“${shown(name)}” ${type === undefined ? 'of unknown type' : `${type.dtype} ${formatDims(type.dims)}`}`;
    })
    .join(', ');
}
