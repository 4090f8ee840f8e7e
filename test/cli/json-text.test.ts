import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText } from '../../cli/json-text.ts';

test('lists of numbers stand on one line', () => {
  expect(jsonText({ a: [1, -2.5, 1e-9], b: [], c: ['x'] })).toBe(
    '{\n  "a": [1, -2.5, 1e-9],\n  "b": [],\n  "c": [\n    "x"\n  ]\n}',
  );
});

test('means the same as any other writing of the JSON, whatever strings hold', () => {
  expect(JSON.parse(jsonText({ text: '[\n 1,\n 2\n]' }))).toEqual({ text: '[\n 1,\n 2\n]' });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
