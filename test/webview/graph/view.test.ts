import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, keepOver, opening, pan, seen, wholeGraph, zoomAt } from '../../../webview/graph/camera.ts';
import { cardOf, factsOf, labelOf } from '../../../webview/graph/card.ts';
import { nodesIn, piecesIn } from '../../../webview/graph/in-view.ts';
import { layOut, piece, stride } from '../../../webview/graph/layout/layout.ts';
import { operatorKind } from '../../../webview/graph/operators.ts';
import { heatScale, levels, mostSensitive } from '../../../webview/graph/sensitivity.ts';
import { readRemembered } from '../../../webview/graph/state.ts';
import { layer } from './shared.ts';

const view = { width: 800, height: 600 };

describe('camera', () => {
  const camera = fc.record({
    x: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
    y: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
    scale: fc.double({ min: 0.01, max: 3, noNaN: true }),
  });

  test('zooming keeps the point under the pointer', () => {
    fc.assert(
      fc.property(
        camera,
        fc.nat(800),
        fc.nat(600),
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        (from, px, py, by) => {
          const to = zoomAt(from, view, px, py, by, 0.001);
          expect((px - view.width / 2) / to.scale + to.x).toBeCloseTo((px - view.width / 2) / from.scale + from.x, 4);
          expect((py - view.height / 2) / to.scale + to.y).toBeCloseTo((py - view.height / 2) / from.scale + from.y, 4);
        },
      ),
    );
  });

  test('dragging moves the graph with the hand at every scale', () => {
    expect(pan({ x: 0, y: 0, scale: 0.5 }, 10, -20)).toEqual({ x: 20, y: -40, scale: 0.5 });
  });

  test('fit shows all, and never larger than life', () => {
    for (const graph of [
      { width: 100, height: 100 },
      { width: 300, height: 90_000 },
      { width: 50_000, height: 10 },
    ]) {
      const fitted = wholeGraph(graph, view);
      expect(contains(seen(fitted, view), { left: 0, top: 0, right: graph.width, bottom: graph.height })).toBe(true);
      expect(fitted.scale).toBeLessThanOrEqual(1);
    }
  });

  test('a long model opens at its beginning, readable', () => {
    const opened = opening({ width: 300, height: 90_000 }, view, 40);
    expect(opened.x).toBe(150);
    expect(opened.scale).toBeGreaterThanOrEqual(0.6);
    expect(seen(opened, view).top).toBeLessThan(0);
    expect(seen(opened, view).top).toBeGreaterThan(-60);
  });

  test('a wide model opens where its first layer is', () => {
    const { x, scale } = opening({ width: 9000, height: 9000 }, view, 7000);
    expect([x, scale]).toEqual([7000, 0.6]);
    const atEdge = seen(opening({ width: 9000, height: 9000 }, view, 10), view);
    expect(atEdge.left).toBeGreaterThan(-60);
  });

  test('nobody gets lost beside the graph', () => {
    expect(keepOver({ x: -50, y: 9999, scale: 1 }, { width: 300, height: 400 })).toEqual({ x: 0, y: 400, scale: 1 });
  });
});

describe('what is in view', () => {
  test('is what a search through everything finds', () => {
    const sizes = Array.from({ length: 60 }, (_, i) => ({ width: 60 + (i % 7) * 20, height: 30 + (i % 3) * 20 }));
    const edges = Array.from({ length: 90 }, (_, i) => ({
      from: (i * 7) % 50,
      to: ((i * 7) % 50) + 1 + (i % 9),
      bundle: 0,
    }));
    const layout = layOut({ sizes, edges });
    const side = fc.double({ min: -200, max: 3000, noNaN: true });
    fc.assert(
      fc.property(side, side, side, side, (a, b, c, d) => {
        const box = { left: Math.min(a, b), right: Math.max(a, b), top: Math.min(c, d), bottom: Math.max(c, d) };
        const nodes: number[] = [];
        nodesIn(layout, sizes, box, (node) => nodes.push(node));
        const inside = (node: number) => {
          const { width, height } = sizes[node]!;
          const [x, y] = [layout.x[node]!, layout.y[node]!];
          const across = x + width / 2 >= box.left && x - width / 2 <= box.right;
          return across && y + height / 2 >= box.top && y - height / 2 <= box.bottom;
        };
        // By rank: a card lower than its row may be just outside.
        for (let node = 0; node < 60; node++) if (inside(node)) expect(nodes).toContain(node);
        const pieces: number[] = [];
        piecesIn(layout, box, (index) => pieces.push(index));
        for (let index = 0; index < layout.pieces.length / stride; index++) {
          const read = (field: number) => layout.pieces[index * stride + field]!;
          const across =
            Math.max(read(piece.x1), read(piece.x2)) >= box.left &&
            Math.min(read(piece.x1), read(piece.x2)) <= box.right;
          const down = read(piece.bottom) >= box.top && read(piece.top) <= box.bottom;
          expect(pieces.includes(index)).toBe(across && down);
        }
      }),
    );
  });
});

