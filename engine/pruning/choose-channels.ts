import type { Finding } from '../findings.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { describe } from '../operators/shared/attributes.ts';
import type { PruneChoice } from '../plan.ts';
import { interruptible, type Progress } from '../progress.ts';
import { remembered } from '../remembered.ts';
import type { Tensor } from '../tensor.ts';
import type { ConstantChannels } from './channel-constants.ts';
import type { ChannelMap } from './channel-map.ts';
import { channelScores, leastScores } from './mask.ts';
import { scoresOf } from './registry.ts';

export interface ChosenChannels {
  /** Sets of channels that go, by their roots in `ChannelMap.ids`. */
  readonly roots: ReadonlySet<number>;
  readonly findings: readonly Finding[];
  /** Layers that keep channels which they may lose after all: the values of their weights decide. */
  readonly open: readonly string[];
}

export interface ChooseOptions {
  readonly progress?: Progress | undefined;
  readonly weights?: 'values' | 'shapes';
}

/** A layer that is to lose channels. */
interface Asked {
  readonly node: GraphNode;
  readonly choice: PruneChoice;
  readonly share: number;
  /** The sets that its channels are of, each once. */
  readonly roots: readonly number[];
}

/** Channels that the same layers have in common. */
interface Common {
  readonly layers: readonly Asked[];
  readonly roots: number[];
}

/**
 * Which channels go. A channel matters as much as the weights that write it together, times those that read it, each beside the
 * average of their layer. Where several layers share channels, they are chosen together, by the sum over these layers, and as many
 * as the smallest share allows. One always stays.
 * @param constants why sets of channels have to stay that nothing pins
 * @param weights `shapes`: no weight is read, and the first channels go in place of the least, as many of them
 */
export function chooseChannels(
  graph: Graph,
  map: ChannelMap,
  { reasons, open: undecided }: Pick<ConstantChannels, 'reasons' | 'open'>,
  choices: Readonly<Record<string, PruneChoice>>,
  { progress, weights = 'values' }: ChooseOptions = {},
): ChosenChannels {
  const findings: Finding[] = [];
  const asked: Asked[] = [];
  const scores = new Map<number, number>();
  for (const node of graph.nodes) {
    const choice = choices[node.name];
    if (choice?.amount.kind !== 'channels') continue;
    const output = map.nodes.get(node.name)?.output;
    const weight = graph.initializers.get(node.inputs[1] ?? '');
    if (!output || weight?.dtype !== 'float32') {
      findings.push(channelsStay(node, choice, `it has no stored float32 weights with a channel for each output`));
      continue;
    }
    const roots = Array.from(output.ids, (id) => map.ids.root(id));
    if (weights === 'values') {
      const own = interruptible(progress, () => besideAverage(weight, node, output.ids, map, choice));
      for (const [i, root] of roots.entries()) scores.set(root, (scores.get(root) ?? 0) + own[i]!);
    }
    asked.push({ node, choice, share: choice.amount.share, roots: [...new Set(roots)] });
  }
  const reading = weights === 'values' ? interruptible(progress, () => scoresOfReaders(graph, map, asked)) : undefined;
  const scoreOf = (root: number) => (reading ? scores.get(root)! * (reading.get(root) ?? 0) : 0);
  const stays = (root: number) => map.ids.pinOf(root) ?? reasons.get(root);
  let places: ReadonlyMap<number, string> | undefined;
  const gone = new Set<number>();
  const open = new Set<string>();
  for (const { layers, roots } of inCommon(asked)) {
    const candidates = roots.filter((root) => stays(root) === undefined);
    const count = Math.min(wanted(Math.min(...layers.map(({ share }) => share)), roots.length), roots.length - 1);
    const least = leastScores(Float32Array.from(candidates, scoreOf), count);
    for (const [i, root] of candidates.entries()) if (least[i]) gone.add(root);
    if (weights === 'shapes' && count > 0 && count < candidates.length) {
      places ??= placesOf(map);
      // Which of them go decides no shapes where all lie in the same places.
      if (new Set(candidates.map((root) => places!.get(root))).size > 1)
        for (const { node } of layers) open.add(node.name);
    }
    const mayGo = roots.some((root) => undecided.has(root) && map.ids.pinOf(root) === undefined);
    if (candidates.length < count && mayGo) for (const { node } of layers) open.add(node.name);
  }
  for (const { node, choice, share, roots } of asked) {
    const lost = roots.filter((root) => gone.has(root)).length;
    if (lost >= wanted(share, roots.length)) continue;
    const why = roots.map(stays).find((reason) => reason !== undefined) ?? lessThanAsked(node, share, roots, asked);
    findings.push(channelsStay(node, choice, why, lost));
  }
  return { roots: gone, findings, open: [...open] };
}

