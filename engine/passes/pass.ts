import type { Graph } from '../graph/graph.ts';

/** A named step that makes a graph simpler and leaves its outputs as they were. */
export interface Pass {
  readonly name: string;
  /** One sentence for documentation and reports. */
  readonly summary: string;
  /** Returns the graph it was given if there is nothing to do. */
  run(graph: Graph): PassResult;
}

export interface PassResult {
  readonly graph: Graph;
  /** Names of nodes that were merged into another one, by the name of the node that stands for them now. */
  readonly absorbed: ReadonlyMap<string, readonly string[]>;
}

const nothing: ReadonlyMap<string, readonly string[]> = new Map();

export function unchanged(graph: Graph): PassResult {
  return { graph, absorbed: nothing };
}
