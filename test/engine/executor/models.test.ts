import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dimsOf, loadModel, modelNames, randomInputs } from '../../../bench/models/models.ts';
import { startKernelThread } from '../../../engine/env/node/threads.ts';
import { compile } from '../../../engine/executor/compile.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import { leastMagnitude, realInput } from '../../real-inputs.ts';
import { hasShared, shared } from '../../shared.ts';

/** A comparison that does not take a second on an image of half a million elements. */
function sameBytes(a: Tensor, b: Tensor): boolean {
  return (
    Buffer.compare(Buffer.from((a.data as Float32Array).buffer), Buffer.from((b.data as Float32Array).buffer)) === 0
  );
}

describe.skipIf(!hasShared)('real models give what ONNX Runtime gives (needs shared models)', () => {
  const pools: Kernels[] = [];
  beforeAll(async () => {
    for (const mode of ['strict', 'relaxed'] as const) {
      for (const threads of [1, 2, 4])
        pools.push(await loadKernels({ mode, threads, startThread: startKernelThread, startAfterMilliseconds: 0 }));
    }
  });
  afterAll(() => {
    for (const kernels of pools) kernels.dispose();
  });

  it.each(modelNames)('%s', async (name) => {
    const path = shared('models', `${name}.onnx`)!;
    const { graph } = loadModel(path);
    for (const inputs of [randomInputs(graph, 1, name), await realInput(name, graph)]) {
      const expected = await runInOnnxRuntime(readFileSync(path), inputs);
      const first = new Map<string, ReadonlyMap<string, Tensor>>();
      for (const kernels of pools) {
        const { mode, threads } = kernels.features;
        const program = await compile(graph, { mode, kernels, inputDims: dimsOf(inputs) });
        const outputs = await program.run(inputs);
        // The branch for 8 kHz has no meaning for a window of 16 kHz.
        const slow = program.report().filter(({ node, how }) => how === 'reference' && !/else_branch/.test(node));
        program.dispose();
        expect(slow).toEqual([]);
        for (const value of graph.outputs) {
          const error = relativeError(outputs.get(value)!, expected.get(value)!, leastMagnitude(graph, value));
          expect(error, `${value}, ${mode}, ${threads} threads`).toBeLessThan(1e-4);
        }
        // The number of threads does not change a bit.
        const alone = first.get(mode) ?? outputs;
        first.set(mode, alone);
        for (const value of graph.outputs) expect(sameBytes(outputs.get(value)!, alone.get(value)!)).toBe(true);
      }
    }
  });

  it('a batch of three gives the three results', async () => {
    const { graph } = loadModel(shared('models', 'mlperf_tiny_ic_resnet8_bn_fp32.onnx')!);
    const [name] = graph.inputs as [string];
    const [output] = graph.outputs as [string];
    const singles = [1, 2, 3].map((seed) => randomInputs(graph, seed).get(name)!);
    const data = new Float32Array(singles.flatMap((tensor) => [...(tensor.data as Float32Array)]));
    const dims = [3, ...singles[0]!.dims.slice(1)];
    const batch = await compile(graph, { mode: 'strict', inputDims: new Map([[name, dims]]) });
    const single = await compile(graph, { mode: 'strict' });
    const together = (await batch.run(new Map([[name, { dtype: 'float32', dims, data }]]))).get(output)!;
    const apart: number[] = [];
    for (const tensor of singles)
      apart.push(...((await single.run(new Map([[name, tensor]]))).get(output)!.data as Float32Array));
    expect(together.dims).toEqual([3, 10]);
    expect([...(together.data as Float32Array)]).toEqual(apart);
    batch.dispose();
    single.dispose();
  });
});
