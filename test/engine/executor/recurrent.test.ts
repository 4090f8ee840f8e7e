import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Attribute, Graph } from '../../../engine/graph/graph.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { relativeError } from '../../onnxruntime.ts';
import { kernelPools } from './pools.ts';
import { float, GraphBuilder, int, randomNumbers, randomTensor, string } from './random-graph.ts';

const pools = kernelPools('strict', 'threaded');

interface Layer {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  readonly seed: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly layout: 0 | 1;
  readonly steps: number;
  readonly batch: number;
  readonly size: number;
  readonly hidden: number;
  /** Which optional inputs there are: bias, initial hidden state, initial cell state, peepholes. */
  readonly given: readonly [boolean, boolean, boolean, boolean];
  /** Which outputs are wanted: Y, last hidden state, last cell state. */
  readonly wanted: readonly [boolean, boolean, boolean];
  readonly flag: boolean;
  readonly clip: number | undefined;
  readonly activations: readonly string[] | undefined;
  readonly lengths?: readonly number[];
}

const gatesOf = { LSTM: 4, GRU: 3, RNN: 1 } as const;
const functionsOf = { LSTM: 3, GRU: 2, RNN: 1 } as const;

/** A graph of one layer, behind a Relu that makes its input a value of its own. */
function graphOf(layer: Layer): Graph {
  const { op, seed, direction, layout, steps, batch, size, hidden, given, wanted, clip, flag } = layer;
  const random = randomNumbers(seed);
  const builder = new GraphBuilder(14);
  const directions = direction === 'bidirectional' ? 2 : 1;
  const rows = gatesOf[op] * hidden;
  const constant = (...dims: number[]) => builder.constant(randomTensor(dims, random));
  const x = builder.input('x', layout === 1 ? [batch, steps, size] : [steps, batch, size]);
  const state = (name: string) =>
    builder.input(name, layout === 1 ? [batch, directions, hidden] : [directions, batch, hidden]);
  const inputs = [
    builder.node('LeakyRelu', [x]),
    constant(directions, rows, size),
    constant(directions, rows, hidden),
    given[0] ? constant(directions, 2 * rows) : '',
    layer.lengths ? builder.constant({ dtype: 'int32', dims: [batch], data: Int32Array.from(layer.lengths) }) : '',
    given[1] ? state('h') : '',
    ...(op === 'LSTM' ? [given[2] ? state('c') : '', given[3] ? constant(directions, 3 * hidden) : ''] : []),
  ];
  const names = Array.from(
    { length: functionsOf[op] * directions },
    (_, i) => layer.activations?.[i % layer.activations.length],
  );
  const attributes: Record<string, Attribute> = {
    hidden_size: int(hidden),
    direction: string(direction),
    layout: int(layout),
    ...(clip !== undefined && { clip: float(clip) }),
    ...(layer.activations && { activations: { kind: 'strings', value: names as string[] } }),
    ...(op === 'LSTM' && { input_forget: int(flag ? 1 : 0) }),
    ...(op === 'GRU' && { linear_before_reset: int(flag ? 1 : 0) }),
  };
  const outputs = (op === 'LSTM' ? ['y', 'yh', 'yc'] : ['y', 'yh']).map((name, i) => (wanted[i] ? name : ''));
  builder.nodes.push({ name: 'layer', op, domain: '', inputs, outputs, attributes });
  return builder.finish(outputs.filter((name) => name !== ''));
}

function inputsOf(graph: Graph, seed: number): Map<string, Tensor> {
  const random = randomNumbers(seed);
  return new Map(graph.inputs.map((name) => [name, randomTensor(graph.types.get(name)!.dims as number[], random)]));
}

const layers: fc.Arbitrary<Layer> = fc.record({
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
        const graph = graphOf(layer);
        const inputs = inputsOf(graph, layer.seed + 1);
        const expected = evaluateGraph(graph, inputs);
        const [one, three] = await Promise.all(
          [pools.strict, pools.threaded].map(async (kernels) => {
            const program = await compile(graph, { mode: 'strict', kernels });
            expect(program.report().filter(({ how }) => how === 'reference')).toEqual([]);
            await program.run(inputsOf(graph, layer.seed + 2));
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

  const plain: Layer = {
    ...{ op: 'LSTM', seed: 1, direction: 'forward', layout: 0, steps: 4, batch: 2, size: 3, hidden: 5 },
    ...{ given: [true, false, false, false], wanted: [true, true, true], flag: false, clip: undefined },
    activations: undefined,
  };

  it('take lengths that are those of the whole sequence; with others they run by their reference evaluation', async () => {
    for (const [lengths, how] of [
      [[4, 4], 'kernel'],
      [[4, 2], 'reference'],
    ] as const) {
      const graph = graphOf({ ...plain, lengths });
      const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
      const report = program.report().find(({ node }) => node === 'layer')!;
      expect([report.how, report.reason ?? '']).toEqual([
        how,
        how === 'kernel' ? '' : 'no kernel for sequences of different lengths',
      ]);
      const inputs = inputsOf(graph, 3);
      const [outputs, expected] = [await program.run(inputs), evaluateGraph(graph, inputs)];
      for (const value of graph.outputs)
        expect(relativeError(outputs.get(value)!, expected.get(value)!)).toBeLessThan(1e-5);
      program.dispose();
    }
  });

  it('of one direction give the last hidden state without a copy', async () => {
    const [both, one] = await Promise.all(
      [true, false].map(async (last) => {
        const graph = graphOf({ ...plain, hidden: 64, wanted: [true, last, false] });
        const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
        program.dispose();
        return program.arenaBytes;
      }),
    );
    expect(both).toBe(one);
  });
});
