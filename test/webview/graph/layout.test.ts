import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Layout,
  type LayoutEdge,
  type LayoutInput,
  layOut,
  piece,
  stride,
} from '../../../webview/graph/layout/layout.ts';

const card = { width: 184, height: 72 };
const cards = (count: number) => Array.from({ length: count }, () => card);
const edge = (from: number, to: number, bundle = 0): LayoutEdge => ({ from, to, bundle });
const chain = (count: number) => Array.from({ length: Math.max(0, count - 1) }, (_, i) => edge(i, i + 1));

/** Node 0, then blocks of two nodes and a sum that also reads the block's input. */
function residual(blocks: number): LayoutInput {
  const edges: LayoutEdge[] = [];
  for (let block = 0; block < blocks; block++) {
    const first = block * 3;
    edges.push(edge(first, first + 1), edge(first + 1, first + 2), edge(first + 2, first + 3), edge(first, first + 3));
  }
  return { sizes: cards(blocks * 3 + 1), edges };
}

const anyGraph = fc.integer({ min: 1, max: 40 }).chain((count) =>
  fc.record({
    sizes: fc.array(fc.record({ width: fc.integer({ min: 1, max: 300 }), height: fc.integer({ min: 1, max: 120 }) }), {
      minLength: count,
      maxLength: count,
    }),
    edges: fc.array(
      fc.record({
        from: fc.integer({ min: 0, max: count - 1 }),
        to: fc.integer({ min: 0, max: count - 1 }),
        bundle: fc.integer({ min: 0, max: 2 }),
      }),
      { maxLength: 80 },
    ),
  }),
);
const acyclic = (input: LayoutInput): LayoutInput => ({
  ...input,
  edges: input.edges.filter(({ from, to }) => from < to),
});

function pieceOf(layout: Layout, index: number) {
  const at = index * stride;
  const read = (field: number) => layout.pieces[at + field]!;
  return {
    x1: read(piece.x1),
    top: read(piece.top),
    bend: read(piece.bend),
    x2: read(piece.x2),
    land: read(piece.land),
    bottom: read(piece.bottom),
  };
}

describe('layout of any graph', () => {
  test('cards of a row do not touch, rows do not overlap, all is within the extent', () => {
    fc.assert(
      fc.property(anyGraph, (input) => {
        const layout = layOut(input);
        let seen = 0;
        layout.rows.forEach((row, rank) => {
          seen += row.length;
          if (rank > 0) expect(layout.bands.top[rank]!).toBeGreaterThan(layout.bands.bottom[rank - 1]!);
          row.forEach((node, i) => {
            const { width, height } = input.sizes[node]!;
            expect(layout.rank[node]).toBe(rank);
            expect(layout.x[node]! - width / 2).toBeGreaterThan(-1e-6);
            expect(layout.x[node]! + width / 2).toBeLessThan(layout.width + 1e-6);
            expect(layout.y[node]! - height / 2).toBeGreaterThan(layout.bands.top[rank]! - 1e-6);
            expect(layout.y[node]! + height / 2).toBeLessThan(layout.bands.bottom[rank]! + 1e-6);
            if (i === 0) return;
            const before = row[i - 1]!;
            const between = layout.x[node]! - width / 2 - (layout.x[before]! + input.sizes[before]!.width / 2);
            expect(between).toBeGreaterThan(10);
          });
        });
        expect(seen).toBe(input.sizes.length);
      }),
    );
  });

  test('edges go down, from card to card in unbroken pieces', () => {
    fc.assert(
      fc.property(anyGraph.map(acyclic), (input) => {
        const layout = layOut(input);
        input.edges.forEach(({ from, to }, index) => {
          expect(layout.rank[to]!).toBeGreaterThan(layout.rank[from]!);
          const way = layout.way(index).map((at) => pieceOf(layout, at));
          expect(way).toHaveLength(layout.rank[to]! - layout.rank[from]!);
          const first = way.at(-1)!;
          const last = way[0]!;
          expect(first.top).toBeCloseTo(layout.y[from]! + input.sizes[from]!.height / 2);
          expect(Math.abs(first.x1 - layout.x[from]!)).toBeLessThan(input.sizes[from]!.width / 2);
          expect(last.bottom).toBeCloseTo(layout.y[to]! - input.sizes[to]!.height / 2);
          expect(Math.abs(last.x2 - layout.x[to]!)).toBeLessThan(input.sizes[to]!.width / 2);
          expect(layout.arrows[layout.way(index)[0]!]).toBe(1);
          for (let i = 1; i < way.length; i++) {
            expect(way[i - 1]!.x1).toBe(way[i]!.x2);
            expect(way[i - 1]!.top).toBe(way[i]!.bottom);
          }
          for (const { top, bend, land, bottom } of way) {
            expect(top).toBeLessThan(bend + 1e-6);
            expect(bend).toBeLessThan(land);
            expect(land).toBeLessThan(bottom + 1e-6);
          }
        });
      }),
    );
  });

  test('an edge that passes a row keeps clear of its cards', () => {
    fc.assert(
      fc.property(anyGraph.map(acyclic), (input) => {
        const layout = layOut(input);
        input.edges.forEach(({ to }, index) => {
          let rank = layout.rank[to]! - 1;
          for (const at of layout.way(index).slice(1)) {
            const { x2 } = pieceOf(layout, at);
            for (const node of layout.rows[rank]!) {
              expect(Math.abs(x2 - layout.x[node]!)).toBeGreaterThan(input.sizes[node]!.width / 2 + 5);
            }
            rank--;
          }
        });
      }),
    );
  });

  test('the same graph gives the same picture', () => {
    fc.assert(
      fc.property(anyGraph, (input) => {
        const { way: _first, ...first } = layOut(input);
        const { way: _again, ...again } = layOut(structuredClone(input));
        expect(again).toEqual(first);
      }),
    );
  });

  test('edges that close a cycle are drawn upwards, those from a node to itself not at all', () => {
    const layout = layOut({ sizes: cards(3), edges: [edge(0, 1), edge(1, 2), edge(2, 0), edge(1, 1)] });
    expect([...layout.rank]).toEqual([0, 1, 2]);
    expect(layout.way(2)).toHaveLength(2);
    expect(layout.arrows[layout.way(2).at(-1)!]).toBe(2);
    expect(layout.way(3)).toEqual([]);
  });
});

