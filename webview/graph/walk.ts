import type { Layout } from './layout/layout.ts';
import type { GraphModel } from './model.ts';

export type Direction = 'up' | 'down' | 'left' | 'right' | 'first' | 'last';

/** The node that an arrow key leads to: a reader, a producer, a neighbour in the row; null where there is none. */
export function walk(model: GraphModel, layout: Layout, from: number | null, direction: Direction): number | null {
  const count = model.nodes.length;
  if (count === 0) return null;
  if (direction === 'first' || from === null) return firstOf(layout);
  if (direction === 'last') return layout.rows.at(-1)?.at(0) ?? null;
  if (direction === 'up' || direction === 'down') {
    const edges = direction === 'up' ? model.incoming[from]! : model.outgoing[from]!;
    const ends = edges.map((edge) => (direction === 'up' ? model.edges[edge]!.from : model.edges[edge]!.to));
    // The one that stands next: the nearest rank, then the nearest to the side.
    const far = (node: number) => Math.abs(layout.rank[node]! - layout.rank[from]!);
    const aside = (node: number) => Math.abs(layout.x[node]! - layout.x[from]!);
    return ends.toSorted((a, b) => far(a) - far(b) || aside(a) - aside(b) || a - b)[0] ?? null;
  }
  const row = layout.rows[layout.rank[from]!]!;
  const at = row.indexOf(from) + (direction === 'left' ? -1 : 1);
  return row[at] ?? null;
}

function firstOf(layout: Layout): number | null {
  return layout.rows[0]?.[0] ?? null;
}
