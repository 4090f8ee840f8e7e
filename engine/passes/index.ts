import { fail } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import { withInference } from '../graph/infer.ts';
import { suggestion } from '../nearest.ts';
import { foldArithmetic } from './fold-arithmetic.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldConstants } from './fold-constants.ts';
import { inlineIf } from './inline-if.ts';
import { mergePad } from './merge-pad.ts';
import type { Pass, PassResult } from './pass.ts';
import { removeDead } from './remove-dead.ts';
import { removeIdentity } from './remove-identity.ts';
import { verifyGraph } from './verify.ts';
import { writeOutFusions } from './write-out-fusions.ts';

export type { Pass, PassResult } from './pass.ts';
export { upgradeOpset } from './upgrade-opset.ts';
export { verifyGraph } from './verify.ts';

/** The registry of passes, in the order in which `optimize` runs them. */
export const passes: readonly Pass[] = [
  writeOutFusions,
  foldConstants,
  inlineIf,
  removeIdentity,
  mergePad,
  foldBatchNorm,
  foldArithmetic,
  removeDead,
];

/** Passes by name, in the order given. @throws FindingError `passes/unknown` */
export function passesNamed(names: readonly string[]): readonly Pass[] {
  return names.map(
    (name) =>
      passes.find((pass) => pass.name === name) ??
      fail(
        'passes/unknown',
        `There is no pass \`${name}\`.`,
        suggestion(
          name,
          passes.map((pass) => pass.name),
        ),
      ),
  );
}

/** Rounds after which `optimize` stops even if something still changes; real models settle in three. */
const roundLimit = 16;

/**
 * Runs passes in turn until none of them changes anything. The result computes what the graph computed; layers keep
 * their names, and `absorbed` says which layers each of them now stands for.
 */
export function optimize(graph: Graph, steps: readonly Pass[] = passes): PassResult {
  const absorbed = new Map<string, readonly string[]>();
  let current = graph;
  for (let round = 0; round < roundLimit; round++) {
    const before = current;
    for (const step of steps) {
      const result = step.run(current);
      if (result.graph === current) continue;
      for (const [survivor, names] of result.absorbed) {
        const inherited = names.flatMap((name) => absorbed.get(name) ?? []);
        for (const name of names) absorbed.delete(name);
        absorbed.set(survivor, [...(absorbed.get(survivor) ?? []), ...names, ...inherited]);
      }
      current = withInference(result.graph);
      verifyGraph(current, step.name);
    }
    if (current === before) break;
  }
  return { graph: current, absorbed };
}
