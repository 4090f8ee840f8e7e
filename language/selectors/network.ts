import { blocksOf } from '../../engine/graph/blocks.ts';
import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import { LayerSet } from './layer-set.ts';

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
  /** Layers that are not in the file but come of pruning, behind all others; absent: none do. */
  readonly added?: AddedLayers;
}

/** Names alone select them: every other selector speaks of the layers of the file. */
export interface AddedLayers {
  /** By index, the layer in front of which it stands. */
  readonly before: ReadonlyMap<number, number>;
  /** The network without them. */
  readonly file: Network;
}

/** The layers of the file alone. */
export function fileNetwork(network: Network): Network {
  return network.added?.file ?? network;
}

/** A network with layers that pruning adds, each with the name of the one in front of which it stands. */
export function withAddedLayers(
  file: Network,
  layers: readonly (readonly [layer: LayerSummary, before: string])[],
): Network {
  if (layers.length === 0) return file;
  const first = file.layers.length;
  const own = layers.map(([layer], i) => ({ ...layer, position: { index: first + i, first: false, last: false } }));
  return {
    layers: [...file.layers, ...own],
    indexOf: new Map([...file.indexOf, ...own.map(({ name, position }) => [name, position.index] as const)]),
    consumers: [...file.consumers, ...own.map(() => [])],
    producers: [...file.producers, ...own.map(() => [])],
    get blocks() {
      return file.blocks;
    },
    measured: file.measured,
    added: { before: new Map(layers.map(([, before], i) => [first + i, file.indexOf.get(before)!])), file },
  };
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

const operators = new WeakMap<Network, ReadonlyMap<string, LayerSet>>();

/** The layers of an operator, as selectors name it: with its domain, or without. */
export function layersOfOperator(network: Network, name: string): LayerSet {
  let known = operators.get(network);
  if (!known) {
    const indices = new Map<string, number[]>();
    for (const [index, { op, domain }] of fileNetwork(network).layers.entries()) {
      for (const spelling of [op, `${domain === '' ? 'ai.onnx' : domain}.${op}`]) {
        const own = indices.get(spelling);
        if (own) own.push(index);
        else indices.set(spelling, [index]);
      }
    }
    known = new Map([...indices].map(([name, own]) => [name, LayerSet.of(network.layers.length, own)]));
    operators.set(network, known);
  }
  return known.get(name) ?? LayerSet.none(network.layers.length);
}

const sorted = new WeakMap<Network, readonly string[]>();

/** Names of layers that begin so: few of ten thousand, mostly. */
export function namesBeginning(network: Network, prefix: string): readonly string[] {
  const names = sorted.get(network) ?? network.layers.map(({ name }) => name).sort();
  sorted.set(network, names);
  let [from, to] = [0, names.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (names[middle]! < prefix) from = middle + 1;
    else to = middle;
  }
  let end = from;
  while (end < names.length && names[end]!.startsWith(prefix)) end++;
  return names.slice(from, end);
}

const quantizable = new WeakMap<Network, LayerSet>();

/** The layers that have an integer form. */
export function quantizableLayers(network: Network): LayerSet {
  let known = quantizable.get(network);
  if (!known) {
    known = LayerSet.where(network.layers.length, (index) => network.layers[index]!.quantization !== null);
    quantizable.set(network, known);
  }
  return known;
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

export function neighbours(set: LayerSet, edges: readonly (readonly number[])[]): LayerSet {
  const out: number[] = [];
  for (const index of set) out.push(...edges[index]!);
  return LayerSet.of(set.capacity, out);
}

/** Everything reachable along the edges, without the start itself unless a path leads back to it. */
export function reachable(set: LayerSet, edges: readonly (readonly number[])[]): LayerSet {
  const seen = new Uint8Array(set.capacity);
  const pending = [...set];
  while (pending.length > 0) {
    for (const other of edges[pending.pop()!]!) {
      if (seen[other] === 0) {
        seen[other] = 1;
        pending.push(other);
      }
    }
  }
  return LayerSet.where(set.capacity, (index) => seen[index] === 1);
}

/** Both ends, and every layer on a path from one to the other. */
export function pathsBetween(from: LayerSet, to: LayerSet, { consumers, producers }: Network): LayerSet {
  const down = from.union(reachable(from, consumers));
  const up = to.union(reachable(to, producers));
  return down.intersection(up);
}
