import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Figure, ReportLayer } from '../../../webview/protocol.ts';
import { type ColumnKey, columnKeys, isWeak, orders, searchText } from '../../../webview/report/layer-order.ts';
import { arrange, type Direction, nextSort, rowsInSight, type Sort } from '../../../webview/table/order.ts';

const figure = (value: number | null): Figure => ({ text: value === null ? '–' : String(value), value });
const layer = (more: Partial<ReportLayer>): ReportLayer => ({
  name: 'conv',
  op: 'Conv',
  absorbed: [],
  zeros: '',
  weight: 'int8',
  input: 'uint8',
  output: 'uint8',
  weightSqnr: figure(40),
  outputSqnr: figure(30),
  bytesBefore: figure(400),
  bytesAfter: figure(100),
  macs: figure(1000),
  histograms: [],
  ...more,
});
const arranged = (layers: ReportLayer[], filter: string, sort: Sort<ColumnKey> | null) =>
  arrange(layers, layers.map(searchText), filter, sort && { direction: sort.direction, value: orders[sort.key] });
const names = (layers: ReportLayer[], filter: string, sort: Sort<ColumnKey> | null) =>
  arranged(layers, filter, sort).map((i) => layers[i]!.name);

describe('sorting layers', () => {
  test('numbers by value, what is not known last in both directions', () => {
    const layers = [
      ['a', 30],
      ['b', null],
      ['c', 9],
      ['d', 300],
      ['e', null],
    ].map(([name, value]) => layer({ name: name as string, outputSqnr: figure(value as number | null) }));
    expect(names(layers, '', { key: 'outputSqnr', direction: 'ascending' })).toEqual(['c', 'a', 'd', 'b', 'e']);
    expect(names(layers, '', { key: 'outputSqnr', direction: 'descending' })).toEqual(['d', 'a', 'c', 'b', 'e']);
    expect(names(layers, '', null)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('names as people count', () => {
    const layers = ['Conv_10', 'Conv_9', 'Add_1'].map((name) => layer({ name }));
    expect(names(layers, '', { key: 'name', direction: 'ascending' })).toEqual(['Add_1', 'Conv_9', 'Conv_10']);
  });

  test('is a stable rearrangement of all layers, for every column', () => {
    const value = fc.option(fc.double({ noNaN: true }), { nil: null }).map(figure);
    const layers = fc.array(
      fc
        .record({
          name: fc.string(),
          weight: fc.constantFrom('', 'int8', 'int4'),
          weightSqnr: value,
          outputSqnr: value,
          bytesAfter: value,
          macs: value,
        })
        .map(layer),
    );
    const key = fc.constantFrom(...columnKeys);
    fc.assert(
      fc.property(layers, key, fc.constantFrom<Direction[]>('ascending', 'descending'), (all, column, direction) => {
        const order = arranged(all, '', { key: column, direction });
        expect([...order].sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
        if (column === 'op') expect(order).toEqual(all.map((_, i) => i));
      }),
    );
  });

  test('a head shows what matters first, then the reverse, then the order of the model', () => {
    const first = nextSort<ColumnKey>(null, 'bytesAfter', 'descending');
    expect(first).toEqual({ key: 'bytesAfter', direction: 'descending' });
    expect(nextSort(first, 'bytesAfter', 'descending')).toEqual({ key: 'bytesAfter', direction: 'ascending' });
    expect(nextSort(nextSort(first, 'bytesAfter', 'descending'), 'bytesAfter', 'descending')).toBeNull();
    expect(nextSort(first, 'outputSqnr', 'ascending')).toEqual({ key: 'outputSqnr', direction: 'ascending' });
  });
});

describe('filtering layers', () => {
  const layers = [
    layer({ name: '/features/0/Conv', absorbed: ['Relu_1'], weight: 'int4' }),
    layer({ name: 'head', op: 'Gemm', outputSqnr: figure(12) }),
  ];
  test.each([
    ['FEATURES', ['/features/0/Conv']],
    ['relu_1', ['/features/0/Conv']],
    ['gemm int8', ['head']],
    ['gemm int4', []],
    ['weak', ['head']],
    ['  ', ['/features/0/Conv', 'head']],
  ])('“%s” finds %j', (filter, found) => expect(names(layers, filter, null)).toEqual(found));

  test('weak is below 20 dB, and never what is not known', () => {
    expect([19.9, 20, null].map((value) => isWeak(figure(value)))).toEqual([true, false, false]);
  });
});

test('rows in sight are few, in range, and cover the view', () => {
  fc.assert(
    fc.property(fc.nat(20_000), fc.nat(600_000), fc.integer({ min: 0, max: 2000 }), (rows, top, height) => {
      const [from, to] = rowsInSight(rows, { rowHeight: 30, top, height });
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeGreaterThanOrEqual(from);
      expect(to).toBeLessThanOrEqual(rows);
      expect(to - from).toBeLessThanOrEqual(Math.ceil(height / 30) + 18);
      if (top + height <= rows * 30) expect([from * 30 <= top, to * 30 >= top + height]).toEqual([true, true]);
    }),
  );
});
