import { describe, expect, it } from 'vitest';
import { backends } from '../../../engine/backends/registry.ts';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { compile } from '../../../engine/executor/compile.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { floatCompute } from '../../../engine/verify/onnxruntime.ts';
import { hasShared } from '../../shared.ts';
import { bytesOf, quantize } from '../quantize/small.ts';
import { sameDecision } from '../readings/agreement.ts';
import { loadRealModel, realData } from '../readings/real-models.ts';
import { planFor } from './plan.ts';

/** Products that ONNX Runtime computes in float, by backend: those that do not both read and leave codes, sums' accumulators among them. */
const inFloat = {
  resnet8: { onnxruntime: 0, 'onnxruntime-avx2': 0, snpe: 1, fbgemm: 1, tvm: 1, tensorrt: 4, academic: 7, acl: 7 },
  vww: { onnxruntime: 0, 'onnxruntime-avx2': 0, snpe: 1, fbgemm: 1, tvm: 1, tensorrt: 1, academic: 2, acl: 2 },
} as const;

describe.skipIf(!hasShared).each(['resnet8', 'vww'] as const)('%s for every backend (needs shared models)', (name) => {
  it.each(backends.map((backend) => [backend.name, backend] as const))('%s', async (own, backend) => {
    const model = loadRealModel(name);
    const { calibration, validation } = await realData(name, model, 4);
    const quantized = await quantize(model.graph, planFor(model.graph, backend), calibration, compile);
    const samples = await Promise.all([0, 1, 2].map((i) => validation.sample(i)));
    const program = await compile(simulate(quantized), { mode: 'strict' });
    const [output] = model.graph.outputs as [string];
    const simulated: Tensor[] = [];
    for (const sample of samples) simulated.push((await program.run(sample)).get(output)!);
    program.dispose();

    const bytes = bytesOf(exportQdq(model, quantized));
    const runtime = await loadOnnxRuntime({ threads: 1 });
    for (const optimize of ['all', 'disabled'] as const) {
      const session = await runtime.createSession(bytes, { optimize, profile: optimize === 'all' });
      const alike: boolean[] = [];
      for (const [i, sample] of samples.entries())
        alike.push(sameDecision((await session.run(sample)).get(output)!, simulated[i]!));
      expect(alike).toEqual(samples.map(() => true));
      if (optimize === 'all') {
        const floats = floatCompute(session.endProfiling()).length;
        expect(floats).toBe((inFloat[name] as Readonly<Record<string, number>>)[own]);
      }
      await session.release();
    }
  });
});
