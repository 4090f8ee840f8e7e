import type { Graph, GraphNode } from '../graph/graph.ts';
import { floatAttribute } from '../operators/shared/attributes.ts';
import { scalarOf } from '../operators/shared/numbers.ts';
import type { Wiring } from './wiring.ts';

/** Bounds of a fused activation: y = min(max(x, min), max). */
export interface Clamp {
  readonly min: number;
  readonly max: number;
}

/** Bounds of a Relu or a Clip with constant bounds; undefined for anything else. */
export function clampOf(node: GraphNode, graph: Graph): Clamp | undefined {
  if (node.domain !== '') return undefined;
  if (node.op === 'Relu') return { min: 0, max: Number.POSITIVE_INFINITY };
  if (node.op !== 'Clip') return undefined;
  if ((graph.opsets.get('') ?? 1) < 11)
    return {
      min: floatAttribute(node, 'min', Number.NEGATIVE_INFINITY),
      max: floatAttribute(node, 'max', Number.POSITIVE_INFINITY),
    };
  const bound = (index: number, missing: number): number | undefined => {
    const name = node.inputs[index] ?? '';
    if (name === '') return missing;
    const tensor = graph.initializers.get(name);
    return tensor === undefined ? undefined : scalarOf(tensor);
  };
  const min = bound(1, Number.NEGATIVE_INFINITY);
  const max = bound(2, Number.POSITIVE_INFINITY);
  return min === undefined || max === undefined || !(min <= max) ? undefined : { min, max };
}

/** An activation that the node before it takes over as a clamp of its own output. */
export interface Fusion {
  readonly activation: string;
  /** The activation's output. */
  readonly value: string;
  readonly clamp: Clamp;
}

/** The Relu or Clip that alone reads a node's only output. */
export function fusableActivation(node: GraphNode, graph: Graph, wiring: Wiring): Fusion | undefined {
  const value = node.outputs[0]!;
  if (wiring.isOutput(value)) return undefined;
  const [consumer, ...others] = wiring.consumers(value);
  if (consumer === undefined || others.length > 0 || consumer.index !== 0) return undefined;
  const clamp = clampOf(consumer.node, graph);
  return clamp && { activation: consumer.node.name, value: consumer.node.outputs[0]!, clamp };
}
