import { expect, test } from 'vitest';
import { ruleFor, selectedLayers } from '../../extension/views/selection-message.ts';
import { small } from '../language/support/model.ts';

test('layers that are selected are told together, with the rules that would name them', () => {
  const { message, role } = selectedLayers(small, [
    '/stem/Conv',
    '/block/0/dw/Conv',
    '/block/0/pw/Conv',
    'no such layer',
  ]);
  expect(role).toBe('weights');
  expect(message.heads[0]).toBe('layers op Conv');
  expect(message.totals).toEqual([
    ['Parameters', '880'],
    ['MACs', '213 k'],
    ['Weights', '3.44 KiB'],
  ]);
  expect(message.refusal).toBeNull();
});

test.each([
  ['/stem/Conv', 'weights', null],
  ['/stem/Relu', 'activations', null],
  ['softmax', null, /^This layer has no integer form/],
])('what a rule for %s chooses is the format of %s', (name, role, refusal) => {
  const selected = selectedLayers(small, [name]);
  expect(selected.role).toBe(role);
  if (refusal === null) expect(selected.message.refusal).toBeNull();
  else expect(selected.message.refusal).toMatch(refusal);
});

test('a rule is one of those that were offered', () => {
  const convolutions = selectedLayers(small, ['/stem/Conv', '/block/0/dw/Conv', '/block/0/pw/Conv']);
  expect(ruleFor(convolutions, 0, false)).toEqual({ head: 'layers op Conv', says: 'weights' });
  expect(ruleFor(convolutions, 0, true)).toEqual({ head: 'layers op Conv', says: 'keep float' });
  for (const head of [-1, 1.5, 99, Number.NaN]) expect(ruleFor(convolutions, head, false)).toBeUndefined();
  expect(ruleFor(selectedLayers(small, ['softmax']), 0, false)).toBeUndefined();
  expect(ruleFor(selectedLayers(small, []), 0, false)).toBeUndefined();
});
