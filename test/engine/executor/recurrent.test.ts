import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { relativeError } from '../../onnxruntime.ts';
import { kernelPools } from './pools.ts';
import { type RecurrentLayer, randomInputs, recurrentGraph } from './recurrent-graph.ts';

const pools = kernelPools('strict', 'threaded');

const layers: fc.Arbitrary<RecurrentLayer> = fc.record({
  op: fc.constantFrom('LSTM', 'GRU', 'RNN'),
  seed: fc.integer({ min: 0, max: 1 << 30 }),
  direction: fc.constantFrom('forward', 'reverse', 'bidirectional'),
  layout: fc.constantFrom(0, 1),
  steps: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 4 }),
  size: fc.integer({ min: 1, max: 9 }),
  hidden: fc.integer({ min: 1, max: 13 }),
  given: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
  wanted: fc.constantFrom<readonly [boolean, boolean, boolean]>(
    [true, true, true],
    [true, false, false],
    [true, true, false],
    [false, true, true],
  ),
  flag: fc.boolean(),
  clip: fc.constantFrom(undefined, 0.4),
  activations: fc.option(
    fc.array(
      fc.constantFrom(
        ...[
          'Sigmoid',
          'Tanh',
          'Relu',
          'Affine',
          'LeakyRelu',
          'ThresholdedRelu',
          'ScaledTanh',
          'HardSigmoid',
          'Elu',
          'Softsign',
        ],
        'Softplus',
      ),
      { minLength: 1, maxLength: 3 },
    ),
    { nil: undefined },
  ),
});

describe('LSTM, GRU and RNN', () => {
  it('on kernels equal their reference evaluation, with the same bytes on one thread and on three', async () => {
    await fc.assert(
      fc.asyncProperty(layers, async (layer) => {
        const graph = recurrentGraph(layer);
        const inputs = randomInputs(graph, layer.seed + 1);
        const expected = evaluateGraph(graph, inputs);
        const [one, three] = await Promise.all(
          [pools.strict, pools.threaded].map(async (kernels) => {
            const program = await compile(graph, { mode: 'strict', kernels });
            expect(program.report().filter(({ how }) => how === 'reference')).toEqual([]);
            await program.run(randomInputs(graph, layer.seed + 2));
            const outputs = await program.run(inputs);
            program.dispose();
            return outputs;
          }),
        );
        for (const value of graph.outputs)
          expect(relativeError(one!.get(value)!, expected.get(value)!, 0.1), value).toBeLessThan(1e-5);
        expect(three).toEqual(one);
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  const plain: RecurrentLayer = {
    ...{ op: 'LSTM', seed: 1, direction: 'forward', layout: 0, steps: 4, batch: 2, size: 3, hidden: 5 },
    ...{ given: [true, false, false, false], wanted: [true, true, true], flag: false, clip: undefined },
    activations: undefined,
  };

  it('take lengths that are those of the whole sequence; with others they run by their reference evaluation', async () => {
    for (const [lengths, how] of [
      [[4, 4], 'kernel'],
      [[4, 2], 'reference'],
    ] as const) {
      const graph = recurrentGraph({ ...plain, lengths });
      const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
      const report = program.report().find(({ node }) => node === 'layer')!;
      expect([report.how, report.reason ?? '']).toEqual([
        how,
        how === 'kernel' ? '' : 'no kernel for sequences of different lengths',
      ]);
      const inputs = randomInputs(graph, 3);
      const [outputs, expected] = [await program.run(inputs), evaluateGraph(graph, inputs)];
      for (const value of graph.outputs)
        expect(relativeError(outputs.get(value)!, expected.get(value)!)).toBeLessThan(1e-5);
      program.dispose();
    }
  });

  it('of one direction give the last hidden state without a copy', async () => {
    const [both, one] = await Promise.all(
      [true, false].map(async (last) => {
        const graph = recurrentGraph({ ...plain, hidden: 64, wanted: [true, last, false] });
        const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
        program.dispose();
        return program.arenaBytes;
      }),
    );
    expect(both).toBe(one);
  });
});