/** How much each channel matters by the weights that lie along it in a layer, beside the average of that layer's. */
function besideAverage(
  weight: Tensor,
  { name }: GraphNode,
  ids: Int32Array,
  map: ChannelMap,
  choice: PruneChoice,
): Float64Array {
  const { axis } = map.nodes.get(name)!.slices.find((slice) => slice.input === 1 && slice.ids === ids)!;
  const own = channelScores(scoresOf(weight.data as Float32Array, name, choice), weight.dims, axis);
  const average = own.reduce((sum, score) => sum + score, 0) / own.length || 1;
  return own.map((score) => score / average);
}

/** How much sets of channels matter to the products that read them, by the criterion of a layer that writes them. */
function scoresOfReaders(graph: Graph, map: ChannelMap, asked: readonly Asked[]): Map<number, number> {
  const choiceOf = new Map(asked.flatMap(({ roots, choice }) => roots.map((root) => [root, choice] as const)));
  const sums = new Map<number, number>();
  for (const node of graph.nodes) {
    const ids = map.values.get(node.inputs[0] ?? '')?.ids;
    const weight = graph.initializers.get(node.inputs[1] ?? '');
    if (map.nodes.get(node.name)?.kind !== 'product' || !ids || weight?.dtype !== 'float32') continue;
    const roots = Array.from(ids, (id) => map.ids.root(id));
    const choice = roots.map((root) => choiceOf.get(root)).find((known) => known !== undefined);
    if (!choice) continue;
    const own = besideAverage(weight, node, ids, map, choice);
    for (const [i, root] of roots.entries()) sums.set(root, (sums.get(root) ?? 0) + own[i]!);
  }
  return sums;
}

/** Of each set of channels: the values in which it has some, and how many. */
function placesOf({ ids, values }: ChannelMap): ReadonlyMap<number, string> {
  const places = new Map<number, string[]>();
  for (const [at, channels] of [...values.values()].entries()) {
    const counts = new Map<number, number>();
    for (const id of channels.ids) counts.set(ids.root(id), (counts.get(ids.root(id)) ?? 0) + 1);
    for (const [root, count] of counts) remembered(places, root, () => []).push(`${at}×${count}`);
  }
  return new Map(Array.from(places, ([root, own]) => [root, own.join(' ')]));
}

function wanted(share: number, count: number): number {
  return Math.round(share * count);
}

function inCommon(asked: readonly Asked[]): readonly Common[] {
  const layersOf = new Map<number, Asked[]>();
  for (const layer of asked) {
    for (const root of layer.roots) layersOf.set(root, [...(layersOf.get(root) ?? []), layer]);
  }
  const groups = new Map<string, Common>();
  for (const [root, layers] of layersOf) {
    const key = layers.map(({ node }) => node.name).join('\n');
    const known = groups.get(key);
    if (known) known.roots.push(root);
    else groups.set(key, { layers, roots: [root] });
  }
  return [...groups.values()];
}

function lessThanAsked({ name }: GraphNode, share: number, roots: readonly number[], asked: readonly Asked[]): string {
  const other = asked.find(
    (layer) => layer.node.name !== name && layer.share < share && layer.roots.some((root) => roots.includes(root)),
  );
  return other ? `it shares them with ${describe(other.node)}, which is to lose fewer` : 'one has to stay';
}

function channelsStay(node: GraphNode, { origin }: PruneChoice, reason: string, lost = 0): Finding {
  return {
    code: 'prune/channels-stay',
    severity: 'information',
    what: `${describe(node)} keeps ${lost === 0 ? 'its channels' : `all but ${lost} of its channels`}: ${reason}.`,
    ...(origin.amount && { range: origin.amount }),
  };
}
