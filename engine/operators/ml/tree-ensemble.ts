import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, intsAttribute, missing, tensorAttribute } from '../shared/attributes.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';

/**
 * Walks every row of x [N, features] down each tree of a forest and combines the weights of the leaves, target by
 * target: sum, mean, smallest or largest. Gives [N, targets].
 */
export const treeEnsemble: Operator = {
  op: 'TreeEnsemble',
  domain: 'ai.onnx.ml',
  opsets: [5, 5],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 2);
    forestOf(node);
    return [valueType(x.dtype, [x.dims?.[0], targetCount(node)])];
  },
  evaluate(node, [x]) {
    const forest = forestOf(node);
    const [rows, features] = x!.dims as [number, number];
    const values = numbersOf(x!);
    const targets = targetCount(node);
    const out = new Float64Array(rows * targets);
    for (let row = 0; row < rows; row++) {
      const feature = (index: number) => (index < features ? values[row * features + index]! : Number.NaN);
      out.set(
        transform(
          node,
          combine(
            node,
            forest,
            forest.roots.map((root) => leafOf(node, forest, root, feature)),
          ),
        ),
        row * targets,
      );
    }
    return [tensorOf(x!.dtype, [rows, targets], out)];
  },
};

function targetCount(node: GraphNode): number {
  const count = intAttribute(node, 'n_targets') ?? missing(node, 'n_targets');
  if (!(count > 0 && count <= 2 ** 20)) fail('model/attribute', `${describe(node)} has ${count} targets.`);
  return count;
}

interface Forest {
  readonly roots: readonly number[];
  readonly featureIds: readonly number[];
  /** A number of `modes` each. */
  readonly modes: ArrayLike<number>;
  readonly splits: ArrayLike<number>;
  /** Next node, or the leaf of that number where `leaf` is 1; on true and on false. */
  readonly next: readonly [readonly number[], readonly number[]];
  readonly leaf: readonly [readonly number[], readonly number[]];
  /** Whether a missing value (NaN) counts as true. */
  readonly missingIsTrue: readonly number[] | undefined;
  /** Of each node of mode `member`, the values that are in its set. */
  readonly members: ReadonlyMap<number, ReadonlySet<number>>;
  readonly leafTargets: readonly number[];
  readonly leafWeights: ArrayLike<number>;
}

const modes: readonly ((value: number, split: number) => boolean)[] = [
  (value, split) => value <= split,
  (value, split) => value < split,
  (value, split) => value >= split,
  (value, split) => value > split,
  (value, split) => value === split,
  (value, split) => value !== split,
];
const memberMode = modes.length;

function forestOf(node: GraphNode): Forest {
  const ints = (name: string) => intsAttribute(node, name) ?? missing(node, name);
  const numbers = (name: string) => numbersOf(tensorAttribute(node, name) ?? missing(node, name));
  const forest: Forest = {
    roots: ints('tree_roots'),
    featureIds: ints('nodes_featureids'),
    modes: numbers('nodes_modes'),
    splits: numbers('nodes_splits'),
    next: [ints('nodes_truenodeids'), ints('nodes_falsenodeids')],
    leaf: [ints('nodes_trueleafs'), ints('nodes_falseleafs')],
    missingIsTrue: intsAttribute(node, 'nodes_missing_value_tracks_true'),
    members: membersOf(node, numbers('nodes_modes')),
    leafTargets: ints('leaf_targetids'),
    leafWeights: numbers('leaf_weights'),
  };
  const count = forest.featureIds.length;
  const lists = [forest.modes, forest.splits, ...forest.next, ...forest.leaf];
  const inside = (index: number, length: number) => index >= 0 && index < length;
  const linked = [0, 1].every((way) =>
    forest.next[way]!.every((to, i) => inside(to, forest.leaf[way]![i] ? forest.leafTargets.length : count)),
  );
  if (
    lists.some((list) => list.length !== count) ||
    forest.leafTargets.length !== forest.leafWeights.length ||
    !linked ||
    !forest.roots.every((root) => inside(root, count)) ||
    !forest.featureIds.every((index) => index >= 0) ||
    !Array.from(forest.modes).every((mode) => inside(mode, memberMode + 1)) ||
    !forest.leafTargets.every((target) => inside(target, targetCount(node)))
  )
    fail('model/attribute', `The trees of ${describe(node)} are malformed: their lists do not fit each other.`);
  return forest;
}

/** The sets lie one behind the other, each ended by NaN, in the order of the nodes that use them. */
function membersOf(node: GraphNode, nodeModes: ArrayLike<number>): Map<number, Set<number>> {
  const values = tensorAttribute(node, 'membership_values');
  const lists: number[][] = [[]];
  for (const value of Array.from(values === undefined ? [] : numbersOf(values))) {
    if (Number.isNaN(value)) lists.push([]);
    else lists[lists.length - 1]!.push(value);
  }
  const users = Array.from(nodeModes).flatMap((mode, i) => (mode === memberMode ? [i] : []));
  return new Map(users.map((user, i) => [user, new Set(lists[i])]));
}

function leafOf(node: GraphNode, forest: Forest, root: number, feature: (index: number) => number): number {
  let at = root;
  // A path visits a node at most once, unless a malformed tree leads back into itself.
  for (let turns = 0; turns <= forest.featureIds.length; turns++) {
    const value = feature(forest.featureIds[at]!);
    const mode = forest.modes[at]!;
    const holds = mode === memberMode ? forest.members.get(at)!.has(value) : modes[mode]!(value, forest.splits[at]!);
    const way = holds || (Number.isNaN(value) && forest.missingIsTrue?.[at] === 1) ? 0 : 1;
    if (forest.leaf[way][at]) return forest.next[way][at]!;
    at = forest.next[way][at]!;
  }
  fail('model/cycle', `A tree of ${describe(node)} leads back into itself.`);
}

/** The leaves' weights per target; a target that no leaf names is 0. */
function combine(node: GraphNode, forest: Forest, leaves: readonly number[]): number[] {
  const how = intAttribute(node, 'aggregate_function', 1);
  const weights: number[][] = Array.from({ length: targetCount(node) }, () => []);
  for (const leaf of leaves) weights[forest.leafTargets[leaf]!]!.push(forest.leafWeights[leaf]!);
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  return weights.map((list) => {
    if (list.length === 0) return 0;
    switch (how) {
      case 0:
        return sum(list) / forest.roots.length;
      case 1:
        return sum(list);
      case 2:
        return Math.min(...list);
      case 3:
        return Math.max(...list);
      default:
        return fail('model/attribute', `${describe(node)} combines its trees in the unknown way ${how}.`);
    }
  });
}

function transform(node: GraphNode, scores: readonly number[]): readonly number[] {
  const how = intAttribute(node, 'post_transform', 0);
  switch (how) {
    case 0:
      return scores;
    case 1:
      return softmax(scores, () => true);
    case 2:
      return scores.map((score) => 1 / (1 + Math.exp(-score)));
    case 3:
      return softmax(scores, (score) => score !== 0);
    default:
      // PROBIT (4) has no implementation to compare with that treats it alike.
      return fail('model/operator-unsupported', `${describe(node)} asks for the unsupported transformation ${how}.`);
  }
}

/** Softmax over the scores that take part; the others stay 0. */
function softmax(scores: readonly number[], takesPart: (score: number) => boolean): number[] {
  const most = Math.max(...scores);
  const powers = scores.map((score) => (takesPart(score) ? Math.exp(score - most) : 0));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => (total === 0 ? 0 : power / total));
}