describe('cards', () => {
  test('say kernel, stride, groups and parameters', () => {
    const facts = (attributes: [string, string][], text = '0', value = 0) =>
      factsOf(layer('Conv c: x -> y', { attributes, parameters: { text, value } }));
    expect(
      facts(
        [
          ['kernel', '3×3'],
          ['strides', '2×2'],
        ],
        '9.4 k',
        9400,
      ),
    ).toBe('3×3 /2 · 9.4 k params');
    expect(
      facts([
        ['kernel_shape', '3,5'],
        ['strides', '1,2'],
      ]),
    ).toBe('3×5 /1×2');
    expect(
      facts(
        [
          ['kernel', '3×3'],
          ['strides', '1×1'],
          ['groups', '32'],
        ],
        '288',
        288,
      ),
    ).toBe('3×3 · 32 groups · 288 params');
    expect(facts([])).toBe('');
  });

  test('tell the shape only where it is new', () => {
    const same = cardOf({ kind: 'layer', name: 'r', layer: layer('Relu r: x -> y') });
    expect(same.lines.map(({ role }) => role)).toEqual(['name']);
    const other = layer('Conv c: x -> y', { outputs: [{ name: 'y', type: 'float32 1×16' }] });
    expect(cardOf({ kind: 'layer', name: 'c', layer: other }).lines.at(-1)).toEqual({
      text: 'float32 1×16',
      role: 'shape',
    });
    const unknown = layer('Conv c: x -> y', { outputs: [{ name: 'y', type: '?' }] });
    expect(cardOf({ kind: 'layer', name: 'c', layer: unknown }).lines).toHaveLength(1);
    expect(cardOf({ kind: 'layer', name: 'c', layer: layer('Loop c:  -> ') }).lines).toHaveLength(1);
  });

  test('have a label of bounded length for a screen reader', () => {
    const name = 'n'.repeat(100_000);
    expect(labelOf({ kind: 'layer', name, layer: layer('Conv c: x -> y') }).length).toBeLessThan(300);
    expect(labelOf({ kind: 'input', name, type: '?' }).length).toBeLessThanOrEqual(300);
  });

  test('kinds of operators do not depend on the domain', () => {
    expect(operatorKind('Conv')).toBe('compute');
    expect(operatorKind('com.microsoft.FusedConv')).toBe('compute');
    expect(operatorKind('constructor')).toBe('other');
  });
});

describe('colours of sensitivity', () => {
  const views = (...values: (number | null)[]) =>
    values.map((value, i) => ({ layer: `l${i}`, foldedInto: null, sqnr: { text: `${value} dB`, value }, formats: '' }));

  test('steps are round numbers of decibels and the legend names each', () => {
    const scale = heatScale(views(12, 18, 33, 41, 58, null));
    expect(scale.bounds).toEqual([20, 30, 40, 50]);
    expect(scale.words.map(({ text }) => text)).toEqual([
      'below 20 dB',
      '20 to 30 dB',
      '30 to 40 dB',
      '40 to 50 dB',
      '50 dB and more',
    ]);
    expect(views(12, 20, 35, 49, 50, null).map(({ sqnr }) => scale.level(sqnr.value))).toEqual([0, 1, 2, 3, 4, 4]);
  });

  test('values that are alike get one calm colour', () => {
    expect(heatScale(views(40.1, 40.2)).words).toEqual([{ level: levels - 1, text: 'all alike' }]);
    expect(heatScale([]).level(3)).toBe(levels - 1);
  });

  test('more decibels are never hotter, and each level has its words', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -40, max: 200, noNaN: true }), { minLength: 1 }), (values) => {
        const scale = heatScale(views(...values));
        const sorted = values.toSorted((a, b) => a - b).map((value) => scale.level(value));
        expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
        const named = scale.words.map(({ level }) => level);
        for (const level of sorted) expect(named).toContain(level);
        expect(new Set(named).size).toBe(named.length);
      }),
    );
  });

  test('the most sensitive layers come first; exact ones are not among them', () => {
    const folded = { ...views(5)[0]!, layer: 'relu', foldedInto: 'conv' };
    expect(mostSensitive([folded, ...views(30, 40)], 1).map(({ layer: name }) => name)).toEqual(['l0']);
    expect(mostSensitive(views(30, null, 10, 20), 2).map(({ layer: name }) => name)).toEqual(['l2', 'l3']);
  });
});

describe('what a hidden graph remembers', () => {
  const state = {
    title: 'm',
    camera: { x: 1, y: 2, scale: 0.5 },
    selected: ['conv', 'relu'],
    query: 'q',
    panel: false,
  };

  test('comes back as it was', () => {
    expect(readRemembered(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  test('is forgotten where it makes no sense', () => {
    fc.assert(fc.property(fc.anything(), (anything) => void readRemembered(anything)));
    expect(readRemembered({ ...state, camera: { x: 1, y: 2, scale: 0 } })).toBeNull();
    expect(readRemembered({ ...state, camera: { x: null, y: 2, scale: 1 } })).toBeNull();
    expect(readRemembered({ ...state, selected: 7 })?.selected).toEqual([]);
    expect(readRemembered({ ...state, selected: ['conv', 7, null] })?.selected).toEqual(['conv']);
  });
});
