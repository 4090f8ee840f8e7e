import type { Finding } from '../findings.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { methodNamed } from '../methods/registry.ts';
import type { Choice } from '../plan.ts';
import { vectorShape } from './input-vectors.ts';
import type { IntegerForm } from './integer-form.ts';

/** Squares of a layer's inputs larger than this are not worked with: 64 MiB, some 2900 inputs. */
const mostElements = 2 ** 23;

export interface LayerChoice {
  readonly node: GraphNode;
  readonly form: IntegerForm;
  readonly choice: Choice;
  readonly graph: Graph;
  /** Samples that calibration saw. */
  readonly samples: number;
}

/** Whether a method that works with the products of a layer's inputs can do so; each group of a convolution has its own. */
export function fitsMoments(node: GraphNode, form: IntegerForm, graph: Graph): boolean {
  const { dims } = graph.initializers.get(node.inputs[form.weight!]!)!;
  const { length, groups } = vectorShape(node, dims, form.weightAxis!);
  return groups * length * length <= mostElements;
}

/** Why a layer's weights are rounded to nearest although its method needs data; undefined where it works. */
export function whyRounded({ node, form, choice, graph, samples }: LayerChoice): Finding | undefined {
  if (choice.method === undefined || methodNamed(choice.method.name).needs === undefined) return undefined;
  const why =
    samples === 0
      ? 'The method needs calibration data, and there was none.'
      : choice.granularity !== 'per-channel'
        ? 'The method needs a scale per channel.'
        : fitsMoments(node, form, graph)
          ? undefined
          : 'The layer has too many inputs: the method keeps a square matrix of them.';
  return why === undefined
    ? undefined
    : {
        code: 'quantize/method-fallback',
        severity: 'warning',
        what: `The weights of “${node.name}” are rounded to nearest instead of by \`${choice.method.name}\`.`,
        why,
      };
}
