import type { KernelMemoryExhausted } from '../../kernels/api.ts';
import { fail } from '../findings.ts';
import { describe } from '../operators/shared/attributes.ts';
import { formatDims } from '../operators/shared/types.ts';
import { elementCount } from '../tensor.ts';
import { elementBytes } from './operand.ts';
import type { PreparedGraph } from './prepare.ts';

/** What memory there is for a program, so that too large a one is refused before it takes any. */
export interface MemoryBudget {
  /** The model's name. */
  readonly model: string;
  /** Bytes that kernel memory may grow to, and that are in use of it. */
  readonly limit: number;
  inUse(): number;
  /** Bytes that the process may still take; undefined: as many as there are. */
  left(): number | undefined;
}

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
const fix = 'Use smaller inputs or a smaller batch.';

/** Refuses a model of which a single value cannot fit, before its weights are packed. @throws FindingError */
export function requireLeast({ graph, type }: PreparedGraph, budget: MemoryBudget): void {
  for (const node of graph.nodes) {
    for (const value of node.outputs) {
      const known = value === '' ? undefined : type(value);
      const bytes = known && (elementBytes(known.dtype) ?? 0) * elementCount(known.dims);
      if (known === undefined || bytes === undefined || bytes + budget.inUse() <= budget.limit) continue;
      fail(
        'run/memory-exhausted',
        `The model “${budget.model}” does not fit into the ${mebibytes(budget.limit)} of memory that kernels have.`,
        {
          why: `The output of ${describe(node)} alone, ${known.dtype} ${formatDims(known.dims)}, takes ${mebibytes(bytes)}.`,
          fix,
        },
      );
    }
  }
}

/**
 * Refuses a plan that does not fit, before it is carried out.
 * @param activations bytes of the arena
 * @param constants bytes of constants that are not in kernel memory yet; packed weights are
 * @throws FindingError
 */
export function requireMemory(budget: MemoryBudget, activations: number, constants: number): void {
  const needed = activations + constants;
  const parts = `Activations take ${mebibytes(activations)} at their peak, weights ${mebibytes(budget.inUse() + constants)} for the given input shapes.`;
  if (budget.inUse() + needed > budget.limit) {
    fail(
      'run/memory-exhausted',
      `The model “${budget.model}” does not fit into the ${mebibytes(budget.limit)} of memory that kernels have.`,
      { why: parts, fix },
    );
  }
  const left = budget.left();
  if (left !== undefined && needed > left) {
    fail(
      'run/memory-limit',
      `The model “${budget.model}” needs ${mebibytes(needed)} more of memory where the engine may take ${mebibytes(Math.max(0, left))}.`,
      {
        why: `${parts} An engine that takes more than its limit is ended.`,
        fix: `${fix} Or raise the limit, the setting qspec.engine.memory.`,
      },
    );
  }
}

/** What planning did not foresee: scratch of the kernels, packed weights. */
export function kernelMemoryExhausted(
  { name }: { readonly name: string },
  { requested, inUse, limit }: KernelMemoryExhausted,
): never {
  return fail(
    'run/memory-exhausted',
    `The model “${name}” does not fit into the ${mebibytes(limit)} of memory that kernels have.`,
    {
      why: `${mebibytes(inUse)} are in use and ${mebibytes(requested)} more are needed for the given input shapes.`,
      fix,
    },
  );
}
