import type { ObserverArgument } from '../observers/observer.ts';

/** A registry row: what a spec may write after `by` in its `prune` block. */
export interface PruningCriterion {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Paper, or section of METHODS. */
  readonly source: string;
  readonly arguments: readonly ObserverArgument[];
  /**
   * How much each weight matters, in the weights' order; the least go first, of equals those that come first. A channel
   * matters as much as its weights together, times those that read it.
   * @param layer name of the layer, for what differs from layer to layer
   */
  scores(values: Float32Array, layer: string, args: Readonly<Record<string, number>>): Float32Array;
}
