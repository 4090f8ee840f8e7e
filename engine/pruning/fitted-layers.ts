import type { Graph, GraphNode } from '../graph/graph.ts';
import { untold } from '../graph/summary-graph.ts';
import { GraphEditor } from '../passes/editor.ts';
import { type IntegerForm, integerForm } from '../quantize/integer-form.ts';
import { fitsMoments } from '../quantize/method-fallback.ts';
import type { Pruned } from './prune.ts';

/** The layers that `refit` fits: those behind pruned ones, as far as their inputs are few enough. */
export function formsToFit(whole: Graph, graph: Graph): Map<string, IntegerForm> {
  const forms = new Map<string, IntegerForm>();
  for (const node of behindPruned(whole, graph)) {
    const form = integerForm(node, graph);
    if ('reason' in form || form.kind !== 'compute' || form.bias === undefined) continue;
    if (fitsMoments(node, form, graph, 'samples')) forms.set(node.name, form);
  }
  return forms;
}

/** The shapes that `refit` gives a graph: a bias, which is not known, for layers that had none. */
export function withFittedBiases(whole: Graph, { graph, added }: Pick<Pruned, 'graph' | 'added'>): Graph {
  const editor = new GraphEditor(graph);
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  for (const [name, form] of formsToFit(whole, graph)) {
    const node = byName.get(name)!;
    if (added.has(name) || node.inputs[form.bias!]) continue;
    const outputs = editor.constant(node.inputs[form.weight!])!.dims[form.weightAxis!]!;
    const bias = editor.addInitializer(`${name}.bias`, untold('float32', [outputs]));
    editor.replace(node, [{ ...node, inputs: [...node.inputs.slice(0, form.bias), bias] }]);
  }
  return editor.result().graph;
}

/** Nodes that read what comes of pruned layers, and those that were added. */
function behindPruned(whole: Graph, graph: Graph): GraphNode[] {
  const originals = new Map(whole.nodes.map((node) => [node.name, node]));
  const touched = new Set<string>();
  return graph.nodes.filter((node) => {
    const behind = node.inputs.some((value) => touched.has(value));
    const original = originals.get(node.name);
    const changed =
      original === undefined || node.inputs.some((value, i) => differs(value, original.inputs[i], whole, graph));
    if (behind || changed) for (const output of node.outputs) touched.add(output);
    return behind || original === undefined;
  });
}

/** Whether a constant is another one now. */
function differs(value: string, before: string | undefined, whole: Graph, graph: Graph): boolean {
  return graph.initializers.get(value) !== whole.initializers.get(before ?? '');
}
