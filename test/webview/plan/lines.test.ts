import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isChangedByRule, type Line, linesOf, marksOf, orders, searchText } from '../../../webview/plan/lines.ts';
import { readState } from '../../../webview/plan/state.ts';
import type { Figure, PlanMessage, PlanRuleView, PlanVerdictView } from '../../../webview/protocol.ts';
import { arrange } from '../../../webview/table/order.ts';

const figure = (value: number | null): Figure => ({ text: value === null ? '–' : String(value), value });
const rule = (more: Partial<PlanRuleView>): PlanRuleView => ({
  text: 'weights int8',
  line: 3,
  ofAll: true,
  decides: [],
  overridden: [],
  idle: [],
  ...more,
});
const verdict = (more: Partial<PlanVerdictView>): PlanVerdictView => ({
  weights: 'int8',
  weightsHow: 'symmetric per-channel',
  activations: 'uint8',
  facts: [],
  float: null,
  by: [],
  decider: 0,
  ...more,
});
const row = (name: string, at: number, bytes: number | null = 100): PlanMessage['rows'][number] => ({
  name,
  op: name.split('_')[0]!,
  shape: '1×8',
  block: null,
  parameters: figure(10),
  bytesBefore: figure(bytes),
  bytesAfter: figure(bytes),
  timeBefore: figure(null),
  timeAfter: figure(null),
  verdict: at,
});
const message: PlanMessage = {
  kind: 'plan',
  id: 'spec',
  title: 'a.qspec',
  subtitle: '',
  target: null,
  rules: [rule({}), rule({ text: 'layers first', line: 7, ofAll: false })],
  verdicts: [
    verdict({}),
    verdict({ weights: 'float', weightsHow: '', decider: 1, float: { short: 'kept float', why: 'The spec says so.' } }),
    verdict({ weights: '', activations: '', decider: null, float: { short: 'no integer form', why: 'None.' } }),
  ],
  rows: [row('Conv_1', 1, 400), row('Conv_10', 0, 100), row('Softmax_2', 2, null), row('Conv_9', 0, 300)],
  totals: row('', 0),
};
const lines = linesOf(message);
const found = (filter: string, admits?: (line: Line) => boolean) =>
  arrange(lines, lines.map(searchText), filter, null, admits).map((i) => lines[i]!.name);

describe('the lines of a plan', () => {
  test('join a row with its verdict and the rule that decided it', () => {
    expect(lines.map(({ decider }) => decider?.line)).toEqual([7, 3, undefined, 3]);
  });

  test.each([
    ['conv', ['Conv_1', 'Conv_10', 'Conv_9']],
    ['layers first', ['Conv_1']],
    ['line 7', ['Conv_1']],
    ['float', ['Conv_1']],
    ['no integer form', ['Softmax_2']],
    ['int8 per-channel conv_9', ['Conv_9']],
  ])('“%s” finds %j', (filter, names) => expect(found(filter)).toEqual(names));

  test('those that a rule changes are those that more than the statements about all layers decide', () => {
    expect(found('', isChangedByRule)).toEqual(['Conv_1']);
    expect(found('conv_10', isChangedByRule)).toEqual([]);
  });

  test('sort by the line of the rule, layers without one last', () => {
    const sorted = (direction: 'ascending' | 'descending') =>
      arrange(lines, lines.map(searchText), '', { direction, value: orders.rule }).map((i) => lines[i]!.name);
    expect(sorted('ascending')).toEqual(['Conv_10', 'Conv_9', 'Conv_1', 'Softmax_2']);
    expect(sorted('descending')).toEqual(['Conv_1', 'Conv_10', 'Conv_9', 'Softmax_2']);
  });
});

test('the rule at the cursor marks the layers of its spans, each by what it has to do with it', () => {
  const marks = marksOf(rule({ decides: [[0, 2]], overridden: [[4, 5]], idle: [[2, 4]] }));
  expect([0, 1, 2, 3, 4, 5].map((i) => marks.get(i))).toEqual([
    'decides',
    'decides',
    'idle',
    'idle',
    'overridden',
    undefined,
  ]);
  expect(marksOf(undefined).size).toBe(0);
});

describe('what the page remembers', () => {
  test('comes back', () => {
    const state = {
      id: 'file:///a.qspec',
      pinned: true,
      sort: { key: 'rule', direction: 'descending' },
      filter: 'conv',
      changedOnly: true,
      selected: 'Conv_1',
      scroll: 30,
    };
    expect(readState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  test('is taken as far as it makes sense', () => {
    const nothing = readState(undefined);
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(Object.keys(readState(value))).toEqual(Object.keys(nothing));
      }),
    );
    expect(readState({ sort: { key: 'macs', direction: 'ascending' }, scroll: Number.NaN, pinned: 1 })).toEqual(
      nothing,
    );
  });
});
