import type { Finding } from '../findings.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { GraphEditor } from '../passes/editor.ts';
import type { PruneAmount, PruneChoice, PrunePlan } from '../plan.ts';
import { Breather, type Progress } from '../progress.ts';
import { type IntegerForm, integerForm } from '../quantize/integer-form.ts';
import type { Tensor } from '../tensor.ts';
import { cutChannels } from './cut-channels.ts';
import { factorize, factorizeUnread } from './low-rank.ts';
import { leastScores, type Mask, patternMask } from './mask.ts';
import { scoresOf } from './registry.ts';

export interface Pruned {
  readonly graph: Graph;
  /** Layers that asked for it and keep weights or channels, with the reason. */
  readonly findings: readonly Finding[];
  /** Layers that were pruned. */
  readonly layers: ReadonlySet<string>;
  /** Those of them whose weights are there still, some of them zero. */
  readonly zeroed: ReadonlySet<string>;
  /** Output channels that are left of each layer that lost some. */
  readonly kept: ReadonlyMap<string, readonly number[]>;
  /** New layers in front of those that were split in two, each with the name of that one. */
  readonly added: ReadonlyMap<string, string>;
}

/**
 * Takes out of a graph what a plan prunes: first whole channels, which leaves smaller layers (`cutChannels`); of what is left whole
 * ranks, which leaves two layers for one (`factorize`), and single weights, which become zero. Zero is a code of every format, so they stay zero however they are quantised afterwards.
 */
export async function pruneGraph(graph: Graph, { nodes: choices }: PrunePlan, progress?: Progress): Promise<Pruned> {
  const breather = new Breather(progress);
  const { structured, forms, findings } = sorted(graph, choices);
  const cut = cutChannels(graph, structured, { progress });
  const split = await factorize(cut.graph, structured, progress);
  const editor = new GraphEditor(split.graph);
  for (const [at, node] of split.graph.nodes.entries()) {
    const form = forms.get(node.name);
    if (form === undefined) continue;
    progress?.report('Pruning', at, split.graph.nodes.length);
    await breather.pause();
    const old = node.inputs[form.weight!]!;
    const weight = withoutWeights(editor.constant(old)!, node.name, choices[node.name]!, form);
    const name = editor.replaceInitializer(old, node, weight);
    if (name === old) continue;
    editor.replace(node, [{ ...node, inputs: node.inputs.map((value, i) => (i === form.weight ? name : value)) }]);
  }
  return {
    graph: editor.result().graph,
    findings: [...findings, ...cut.findings, ...split.findings],
    layers: new Set([...cut.gone.keys(), ...split.added.values(), ...forms.keys()]),
    zeroed: new Set(forms.keys()),
    kept: cut.kept,
    added: split.added,
  };
}

/** What a plan asks of a graph whose weights are not known: layers that lose channels or ranks, with the shapes of those that a run leaves. */
export function pruneUnread(graph: Graph, { nodes: choices }: PrunePlan): PrunedUnread {
  const { structured } = sorted(graph, choices);
  const cut = cutChannels(graph, structured, { weights: 'shapes' });
  const split = factorizeUnread(cut.graph, structured);
  return {
    ...{ graph: split.graph, kept: cut.kept, added: split.added },
    open: new Set([...cut.open, ...split.open]),
  };
}

export interface PrunedUnread extends Pick<Pruned, 'graph' | 'kept' | 'added'> {
  /** Layers of which the values of weights decide how much of them goes. They keep here what they may keep. */
  readonly open: ReadonlySet<string>;
}

/** What becomes of the layers that a plan names: channels and ranks go, or weights become zero in the given form. */
function sorted(graph: Graph, choices: PrunePlan['nodes']) {
  const findings: Finding[] = [];
  const structured: Record<string, PruneChoice> = {};
  const forms = new Map<string, IntegerForm>();
  for (const node of graph.nodes) {
    const choice = choices[node.name];
    if (choice === undefined) continue;
    const form = integerForm(node, graph);
    if ('reason' in form || form.kind !== 'compute')
      findings.push(notPruned(node, 'reason' in form ? form.reason : 'it has no weights', choice));
    else if (isZeroed(choice.amount)) forms.set(node.name, form);
    else structured[node.name] = choice;
  }
  return { structured, forms, findings };
}

/** An amount of which the weights that go are zero and stay in their places. */
type Zeroed = Extract<PruneAmount, { readonly kind: 'weights' | 'pattern' }>;

function isZeroed(amount: PruneAmount): amount is Zeroed {
  return amount.kind === 'weights' || amount.kind === 'pattern';
}

function withoutWeights(weight: Tensor, layer: string, choice: PruneChoice, { weightAxis }: IntegerForm): Tensor {
  return derivedTensor([weight], 'float32', weight.dims, () => {
    const values = weight.data as Float32Array;
    const scores = scoresOf(values, layer, choice);
    const mask = maskOf(scores, weight.dims, choice.amount as Zeroed, weightAxis === 0 ? 1 : 0);
    return values.map((value, i) => (mask[i] ? 0 : value));
  });
}

/** @param axis the one along which the weight's inputs lie */
function maskOf(scores: Float32Array, dims: readonly number[], amount: Zeroed, axis: number): Mask {
  return amount.kind === 'weights'
    ? leastScores(scores, Math.round(amount.share * scores.length))
    : patternMask(scores, dims, axis, amount);
}

function notPruned({ name, op }: GraphNode, reason: string, { origin }: PruneChoice): Finding {
  return {
    code: 'prune/not-pruned',
    severity: 'warning',
    what: `${op} “${name}” keeps all its weights: ${reason}.`,
    fix: 'Leave it out of the `prune` block.',
    ...(origin.amount && { range: origin.amount }),
  };
}