describe('layout of models', () => {
  test('nothing, one layer, a chain', () => {
    expect(layOut({ sizes: [], edges: [] })).toMatchObject({ width: 0, height: 0, rows: [] });
    expect(layOut({ sizes: [card], edges: [] })).toMatchObject({ width: 184, height: 72 });
    const { x, width } = layOut({ sizes: cards(50), edges: chain(50) });
    expect(width).toBe(184);
    expect(new Set(x)).toEqual(new Set([92]));
  });

  test('the main line of a residual network is straight and skips pass at its side', () => {
    const { x, width } = layOut(residual(20));
    expect(new Set(x).size).toBe(1);
    expect(width).toBeLessThan(184 * 1.5);
  });

  test('a fire module is symmetric: squeeze and concat in the middle of the two branches', () => {
    const { x } = layOut({
      sizes: cards(6),
      edges: [edge(0, 1), edge(0, 2), edge(1, 3), edge(2, 4), edge(3, 5), edge(4, 5)],
    });
    expect(x[0]).toBeCloseTo((x[1]! + x[2]!) / 2);
    expect(x[5]).toBeCloseTo(x[0]!);
    expect(x[3]).toBeCloseTo(x[1]!);
    expect(x[4]).toBeCloseTo(x[2]!);
  });

  test('a second input stands one row above the layer that reads it', () => {
    const { rank } = layOut({ sizes: cards(7), edges: [...chain(6), edge(6, 4, 1)] });
    expect(rank[6]).toBe(3);
  });

  test('a value read by thousands of layers is one trunk', () => {
    const count = 3000;
    const edges = [...chain(count), ...Array.from({ length: count - 2 }, (_, i) => edge(0, i + 2, 0))];
    const { pieces } = layOut({ sizes: cards(count), edges });
    expect(pieces.length / stride).toBeLessThan(3.1 * count);
  });

  test('10,000 layers in a row, with skips, in a U and side by side', () => {
    const count = 10_000;
    expect(layOut({ sizes: cards(count), edges: chain(count) }).rows).toHaveLength(count);
    expect(layOut(residual(3333)).rows).toHaveLength(count);
    const nested = Array.from({ length: count / 2 - 1 }, (_, i) => edge(i, count - 1 - i, 1));
    const layout = layOut({ sizes: cards(count), edges: [...chain(count), ...nested] });
    expect(layout.pieces.length / stride).toBeLessThan(200_000);
    expect(nested.every((_, i) => layout.way(count - 1 + i).length > 0)).toBe(true);
    const fan = Array.from({ length: count }, (_, i) => edge(0, i + 1));
    expect(layOut({ sizes: cards(count + 1), edges: fan }).rows[1]).toHaveLength(count);
  });
});
