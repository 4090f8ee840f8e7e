import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, modelNames, randomInputs } from '../../../bench/models/models.ts';
import { openDataset } from '../../../engine/data/open.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { startKernelThread } from '../../../engine/env/node/threads.ts';
import { compile } from '../../../engine/executor/compile.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { DataSource } from '../../../engine/plan.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import { hasShared, shared } from '../../shared.ts';

const nchw = { from: 'nhwc', to: 'nchw' } as const;
const photographs = { path: 'imagenet_sample40_raw224.npz', array: 'x', layout: nchw };

/** Real input of each model, preprocessed as the model wants it. */
const real: Readonly<Record<(typeof modelNames)[number], Partial<DataSource> & { readonly path: string }>> = {
  mnist_cntk: { path: 'mnist_t10k.npz', array: 'x', layout: { from: 'nhw', to: 'nchw' } },
  mlperf_tiny_kws_dscnn_bn_fp32: {
    path: 'mlperf_tiny_kws01.npz',
    array: 'x_int8',
    scale: 0.5847029,
    mean: [48.5303407],
  },
  mlperf_tiny_vww_mobilenetv1_025_bn_fp32: {
    path: 'mlperf_tiny_vww01_a.npz',
    array: 'x',
    layout: nchw,
    scale: 1 / 255,
  },
  mlperf_tiny_ic_resnet8_bn_fp32: { path: 'cifar10_test500_lossless.npz', array: 'x', layout: nchw },
  mlperf_tiny_ad_autoencoder_bn_fp32: { path: 'mlperf_tiny_ad01_one_clip.npz', array: 'windows640' },
  'mobilenet_v1_0.25_224_keras_bn_fp32': { ...photographs, scale: 1 / 127.5, mean: [1] },
  squeezenet_fp32_from_fp16: { ...photographs, channels: 'bgr', mean: [103.939, 116.779, 123.68] },
  super_resolution_10: { ...photographs, channels: 'gray', scale: 1 / 255 },
  ultraface_rfb_320_simplified: {
    ...photographs,
    resize: { kind: 'exact', width: 320, height: 240 },
    scale: 1 / 128,
    mean: [127 / 128],
  },
  yunet_s_320: { ...photographs, channels: 'bgr', resize: { kind: 'exact', width: 320, height: 320 } },
};

async function realInput(name: (typeof modelNames)[number], graph: Graph): Promise<Map<string, Tensor>> {
  const source: DataSource = {
    name: 'real',
    kind: 'npz',
    seed: 1,
    take: 1,
    ...real[name],
    path: shared('data', real[name].path)!,
  };
  const sample = await (await openDataset(source, nodeHost())).sample(0);
  const [tensor] = [...sample.values()] as [Tensor];
  const dims = (graph.types.get(graph.inputs[0]!)!.dims ?? []).map((dim) => (typeof dim === 'number' ? dim : 1));
  return new Map([[graph.inputs[0]!, { ...tensor, dims }]]);
}

/**
 * ONNX Runtime's Sigmoid is off by up to 1.2e-7 of its range, which is all there is of an output without a detection
 * (1e-6 everywhere): such outputs are measured against a hundredth of the range at least.
 */
function leastMagnitude(graph: Graph, value: string): number {
  return graph.nodes.find(({ outputs }) => outputs[0] === value)?.op === 'Sigmoid' ? 0.01 : 0;
}

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
      for (const threads of [1, 2, 3]) pools.push(await loadKernels({ mode, threads, startThread: startKernelThread }));
    }
  });
  afterAll(() => {
    for (const kernels of pools) kernels.dispose();
  });

  it.each(modelNames)('%s', async (name) => {
    const path = shared('models', `${name}.onnx`)!;
    const { graph } = loadModel(path);
    for (const inputs of [randomInputs(graph, 1), await realInput(name, graph)]) {
      const expected = await runInOnnxRuntime(readFileSync(path), inputs);
      const first = new Map<string, ReadonlyMap<string, Tensor>>();
      for (const kernels of pools) {
        const { mode, threads } = kernels.features;
        const program = await compile(graph, { mode, kernels });
        const outputs = await program.run(inputs);
        const slow = program.report().filter(({ how }) => how === 'reference');
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
