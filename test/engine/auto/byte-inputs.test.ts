import { describe, expect, it } from 'vitest';
import { byteInputs, readersOf } from '../../../engine/auto/byte-inputs.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { makeNode } from '../../../engine/graph/build.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { makeGraph, random } from '../quantize/small.ts';

/** Samples of one input. */
function samplesOf(length: number, size: number, value: (sample: number, at: number) => number): Dataset {
  return {
    ...{ name: 'own', length, hash: 'own', findings: [] },
    nameOf: (index) => `x[${index}]`,
    sample: async (index) => {
      const values = Float32Array.from({ length: size }, (_, at) => value(index, at));
      return new Map([['x', float32Tensor([1, size], values)]]);
    },
  };
}

/** A byte, as if at random. */
const byte = (sample: number, at: number) => (Math.imul(sample * 4099 + at + 1, 0x9e3779b1) >>> 8) & 255;

describe('inputs that come from bytes', () => {
  it.each([
    ['as they are', byte],
    ['between −1 and 1', (sample: number, at: number) => byte(sample, at) / 127.5 - 1],
    [
      'a mean and a scale for each of three channels',
      (s: number, at: number) => (byte(s, at) - (at % 3)) / (5 + (at % 3)),
    ],
  ])('are known: %s', async (_, value) => {
    expect([...(await byteInputs(samplesOf(20, 900, value)))]).toEqual(['x']);
  });

  it('are not those with values of every kind', async () => {
    expect((await byteInputs(samplesOf(20, 900, (sample, at) => Math.sin(sample * 900 + at)))).size).toBe(0);
  });

  it('are not those of which too little is known', async () => {
    expect((await byteInputs(samplesOf(20, 12, (sample, at) => Math.sin(sample * 900 + at)))).size).toBe(0);
    expect((await byteInputs(samplesOf(0, 900, byte))).size).toBe(0);
  });
});

describe('nodes that read an input', () => {
  it('do so behind what only moves it, and no further', () => {
    const graph = makeGraph({
      inputs: { x: [2, 3], other: [2, 3] },
      outputs: ['y', 'z'],
      constants: { w: random(1, [2, 4]) },
      nodes: [
        makeNode('moved', 'Transpose', ['x'], ['t']),
        makeNode('product', 'MatMul', ['t', 'w'], ['p']),
        makeNode('after', 'Relu', ['p'], ['y']),
        makeNode('elsewhere', 'Relu', ['other'], ['z']),
      ],
    });
    expect([...readersOf(new Set(['x']), graph)]).toEqual(['moved', 'product']);
  });
});
