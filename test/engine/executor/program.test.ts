import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { channelsLastOrder, plainOrder, reorder } from '../../../engine/executor/order.ts';
import type { ValueView } from '../../../engine/executor/program.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { Cancelled } from '../../../engine/progress.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { relativeError } from '../../onnxruntime.ts';
import { kernelPools } from './pools.ts';
import { float, GraphBuilder, int, ints, randomGraph, randomNumbers, randomTensor } from './random-graph.ts';

const pools = kernelPools('strict', 'relaxed', 'threaded');

function inputsOf(graph: Graph, seed: number): Map<string, Tensor> {
  const random = randomNumbers(seed);
  return new Map(graph.inputs.map((name) => [name, randomTensor(graph.types.get(name)!.dims as number[], random)]));
}

/** The elements of an observed view in the order of its logical dims. */
function plain({ data, dims, layout }: ValueView): Tensor {
  const order = layout === 'plain' ? plainOrder(dims.length) : channelsLastOrder(dims.length);
  const target = new Float32Array(data.length);
  reorder(dims, order, plainOrder(dims.length), data as Float32Array, target);
  return { dtype: 'float32', dims, data: target };
}

const seeds = fc.integer({ min: 0, max: 1 << 30 });

describe('a compiled graph equals the reference evaluation of its operators', () => {
  it('on every value, when all are observed', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const graph = randomGraph(seed);
        const inputs = inputsOf(graph, seed);
        const values = graph.nodes.flatMap((node) => node.outputs);
        const expected = evaluateGraph(graph, inputs, { keep: values });
        const program = await compile(graph, { mode: 'strict', kernels: pools.strict, observed: values });
        const seen = new Map<string, Tensor>();
        await program.run(inputs, { observe: (value, view) => seen.set(value, plain(view)) });
        program.dispose();
        expect([...seen.keys()].sort()).toEqual([...values].sort());
        for (const value of values)
          expect.soft([value, relativeError(seen.get(value)!, expected.get(value)!, 0.1)]).toSatisfy(close);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it.each(['strict', 'relaxed'] as const)('on its outputs, fused and in place, %s', async (mode) => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const graph = randomGraph(seed, 12);
        const inputs = inputsOf(graph, seed);
        const expected = evaluateGraph(graph, inputs);
        const program = await compile(graph, { mode, kernels: pools[mode] });
        await program.run(inputsOf(graph, seed + 1));
        const outputs = await program.run(inputs);
        program.dispose();
        expect([...outputs.keys()]).toEqual([...new Set(graph.outputs)]);
        for (const value of graph.outputs) {
          expect.soft([value, relativeError(outputs.get(value)!, expected.get(value)!, 0.1)]).toSatisfy(close);
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('with the same bytes on one thread and on three', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const graph = randomGraph(seed, 10);
        const inputs = inputsOf(graph, seed);
        const [one, three] = await Promise.all(
          [pools.strict, pools.threaded].map(async (kernels) => {
            const program = await compile(graph, { mode: 'strict', kernels });
            const outputs = await program.run(inputs);
            program.dispose();
            return outputs;
          }),
        );
        expect(three).toEqual(one);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('gives everything back when it is disposed of', async () => {
    const before = pools.strict.allocatedBytes;
    const program = await compile(randomGraph(5, 12), { mode: 'strict', kernels: pools.strict });
    expect(pools.strict.allocatedBytes).toBeGreaterThan(before);
    program.dispose();
    program.dispose();
    // Scratch and constants that all programs share may have grown.
    const again = await compile(randomGraph(5, 12), { mode: 'strict', kernels: pools.strict });
    const during = pools.strict.allocatedBytes;
    again.dispose();
    const third = await compile(randomGraph(5, 12), { mode: 'strict', kernels: pools.strict });
    expect(pools.strict.allocatedBytes).toBe(during);
    third.dispose();
  });
});

/** Elements are of the order of 1; a sum that cancels to less than a tenth is measured against a tenth. */
function close([, error]: [string, number]): boolean {
  return error < 1e-5;
}

/** x → Conv → Relu → …, the parts of a small network. */
function network() {
  const random = randomNumbers(1);
  const builder = new GraphBuilder(13);
  const x = builder.input('x', [1, 4, 8, 8]);
  const weights = (outputs: number, inputs: number, size: number) =>
    builder.constant(randomTensor([outputs, inputs, size, size], random));
  return { builder, x, weights, same: { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) } };
}

const how = (program: Awaited<ReturnType<typeof compile>>) =>
  Object.fromEntries(
    program.report().map((entry) => [entry.node, entry.into ? `${entry.how} into ${entry.into}` : entry.how]),
  );

describe('fusion', () => {
  it('Conv takes the Add of a shortcut and the Relu behind it', async () => {
    const { builder, x, weights, same } = network();
    const a = builder.node('Conv', [x, weights(4, 4, 3)], same);
    const b = builder.node('Conv', [builder.node('Relu', [a]), weights(4, 4, 3)], same);
    const y = builder.node('Relu', [builder.node('Add', [b, x])]);
    const program = await compile(builder.finish([y]), { mode: 'strict', kernels: pools.strict });
    expect(how(program)).toEqual({
      Conv_0: 'kernel',
      Relu_1: 'fused into Conv_0',
      Conv_2: 'kernel',
      Add_3: 'fused into Conv_2',
      Relu_4: 'fused into Conv_2',
    });
    program.dispose();
  });

  it('leaves alone what is observed, what is an output and what has a second reader', async () => {
    const { builder, x, weights, same } = network();
    const a = builder.node('Conv', [x, weights(4, 4, 3)], same);
    const b = builder.node('Relu', [a]);
    const c = builder.node('Conv', [b, weights(4, 4, 3)], same);
    const d = builder.node('Relu', [c]);
    const e = builder.node('Conv', [d, weights(4, 4, 3)], same);
    const y = builder.node('Add', [builder.node('Relu', [e]), e]);
    const program = await compile(builder.finish([y, c]), { mode: 'strict', kernels: pools.strict, observed: [a] });
    expect(new Set(Object.values(how(program)))).toEqual(new Set(['kernel']));
    program.dispose();
  });
});

describe('memory', () => {
  it('a concat of convolutions copies nothing: each writes its slice', async () => {
    const { builder, x, weights, same } = network();
    const a = builder.node('Conv', [x, weights(3, 4, 3)], same);
    const b = builder.node('Relu', [builder.node('Conv', [x, weights(5, 4, 3)], same)]);
    const y = builder.node('Concat', [a, b], { axis: int(1) });
    const program = await compile(builder.finish([builder.node('GlobalAveragePool', [y])]), {
      mode: 'strict',
      kernels: pools.strict,
    });
    expect(how(program)).toMatchObject({ Concat_3: 'free' });
    program.dispose();
  });

  it('a chain of elementwise operators works in one buffer', async () => {
    const { builder, x } = network();
    let y = x;
    for (let i = 0; i < 6; i++) y = builder.node('Sigmoid', [y]);
    const program = await compile(builder.finish([y]), { mode: 'strict', kernels: pools.strict });
    expect(program.arenaBytes).toBe(4 * 4 * 8 * 8);
    program.dispose();
  });

  it('an NHWC model’s transposes at the border move nothing', async () => {
    const random = randomNumbers(3);
    const builder = new GraphBuilder(13);
    const x = builder.input('x', [1, 8, 8, 3]);
    const inside = builder.node('Transpose', [x], { perm: ints([0, 3, 1, 2]) });
    const conv = builder.node('Conv', [inside, builder.constant(randomTensor([4, 3, 1, 1], random))], {
      kernel_shape: ints([1, 1]),
    });
    const y = builder.node('Transpose', [conv], { perm: ints([0, 2, 3, 1]) });
    const program = await compile(builder.finish([y]), { mode: 'strict', kernels: pools.strict });
    expect(program.report().flatMap((entry) => entry.conversions)).toEqual([]);
    program.dispose();
  });

  it('weights beyond the limit are staged for their step and give the same bytes', async () => {
    const { builder, x, weights, same } = network();
    let y = x;
    for (let i = 0; i < 4; i++) y = builder.node('Relu', [builder.node('Conv', [y, weights(4, 4, 3)], same)]);
    const graph = builder.finish([y]);
    const inputs = inputsOf(graph, 1);
    const resident = await compile(graph, { mode: 'strict', kernels: pools.strict });
    const staged = await compile(graph, { mode: 'strict', kernels: pools.strict, residentWeights: 0 });
    expect(staged.peakBytes).toBeLessThan(resident.peakBytes);
    expect(await staged.run(inputs)).toEqual(await resident.run(inputs));
    expect(await staged.run(inputs)).toEqual(await resident.run(inputs));
    resident.dispose();
    staged.dispose();
  });
});

describe('a model that does not fit', () => {
  it('is a finding with the sizes, and leaves the kernels as they were', async () => {
    const builder = new GraphBuilder(13);
    const x = builder.input('x', [1, 64, 4000, 4000]);
    const y = builder.node('Sigmoid', [builder.node('GlobalAveragePool', [builder.node('Add', [x, x])])]);
    const before = pools.strict.allocatedBytes;
    await expect(compile(builder.finish([y]), { mode: 'strict', kernels: pools.strict })).rejects.toThrow(
      /does not fit into the 2048 MiB .* takes 3907 MiB/,
    );
    expect(pools.strict.allocatedBytes).toBe(before);
  });
});

describe('what has no kernel', () => {
  it('runs by its reference evaluation, between kernels, and the report says why', async () => {
    const { builder, x, weights, same } = network();
    const a = builder.node('Conv', [x, weights(4, 4, 3)], same);
    const b = builder.node('Shrink', [a], { lambd: float(0.2), bias: float(0) });
    const y = builder.node('Conv', [b, weights(4, 4, 3)], same);
    const graph = builder.finish([y]);
    const inputs = inputsOf(graph, 2);
    const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
    expect(program.report().find(({ op }) => op === 'Shrink')).toMatchObject({
      how: 'reference',
      reason: 'no kernel for this operator',
    });
    const expected = evaluateGraph(graph, inputs).get(y)!;
    expect(relativeError((await program.run(inputs)).get(y)!, expected)).toBeLessThan(1e-5);
    program.dispose();
  });

  it('a shape that is only known while running goes to the reference evaluation from there on', async () => {
    const { builder, x } = network();
    const flat = builder.node('NonZero', [builder.node('Relu', [x])]);
    const y = builder.node('Cast', [flat], { to: int(1) });
    const graph = builder.finish([y]);
    const inputs = inputsOf(graph, 2);
    const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
    expect((await program.run(inputs)).get(y)).toEqual(evaluateGraph(graph, inputs).get(y));
    program.dispose();
  });
});

describe('running', () => {
  it('stops where it is cancelled, and can run again', async () => {
    const { builder, x, weights, same } = network();
    let y = x;
    for (let i = 0; i < 20; i++) y = builder.node('Conv', [y, weights(4, 4, 3)], same);
    const graph = builder.finish([y]);
    const inputs = inputsOf(graph, 1);
    const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
    const controller = new AbortController();
    const stages: number[] = [];
    const progress = {
      signal: controller.signal,
      report: (_: string, done: number) => {
        stages.push(done);
        if (done === 3) controller.abort();
      },
    };
    await expect(program.run(inputs, { progress })).rejects.toThrow(Cancelled);
    expect(stages).toEqual([1, 2, 3]);
    expect((await program.run(inputs)).get(y)).toBeDefined();
    program.dispose();
  });

  it('says which input is missing or has another shape than the program was compiled for', async () => {
    const { builder, x } = network();
    const program = await compile(builder.finish([builder.node('Relu', [x])]), {
      mode: 'strict',
      kernels: pools.strict,
    });
    await expect(program.run(new Map())).rejects.toThrow('Input “x” of the model was not given.');
    const wrong = randomTensor([1, 4, 8, 9], randomNumbers(1));
    await expect(program.run(new Map([['x', wrong]]))).rejects.toThrow('compiled for [1, 4, 8, 8]');
    program.dispose();
  });
});
