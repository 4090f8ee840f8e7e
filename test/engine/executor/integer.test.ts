import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { kernelPools } from './pools.ts';
import { GraphBuilder, int, randomNumbers, randomTensor } from './random-graph.ts';
import { randomIntegerGraph } from './random-integer-graph.ts';

const pools = kernelPools('strict', 'relaxed', 'threaded');

describe('integer graphs run by kernels as their operators are defined, bit for bit', () => {
  it.each(['ort', 'tflite', 'gemmlowp', 'settle'] as const)('%s', async (arithmetic) => {
    const ways = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1 << 30 }), async (seed) => {
        const graph = randomIntegerGraph(seed, arithmetic);
        const inputs = new Map([['x', randomTensor(graph.types.get('x')!.dims as number[], randomNumbers(seed))]]);
        const expected = evaluateGraph(graph, inputs);
        for (const kernels of Object.values(pools)) {
          const program = await compile(graph, { mode: 'strict', kernels });
          expect(await program.run(inputs)).toEqual(expected);
          for (const { op, how, reason } of program.report()) {
            const way = `${op} ${how}${reason ? `: ${reason}` : ''}`;
            ways.set(way, (ways.get(way) ?? 0) + 1);
          }
          program.dispose();
        }
      }),
      { seed: 1, numRuns: 120 },
    );
    const slow = [...ways.keys()].filter((way) => way.includes('reference'));
    expect(slow).toEqual([]);
    expect(ways.size).toBeGreaterThan(10);
  });

  it('FakeQuantize of a network equals its definition, per tensor and per channel', async () => {
    const random = randomNumbers(1);
    const builder = new GraphBuilder(13);
    const x = builder.input('x', [1, 5, 4, 3]);
    const attributes = (count: number) => ({
      scale: {
        kind: 'tensor',
        value: {
          dtype: 'float32',
          dims: [count],
          data: Float32Array.from({ length: count }, () => 0.01 + random() / 50),
        },
      } as const,
      zero_point: {
        kind: 'tensor',
        value: { dtype: 'int32', dims: [count], data: Int32Array.from({ length: count }, (_, i) => 100 + i) },
      } as const,
      low: int(0),
      high: int(255),
    });
    const a = builder.node('qspec.FakeQuantize', [x], attributes(1));
    const b = builder.node('qspec.FakeQuantize', [a], { ...attributes(5), axis: int(1) });
    const c = builder.node('qspec.FakeQuantize', [b], { ...attributes(3), axis: int(3) });
    const graph = builder.finish([a, b, c]);
    const inputs = new Map([['x', randomTensor([1, 5, 4, 3], random, -2, 2)]]);
    for (const kernels of Object.values(pools)) {
      const program = await compile(graph, { mode: 'strict', kernels });
      expect(await program.run(inputs)).toEqual(evaluateGraph(graph, inputs));
      expect(new Set(program.report().map(({ how }) => how))).toEqual(new Set(['kernel']));
      program.dispose();
    }
  });
});
