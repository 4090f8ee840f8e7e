import type { GraphNode } from './model.ts';

/** Longest part of a name that is searched; a name of 100,000 characters is not typed to be found. */
const searched = 2000;

/** What a search looks through, prepared once for a model: names, operators and values of the model. */
export function searchIndex(nodes: readonly GraphNode[]): readonly string[] {
  return nodes.map((node) =>
    (node.kind === 'layer'
      ? `${node.name.slice(0, searched)}\n${node.layer.op.slice(0, searched)}`
      : `${node.name.slice(0, searched)}\n${node.kind}`
    ).toLowerCase(),
  );
}

/** Nodes that match: every word of the query is in the name or the operator, in any case. None for an empty query. */
export function findNodes(index: readonly string[], query: string): number[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return index.flatMap((text, node) => (words.every((word) => text.includes(word)) ? [node] : []));
}

/** The hit after (or before) `current`, around the end; the first after a node that is no hit itself. */
export function nextHit(hits: readonly number[], current: number | null, step: 1 | -1): number | null {
  if (hits.length === 0) return null;
  if (current === null) return step === 1 ? hits[0]! : hits.at(-1)!;
  if (step === 1) return hits.find((hit) => hit > current) ?? hits[0]!;
  return hits.findLast((hit) => hit < current) ?? hits.at(-1)!;
}

/** `3 of 26`, `26 hits` while none of them is the selected one, `no hits`. */
export function hitsText(hits: readonly number[], current: number | null, query: string): string {
  if (query.trim() === '') return '';
  if (hits.length === 0) return 'no hits';
  const place = current === null ? -1 : hits.indexOf(current);
  if (place >= 0) return `${place + 1} of ${hits.length}`;
  return hits.length === 1 ? '1 hit' : `${hits.length} hits`;
}
