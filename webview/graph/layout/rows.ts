import { type Adjacency, groupBy } from './adjacency.ts';

/**
 * The graph with its long edges cut: every link joins neighbouring ranks. Vertices below `nodes` are the graph's own;
 * the others are bends, places where an edge passes a rank on its way down. Edges of one value share their bends, so
 * that a value read by a thousand layers is one trunk with branches and costs one bend per rank, not a thousand.
 */
export interface Rows {
  readonly nodes: number;
  readonly vertices: number;
  readonly ranks: number;
  readonly rank: Int32Array;
  /** Upper and lower vertex of each link. */
  readonly upper: Int32Array;
  readonly lower: Int32Array;
  /** Trunk that a link belongs to: one per value. */
  readonly trunk: Int32Array;
  /** Links by their upper vertex, and by their lower one. */
  readonly downs: Adjacency;
  readonly ups: Adjacency;
  /** Last link of each edge; the way back to its source is by the only link into each bend. */
  readonly last: Int32Array;
  /** Links from here on join distant ranks without bends: the longest edges of a graph with too many. */
  readonly direct: number;
}

/** Bends that a graph may have beyond a share of its nodes; a U-shaped model of 10,000 layers would need millions. */
const freeBends = 20_000;
const bendsPerNode = 4;

export function cutEdges(
  rank: Int32Array,
  edges: { readonly from: Int32Array; readonly to: Int32Array; readonly bundle: Int32Array },
): Rows {
  const nodes = rank.length;
  const trunks = groupTrunks(edges.from, edges.bundle);
  const reach = new Int32Array(trunks.count);
  for (let edge = 0; edge < edges.to.length; edge++) {
    const trunk = trunks.of[edge]!;
    reach[trunk] = Math.max(reach[trunk]!, rank[edges.to[edge]!]! - rank[edges.from[edge]!]! - 1);
  }
  const bent = affordable(reach, freeBends + bendsPerNode * nodes);

  const vertexRank = Array.from(rank);
  const upper: number[] = [];
  const lower: number[] = [];
  const trunk: number[] = [];
  const last = new Int32Array(edges.to.length);
  const link = (from: number, to: number, of: number) => {
    upper.push(from);
    lower.push(to);
    trunk.push(of);
    return upper.length - 1;
  };
  const byTrunk = groupBy(trunks.count, trunks.of);
  const direct: number[] = [];
  for (let t = 0; t < trunks.count; t++) {
    const own = byTrunk.items.subarray(byTrunk.start[t]!, byTrunk.start[t + 1]!);
    const source = edges.from[own[0]!]!;
    // The trunk's vertex in each rank below the source.
    const chain = [source];
    const top = rank[source]!;
    const linkTo = new Map<number, number>();
    for (const edge of own) {
      const target = edges.to[edge]!;
      if (bent[t] === 0 && rank[target]! > top + 1) {
        direct.push(edge);
        continue;
      }
      while (chain.length < rank[target]! - top) {
        const bend = vertexRank.length;
        vertexRank.push(top + chain.length);
        link(chain.at(-1)!, bend, t);
        chain.push(bend);
      }
      let final = linkTo.get(target);
      if (final === undefined) {
        final = link(chain[rank[target]! - top - 1]!, target, t);
        linkTo.set(target, final);
      }
      last[edge] = final;
    }
  }
  const firstDirect = upper.length;
  for (const edge of direct) last[edge] = link(edges.from[edge]!, edges.to[edge]!, trunks.of[edge]!);

  const vertices = vertexRank.length;
  return {
    nodes,
    vertices,
    ranks: vertexRank.reduce((most, r) => Math.max(most, r + 1), 0),
    rank: Int32Array.from(vertexRank),
    upper: Int32Array.from(upper),
    lower: Int32Array.from(lower),
    trunk: Int32Array.from(trunk),
    downs: groupBy(vertices, upper.slice(0, firstDirect)),
    ups: groupBy(vertices, lower.slice(0, firstDirect)),
    last,
    direct: firstDirect,
  };
}

/** Numbers the pairs (source, bundle) that occur. */
function groupTrunks(from: Int32Array, bundle: Int32Array): { readonly of: Int32Array; readonly count: number } {
  const numbers = new Map<string, number>();
  const of = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) {
    const key = `${from[edge]} ${bundle[edge]}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
    }
    of[edge] = number;
  }
  return { of, count: numbers.size };
}

/** 1 for the trunks that get bends: the shortest first, while they last. */
function affordable(reach: Int32Array, budget: number): Uint8Array {
  const granted = new Uint8Array(reach.length);
  const byReach = Array.from(reach.keys()).sort((a, b) => reach[a]! - reach[b]! || a - b);
  let spent = 0;
  for (const trunk of byReach) {
    spent += reach[trunk]!;
    if (spent > budget) break;
    granted[trunk] = 1;
  }
  return granted;
}
