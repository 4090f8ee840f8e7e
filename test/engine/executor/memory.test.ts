import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, modelNames } from '../../../bench/models/models.ts';
import { alignment } from '../../../engine/executor/arena.ts';
import { compile } from '../../../engine/executor/compile.ts';
import type { CompileOptions } from '../../../engine/executor/program.ts';
import { FindingError } from '../../../engine/findings.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { onnx } from '../../../engine/onnx/proto.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { hasShared, shared } from '../../shared.ts';
import { modelProto, node } from '../graph/protos.ts';
import { randomGraph } from './random-graph.ts';

const mebibyte = 2 ** 20;
let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadKernels({ mode: 'strict', maximumBytes: 64 * mebibyte });
});
afterAll(() => kernels.dispose());

/** A graph of x and constants `c…`. */
function graphOf(dims: readonly number[], nodes: onnx.NodeProto[], constants: Record<string, Tensor> = {}): Graph {
  const outputs = [nodes.at(-1)!.output[0]!];
  return graphFromProto(modelProto({ nodes, inputs: { x: dims }, outputs, constants })).graph;
}

const constant = (...dims: number[]): Tensor =>
  float32Tensor(dims, new Float32Array(dims.reduce((product, dim) => product * dim, 1)).fill(2));

async function planOf(graph: Graph, options: Partial<CompileOptions> = {}) {
  const program = await compile(graph, { mode: 'strict', kernels, ...options });
  program.dispose();
  return program;
}

describe('the memory plan', () => {
  const size = 4 * 1024 * 64;

  it.each([
    ['functions of one value', [node('Sigmoid', 'x', 'a'), node('Exp', 'a', 'b'), node('Tanh', 'b', 'y')], 1],
    ['a constant', [node('Sigmoid', 'x', 'a'), node('Mul', 'a c', 'b'), node('Sub', 'c b', 'y')], 1],
    ['one number a column', [node('Sigmoid', 'x', 'a'), node('Div', 'a row', 'y')], 1],
    ['two values that both end', [node('Sigmoid', 'x', 'a'), node('Exp', 'x', 'b'), node('Sub', 'a b', 'y')], 2],
    ['a value that is read later', [node('Sigmoid', 'x', 'a'), node('Exp', 'a', 'b'), node('Sub', 'b a', 'y')], 2],
  ] as const)('writes over what nothing reads any more: %s', async (_, nodes, buffers) => {
    const plan = await planOf(graphOf([1024, 64], [...nodes], { c: constant(1), row: constant(64) }));
    // A constant takes a cache line beside.
    expect(plan.arenaBytes).toBe(buffers * size);
    expect(plan.arenaBound).toBe(plan.arenaBytes);
  });

  it('does not write over a value while a part of it is still to be read', async () => {
    // The second operand is the first row of the first, in the same memory.
    const slice = node('Slice', 'a from to', 'first');
    const graph = graphOf([4, 64], [node('Sigmoid', 'x', 'a'), slice, node('Sub', 'a first', 'y')], {
      from: { dtype: 'int64', dims: [1], data: BigInt64Array.of(0n) },
      to: { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) },
    });
    const program = await compile(graph, { mode: 'strict', kernels });
    const x = float32Tensor(
      [4, 64],
      Float32Array.from({ length: 256 }, (_, i) => i / 64),
    );
    const y = (await program.run(new Map([['x', x]]))).get('y')!.data as Float32Array;
    program.dispose();
    const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
    for (let i = 0; i < 256; i++) expect(y[i]).toBeCloseTo(sigmoid(i / 64) - sigmoid((i % 64) / 64), 5);
  });

  it('is within a tenth of what is alive at once, on random graphs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1 << 30 }), async (seed) => {
        const { arenaBytes, arenaBound } = await planOf(randomGraph(seed));
        expect(arenaBytes).toBeGreaterThanOrEqual(arenaBound);
        expect(arenaBytes).toBeLessThanOrEqual(1.1 * arenaBound + 8 * alignment);
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  it.skipIf(!hasShared)('is within a twentieth of it on real models (needs shared models)', async () => {
    const large = await loadKernels({ mode: 'strict' });
    for (const name of modelNames) {
      const { graph } = loadModel(shared('models', `${name}.onnx`)!);
      const { arenaBytes, arenaBound, peakBytes } = await planOf(graph, { kernels: large });
      expect(arenaBytes / arenaBound, name).toBeGreaterThanOrEqual(1);
      expect(arenaBytes / arenaBound, name).toBeLessThanOrEqual(1.05);
      expect(peakBytes).toBeGreaterThan(arenaBytes);
    }
    large.dispose();
  });
});

describe('a model that does not fit is refused before it takes memory', () => {
  async function refusal(graph: Graph, options: Partial<CompileOptions> = {}) {
    const before = kernels.allocatedBytes;
    kernels.resetPeak();
    const error = await compile(graph, { mode: 'strict', kernels, ...options }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FindingError);
    expect(kernels.allocatedBytes).toBe(before);
    return { finding: (error as FindingError).finding, taken: kernels.peakBytes - before };
  }

  it('for a single value', async () => {
    const nodes = [node('MatMul', 'x w', 'y', {}, 'wide')];
    const { finding, taken } = await refusal(graphOf([65_536, 8], nodes, { w: constant(8, 512) }));
    expect(finding).toMatchObject({
      code: 'run/memory-exhausted',
      what: 'The model “test” does not fit into the 64 MiB of memory that kernels have.',
      why: 'The output of MatMul “wide” alone, float32 [65536, 512], takes 128 MiB.',
    });
    expect(taken).toBe(0);
  });

  it('for what is alive at once', async () => {
    const nodes = [node('Sigmoid', 'x', 'a'), node('Exp', 'x', 'b'), node('Tanh', 'x', 'c'), node('Sum', 'a b', 'd')];
    const graph = graphOf([2048, 4096], [...nodes, node('Add', 'c d', 'y')]);
    const { finding, taken } = await refusal(graph);
    expect(finding.code).toBe('run/memory-exhausted');
    expect(finding.why).toMatch(/^Activations take 96 MiB at their peak, weights \d MiB for the given input shapes\.$/);
    expect(taken).toBe(0);
  });

  it('for the limit of the process', async () => {
    const graph = graphOf([2048, 1024], [node('Sigmoid', 'x', 'y')]);
    const { finding, taken } = await refusal(graph, { memoryLeft: () => 4 * mebibyte });
    expect(finding).toMatchObject({
      code: 'run/memory-limit',
      what: 'The model “test” needs 8 MiB more of memory where the engine may take 4 MiB.',
    });
    expect(finding.fix).toContain('qspec.engine.memory');
    expect(taken).toBe(0);
    const program = await compile(graph, { mode: 'strict', kernels, memoryLeft: () => 16 * mebibyte });
    program.dispose();
  });
});
