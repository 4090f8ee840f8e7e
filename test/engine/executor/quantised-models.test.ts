import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { integerModelNames } from '../../../bench/models/integer.ts';
import { loadModel, randomInputs } from '../../../bench/models/models.ts';
import { startKernelThread } from '../../../engine/env/node/threads.ts';
import { compile } from '../../../engine/executor/compile.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { codesOf } from '../../../engine/quantize/codes.ts';
import { importQdq } from '../../../engine/readings/import-qdq.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { runInOnnxRuntime } from '../../onnxruntime.ts';
import { realInput } from '../../real-inputs.ts';
import { hasShared, shared } from '../../shared.ts';

/** Codes are equal; where a float Softmax ends the network, its exponential may differ in the last bits. */
const lastBits = 1e-6;

/** Largest difference that is less than two steps of the last quantiser. */
function oneStep(graph: Graph, output: string): number {
  const { graph: float, assignment } = importQdq(graph)!;
  return (codesOf(float, assignment).written(output)?.scale[0] ?? 0) * 1.001 + lastBits;
}

function difference(a: Tensor, b: Tensor): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  return x.reduce((worst, value, i) => Math.max(worst, Math.abs(value - y[i]!)), 0);
}

describe.skipIf(!hasShared)('quantised models run in integers (needs shared models)', () => {
  const pools: Kernels[] = [];
  beforeAll(async () => {
    for (const threads of [1, 2, 4])
      pools.push(
        await loadKernels({ mode: 'relaxed', threads, startThread: startKernelThread, startAfterMilliseconds: 0 }),
      );
    pools.push(await loadKernels({ mode: 'strict' }));
    pools.push(await loadKernels({ mode: 'strict', dot: 'u8' }));
  });
  afterAll(() => {
    for (const kernels of pools) kernels.dispose();
  });

  it.each(integerModelNames)(
    '%s gives what ONNX Runtime gives, whatever the threads and the instructions',
    async (name) => {
      const path = shared('models', `${name}.onnx`)!;
      const { graph } = loadModel(path);
      const [output] = graph.outputs as [string];
      const samples = [randomInputs(graph, 1)];
      if (name !== 'tflm_micro_speech_int8_qdq') samples.push(await realInput(name, graph));
      for (const inputs of samples) {
        const expected = (await runInOnnxRuntime(readFileSync(path), inputs)).get(output)!;
        const results: Tensor[] = [];
        for (const kernels of pools) {
          const program = await compile(graph, { mode: 'strict', kernels });
          results.push((await program.run(inputs)).get(output)!);
          program.dispose();
        }
        expect(results[0]!.dims).toEqual(expected.dims);
        expect(difference(results[0]!, expected)).toBeLessThanOrEqual(oneStep(graph, output));
        for (const result of results.slice(1)) expect(difference(result, results[0]!)).toBeLessThanOrEqual(lastBits);
        for (const result of results.slice(1, 3)) expect(result).toEqual(results[0]);
      }
    },
  );

  it.each(integerModelNames)('%s: the report says that every layer ran in integers', async (name) => {
    const { graph } = loadModel(shared('models', `${name}.onnx`)!);
    const program = await compile(graph, { mode: 'relaxed' });
    const report = program.report();
    program.dispose();
    const float = report.filter(({ how, integer }) => (how === 'kernel' || how === 'reference') && !integer);
    expect(new Set(float.map(({ op }) => op))).toEqual(
      new Set([
        'QuantizeLinear',
        'DequantizeLinear',
        ...(graph.nodes.some(({ op }) => op === 'Softmax') ? ['Softmax'] : []),
      ]),
    );
    // Every node of the file is accounted for.
    expect(graph.nodes.filter((node) => !report.some((entry) => entry.node === node.name))).toEqual([]);
  });
});
