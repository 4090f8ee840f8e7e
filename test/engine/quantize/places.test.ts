import { describe, expect, it } from 'vitest';
import { namesOf } from '../../../engine/quantize/places.ts';

const named = (...names: string[]) => namesOf(names.map((name) => ({ name })));

describe('names of layers in a sentence', () => {
  it('are four at most, and how many more there are', () => {
    expect(named('a', 'b')).toBe('“a”, “b”');
    expect(named('a', 'b', 'c', 'd', 'e', 'f')).toBe('“a”, “b”, “c”, “d” and 2 more');
  });

  it('keep their ends where a converter made them long', () => {
    const name = `model/conv_1/Relu;${'model/bias/resource;'.repeat(20)}model/conv_1/Conv2D1`;
    const told = named(name);
    expect(told.length).toBe(82);
    expect(told).toMatch(/^“model\/conv_1\/Relu;.*….*model\/conv_1\/Conv2D1”$/);
  });
});
