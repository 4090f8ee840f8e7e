import type { LayerSummary, ModelSummary } from './summary.ts';

/** Layers of a block, at most: beyond, a part of a network is no block but the network itself. */
const largestBlock = 1000;
/** Inputs of a model that are tried as the one that leads through it. */
const mostInputs = 64;
/** Stands for the model's input among the indices of layers. */
const entry = -1;

/** A part with one way in and one way out: from behind the layer that all its paths come from to the one that they meet in. */
interface Region {
  readonly layers: ReadonlySet<number>;
  readonly merge: number;
}

const known = new WeakMap<ModelSummary, readonly (readonly number[])[]>();

/**
 * The blocks of a network in its order, as indices of layers. A block is a part in which the network branches and comes
 * together again, with a layer that computes in between, and the activation behind: residual and inverted residual blocks,
 * squeeze and excitation, inception, attention, feed-forward. A block within a block belongs to the outer one, unless two of
 * them follow one another: then those are the blocks, and what is around them is not.
 */
export function blocksOf(summary: ModelSummary): readonly (readonly number[])[] {
  let blocks = known.get(summary);
  if (!blocks) {
    blocks = findBlocks(summary);
    known.set(summary, blocks);
  }
  return blocks;
}

function findBlocks({ layers, inputs }: ModelSummary): readonly (readonly number[])[] {
  const readers = readersOf(layers);
  const producers = mainPath(
    layers,
    inputs.map(({ name }) => name),
    readers,
  );
  const dominators = dominatorsOf(producers);
  const regions = producers.flatMap((from, merge) => {
    if (from.length < 2) return [];
    const region = regionOf(merge, dominators[merge]!, producers);
    const computes = region && [...region.layers].some((i) => i !== merge && layers[i]!.quantization === 'compute');
    return computes ? [region] : [];
  });
  const taken = new Set<number>();
  return (
    chosen(regions, producers)
      .map((region) => withActivation(region, layers, readers, producers))
      .sort(byFirst)
      // Parts that overlap share nothing: a layer has one number.
      .map((block) => block.filter((layer) => !taken.has(layer) && taken.add(layer)))
      .filter((block) => block.length > 0)
      .sort(byFirst)
  );
}

function byFirst(a: readonly number[], b: readonly number[]): number {
  return a[0]! - b[0]!;
}

function isFloat(dtype: string | null): boolean {
  return dtype === null || dtype.startsWith('float') || dtype === 'bfloat16';
}

/** Layers that read a value as data: what flows in integers (shapes, indices) is no path of the network. */
function readersOf(layers: readonly LayerSummary[]): ReadonlyMap<string, readonly number[]> {
  const readers = new Map<string, number[]>();
  for (const [index, layer] of layers.entries()) {
    for (const { name, kind } of layer.inputs) {
      if (kind !== 'activation') continue;
      const list = readers.get(name);
      if (!list) readers.set(name, [index]);
      else if (list.at(-1) !== index) list.push(index);
    }
  }
  return readers;
}

/**
 * For every layer on the way from the model's main input, the one that most computing layers follow from, the layers that it
 * reads from on that way. Masks, positions and states that enter from the side would else make one block of everything.
 */
function mainPath(
  layers: readonly LayerSummary[],
  inputs: readonly string[],
  readers: ReadonlyMap<string, readonly number[]>,
): number[][] {
  let best: { producers: number[][]; compute: number } | undefined;
  for (const input of inputs.slice(0, mostInputs)) {
    const producers: number[][] = layers.map(() => []);
    for (const index of readers.get(input) ?? []) producers[index]!.push(entry);
    let compute = 0;
    // In topological order, so that a layer's producers are known before it is looked at.
    for (const [index, layer] of layers.entries()) {
      if (producers[index]!.length === 0) continue;
      if (layer.quantization === 'compute') compute++;
      for (const { name, dtype } of layer.outputs) {
        if (!isFloat(dtype)) continue;
        for (const reader of readers.get(name) ?? []) {
          if (producers[reader]!.at(-1) !== index) producers[reader]!.push(index);
        }
      }
    }
    if (!best || compute > best.compute) best = { producers, compute };
  }
  return best?.producers ?? layers.map(() => []);
}

/** For every layer the last one that all paths to it go through (Cooper, Harvey, Kennedy 2001; one round, as there are no cycles). */
function dominatorsOf(producers: readonly (readonly number[])[]): readonly number[] {
  const dominators: number[] = [];
  for (const from of producers) {
    dominators.push(
      from.reduce((a, b) => {
        while (a !== b) {
          if (a > b) a = dominators[a]!;
          else b = dominators[b]!;
        }
        return a;
      }, from[0] ?? entry),
    );
  }
  return dominators;
}

/** Undefined where it is too large to be a block. */
function regionOf(merge: number, from: number, producers: readonly (readonly number[])[]): Region | undefined {
  const layers = new Set([merge]);
  for (const layer of layers) {
    for (const producer of producers[layer]!) if (producer !== from) layers.add(producer);
    if (layers.size > largestBlock) return undefined;
  }
  return { layers, merge };
}

/** The outermost regions, or the inner ones where two of them follow one another. */
function chosen(regions: readonly Region[], producers: readonly (readonly number[])[]): readonly Region[] {
  const children = childrenOf(regions);
  const blocks: Region[] = [];
  const pending = [...(children.get(undefined) ?? [])];
  while (pending.length > 0) {
    const region = pending.pop()!;
    const inner = children.get(region) ?? [];
    if (followOneAnother(inner, region, producers)) pending.push(...inner);
    else blocks.push(region);
  }
  return blocks;
}

/** By region, those directly inside it; by undefined, those in none. */
function childrenOf(regions: readonly Region[]): ReadonlyMap<Region | undefined, readonly Region[]> {
  const covering = new Map<number, Region[]>();
  for (const region of regions.toSorted((a, b) => a.layers.size - b.layers.size)) {
    for (const layer of region.layers) {
      const list = covering.get(layer);
      if (list) list.push(region);
      else covering.set(layer, [region]);
    }
  }
  const children = new Map<Region | undefined, Region[]>();
  for (const region of regions) {
    const parent = covering
      .get(region.merge)!
      .find(({ layers }) => layers.size > region.layers.size && [...region.layers].every((layer) => layers.has(layer)));
    const list = children.get(parent);
    if (list) list.push(region);
    else children.set(parent, [region]);
  }
  return children;
}

/** Whether a path within the outer region leads from one inner region to another. */
function followOneAnother(inner: readonly Region[], outer: Region, producers: readonly (readonly number[])[]): boolean {
  if (inner.length < 2) return false;
  const merges = new Set(inner.map(({ merge }) => merge));
  return inner.some(({ merge }) => {
    const before = new Set([merge]);
    for (const layer of before) {
      if (layer !== merge && merges.has(layer)) return true;
      for (const producer of producers[layer]!) if (outer.layers.has(producer)) before.add(producer);
    }
    return false;
  });
}

/** The layers of a region in order, and the activation that its output alone goes into. */
function withActivation(
  { layers: own, merge }: Region,
  layers: readonly LayerSummary[],
  readers: ReadonlyMap<string, readonly number[]>,
  producers: readonly (readonly number[])[],
): readonly number[] {
  const next = layers[merge]!.outputs.flatMap(({ name }) => readers.get(name) ?? []);
  const isActivation =
    next.length === 1 && layers[next[0]!]!.quantization === 'activation' && producers[next[0]!]!.length === 1;
  return [...own, ...(isActivation ? next : [])].sort((a, b) => a - b);
}
