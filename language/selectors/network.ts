import { blocksOf } from '../../engine/graph/blocks.ts';
import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';

/** A model's layers by index, with their neighbours: what selectors walk. */
export interface Network {
  readonly layers: readonly LayerSummary[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly consumers: readonly (readonly number[])[];
  readonly producers: readonly (readonly number[])[];
  /** The layers of each block, in the order of the network; found when they are first asked for. */
  readonly blocks: readonly (readonly number[])[];
  /** Undefined while nothing was measured. */
  readonly measured: Measurements | undefined;
}

const built = new WeakMap<ModelSummary, Network>();
const builtMeasured = new WeakMap<Measurements, WeakMap<ModelSummary, Network>>();

/** One network for a model and what was measured of it: selections are remembered by it. */
export function networkOf(summary: ModelSummary, measured?: Measurements): Network {
  if (!measured) return plainNetwork(summary);
  const ofModels = builtMeasured.get(measured) ?? new WeakMap<ModelSummary, Network>();
  builtMeasured.set(measured, ofModels);
  let network = ofModels.get(summary);
  if (!network) {
    const { layers, indexOf, consumers, producers } = plainNetwork(summary);
    network = {
      ...{ layers, indexOf, consumers, producers, measured },
      get blocks() {
        return blocksOf(summary);
      },
    };
    ofModels.set(summary, network);
  }
  return network;
}

function plainNetwork(summary: ModelSummary): Network {
  let network = built.get(summary);
  if (!network) {
    const { layers } = summary;
    const indexOf = new Map(layers.map((layer, index) => [layer.name, index]));
    const indices = (names: readonly string[]) =>
      names.map((name) => indexOf.get(name)).filter((index) => index !== undefined);
    network = {
      layers,
      indexOf,
      consumers: layers.map((layer) => indices(layer.consumers)),
      producers: layers.map((layer) => indices(layer.producers)),
      get blocks() {
        return blocksOf(summary);
      },
      measured: undefined,
    };
    built.set(summary, network);
  }
  return network;
}

const tensors = new WeakMap<Network, Record<'reading' | 'writing', ReadonlySet<string>>>();

/** Names of the tensors that layers read (inputs of the model and constants among them), or write. */
export function tensorNames(network: Network, direction: 'reading' | 'writing'): ReadonlySet<string> {
  let known = tensors.get(network);
  if (!known) {
    const names = (side: 'inputs' | 'outputs') =>
      new Set(network.layers.flatMap((layer) => layer[side].map(({ name }) => name)).filter((name) => name !== ''));
    known = { reading: names('inputs'), writing: names('outputs') };
    tensors.set(network, known);
  }
  return known[direction];
}

const numbers = new WeakMap<Network, ReadonlyMap<number, number>>();

/** The number of the block that a layer is part of, counted from 1; undefined where it is in none. */
export function blockNumber(layer: number, network: Network): number | undefined {
  let known = numbers.get(network);
  if (!known) {
    known = new Map(network.blocks.flatMap((layers, block) => layers.map((own) => [own, block + 1] as const)));
    numbers.set(network, known);
  }
  return known.get(layer);
}

export type LayerSet = ReadonlySet<number>;

export function neighbours(set: LayerSet, edges: readonly (readonly number[])[]): LayerSet {
  const out = new Set<number>();
  for (const index of set) for (const other of edges[index]!) out.add(other);
  return out;
}

/** Everything reachable along the edges, without the start itself unless a path leads back to it. */
export function reachable(set: LayerSet, edges: readonly (readonly number[])[]): LayerSet {
  const out = new Set<number>();
  const pending = [...set];
  while (pending.length > 0) {
    for (const other of edges[pending.pop()!]!) {
      if (!out.has(other)) {
        out.add(other);
        pending.push(other);
      }
    }
  }
  return out;
}

export function complement(set: LayerSet, network: Network): LayerSet {
  const out = new Set<number>();
  for (let i = 0; i < network.layers.length; i++) if (!set.has(i)) out.add(i);
  return out;
}

export function intersection(a: LayerSet, b: LayerSet): LayerSet {
  const out = new Set<number>();
  for (const index of a) if (b.has(index)) out.add(index);
  return out;
}

export function union(a: LayerSet, b: LayerSet): LayerSet {
  return new Set([...a, ...b]);
}
