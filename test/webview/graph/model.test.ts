import { describe, expect, test } from 'vitest';
import { buildModel } from '../../../webview/graph/model.ts';
import { walk } from '../../../webview/graph/walk.ts';
import { laidOut, layer, message } from './shared.ts';

const pairs = (graph: ReturnType<typeof message>) => {
  const { edges, nodes } = buildModel(graph);
  return edges.map(({ from, to }) => `${nodes[from]!.name} > ${nodes[to]!.name}`);
};

describe('nodes and edges of a message', () => {
  test('inputs, layers and outputs are joined by the names of values; constants are no nodes', () => {
    const graph = message(['Conv conv: x, !w -> a', 'Relu relu: a -> y']);
    expect(buildModel(graph).nodes.map(({ kind }) => kind)).toEqual(['input', 'layer', 'layer', 'output']);
    expect(pairs(graph)).toEqual(['x > conv', 'conv > relu', 'relu > y']);
  });

  test('a constant that a layer makes is joined with that layer', () => {
    expect(pairs(message(['Constant two:  -> c', 'Mul mul: x, !c -> y']))).toContain('two > mul');
  });

  test('a value read twice by one layer is one edge', () => {
    expect(pairs(message(['Mul square: x, x -> y']))).toEqual(['x > square', 'square > y']);
  });

  test('edges of one value share a bundle, those of two outputs do not', () => {
    const { edges } = buildModel(message(['Split split: x -> a, b', 'Add add: a, b -> c', 'Relu relu: a -> y']));
    const from = edges.filter(({ from }) => from === 1).map(({ to, bundle }) => [to, bundle]);
    expect(from).toEqual([
      [2, from[0]![1]],
      [2, from[1]![1]],
      [3, from[0]![1]],
    ]);
    expect(from[0]![1]).not.toBe(from[1]![1]);
  });

  test('what a body captures is joined by an edge of its own kind, unless it is given as well', () => {
    const value = (name: string, kind: 'activation' | 'captured') => ({ name, type: 'float32 1×8', kind });
    const choice = layer('If choice: c -> y', {
      inputs: [value('c', 'activation'), value('a', 'captured'), value('c', 'captured'), value('x', 'captured')],
    });
    const { edges, nodes } = buildModel(message(['Relu first: x -> a', 'Relu second: a -> c', choice]));
    const into = edges.filter(({ to }) => nodes[to]!.name === 'choice');
    expect(into.map(({ from, captured }) => `${nodes[from]!.name}${captured ? ' captured' : ''}`)).toEqual([
      'second',
      'first captured',
      'x captured',
    ]);
    // A value that is given to one and captured by another goes two ways.
    const ofA = edges.filter(({ from }) => nodes[from]!.name === 'first');
    expect(new Set(ofA.map(({ bundle }) => bundle)).size).toBe(2);
  });

  test('malformed models are joined as far as they go', () => {
    expect(pairs(message(['Add twice: nothing, x -> a', 'Add twice: a, y -> a', 'Relu r: a -> y']))).toEqual([
      'x > twice',
      'twice > twice',
      'r > twice',
      'twice > r',
      'r > y',
    ]);
    expect(buildModel(message(['Relu a: x -> y', 'Relu a: y -> z'])).layerByName.get('a')).toBe(1);
    expect(buildModel(message([], [], [])).nodes).toEqual([]);
  });

  test('absent inputs and outputs without a name join nothing', () => {
    const absent = layer('LSTM lstm: x -> y, ', {
      inputs: [
        { name: 'x', type: '?', kind: 'activation' },
        { name: '', type: '', kind: 'absent' },
      ],
      outputs: [
        { name: 'y', type: '?' },
        { name: '', type: '?' },
      ],
    });
    expect(pairs(message([absent, layer('Relu r: x -> ', { outputs: [{ name: '', type: '' }] })]))).toEqual([
      'x > lstm',
      'x > r',
      'lstm > y',
    ]);
  });
});

describe('walking with the arrow keys', () => {
  const { model, layout, at } = laidOut(
    message(['Conv a: x -> p', 'Conv b: p -> q', 'Conv c: p -> r', 'Conv d: r -> s', 'Add e: p, q, s -> y']),
  );
  const go = (from: string, ...path: Parameters<typeof walk>[3][]) =>
    path.reduce<number | null>((node, direction) => walk(model, layout, node, direction), at(from));

  test('down to readers, up to producers, aside along the row', () => {
    expect(go('x', 'down')).toBe(at('a'));
    expect(go('a', 'up')).toBe(at('x'));
    expect([at('b'), at('c')]).toContain(go('a', 'down'));
    expect(go('b', 'right') ?? go('b', 'left')).toBe(at('c'));
    expect(go('b', 'right', 'left') ?? go('b', 'left', 'right')).toBe(at('b'));
  });

  test('ends where there is nothing more', () => {
    expect(go('x', 'up')).toBeNull();
    expect(go('y', 'down')).toBeNull();
    expect(go('b', 'first')).toBe(at('x'));
    expect(go('b', 'last')).toBe(at('y'));
    const empty = laidOut(message([], [], []));
    expect(walk(empty.model, empty.layout, null, 'first')).toBeNull();
  });
});
