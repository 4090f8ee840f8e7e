import { describe, expect, test } from 'vitest';
import { buildModel } from '../../../webview/graph/model.ts';
import { alike, type ChoiceKind, chosen, nothing, type Selection, withAll } from '../../../webview/graph/selection.ts';
import { message } from './shared.ts';

/** x → conv → relu → add → pool → y, with a second way from conv to add over side. */
const model = buildModel(
  message([
    'Conv conv: x, !w -> a',
    'Relu relu: a -> b',
    'Conv side: a, !v -> c',
    'Add add: b, c -> d',
    'MaxPool pool: d -> y',
    'Relu apart: x -> z',
  ]),
);
const at = (name: string) => model.nodes.findIndex((node) => node.name === name);

/** Choices one after the other, such as `conv +relu …add`: alone, toggled, reached. */
function choosing(choices: string): Selection {
  const kinds: Readonly<Record<string, ChoiceKind>> = { '+': 'toggle', '…': 'reach' };
  return choices.split(' ').reduce((selection, choice) => {
    const kind = kinds[choice[0]!] ?? 'alone';
    return chosen(selection, at(kind === 'alone' ? choice : choice.slice(1)), kind, model);
  }, nothing);
}
const names = (nodes: Iterable<number>) => [...nodes].sort((a, b) => a - b).map((node) => model.nodes[node]!.name);

describe('choosing in the graph', () => {
  test.each([
    ['conv', 'conv', 'conv'],
    ['conv relu', 'relu', 'relu'],
    ['conv +relu', 'conv relu', 'relu'],
    ['conv +relu +conv', 'relu', 'relu'],
    ['conv +relu +relu', 'conv', 'conv'],
    ['conv +conv', '', undefined],
    ['conv …add', 'conv relu side add', 'add'],
    ['add …conv', 'conv relu side add', 'conv'],
    ['conv …relu …pool', 'conv relu add pool', 'pool'],
    ['relu …side', 'relu side', 'side'],
    ['apart …pool', 'pool apart', 'pool'],
    ['…relu', 'relu', 'relu'],
  ])('%s', (choices, selected, last) => {
    const selection = choosing(choices);
    expect(names(selection.nodes).join(' ')).toBe(selected);
    expect(selection.last === null ? undefined : model.nodes[selection.last]!.name).toBe(last);
  });

  test('a frame adds what it encloses', () => {
    expect(names(withAll(choosing('conv'), [at('add'), at('conv')]).nodes)).toEqual(['conv', 'add']);
    expect(withAll(nothing, [])).toEqual(nothing);
  });

  test('all of an operator are those of what is selected; inputs and outputs have none', () => {
    const { layers, operators } = alike(choosing('conv +relu').nodes, model);
    expect(names(layers)).toEqual(['conv', 'relu', 'side', 'apart']);
    expect([...operators]).toEqual(['Conv', 'Relu']);
    expect(alike(new Set([at('x')]), model).layers).toEqual([]);
  });
});
