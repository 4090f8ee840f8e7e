import { beforeAll, describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { compile } from '../../../engine/executor/compile.ts';
import type { Model } from '../../../engine/graph/graph.ts';
import type { QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { codesOf } from '../../../engine/quantize/codes.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { integerGraph } from '../../../engine/readings/integer.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { floatCompute } from '../../../engine/verify/onnxruntime.ts';
import { hasShared } from '../../shared.ts';
import { bytesOf, quantize, uniformPlan } from '../quantize/small.ts';
import { decidesAlike, layerDifferences, stepsApart } from './agreement.ts';
import { loadRealModel, type RealModel, realData } from './real-models.ts';

/** Samples that calibrate, and that are run; `bench/readings/run.ts` takes many more. */
const cases: readonly (readonly [RealModel, calibrate: number, run: number])[] = [
  ['kws', 20, 40],
  ['vww', 10, 12],
  ['resnet8', 10, 12],
  ['squeezenet', 4, 3],
  ['mobilenet', 6, 4],
];

describe.skipIf(!hasShared)('the readings of real models (needs shared models)', () => {
  describe.each(cases)('%s', (name, calibrate, run) => {
    let model: Model;
    let quantized: QuantizedModel;
    let samples: ReadonlyMap<string, Tensor>[];
    beforeAll(async () => {
      model = loadRealModel(name);
      const { calibration, validation } = await realData(name, model, calibrate);
      quantized = await quantize(model.graph, uniformPlan(model.graph), calibration, compile);
      samples = await Promise.all(Array.from({ length: run }, (_, i) => validation.sample(i)));
    });

    it('every convolution and product is in codes', () => {
      const codes = codesOf(quantized.graph, quantized.assignment);
      const heavy = quantized.graph.nodes.filter((node) => ['Conv', 'Gemm', 'MatMul'].includes(node.op));
      expect(heavy.length).toBeGreaterThan(5);
      expect(heavy.filter((node) => !codes.quantized(node)).map((node) => node.name)).toEqual([]);
    });

    it('layer by layer, simulation and optimised export are within one step of the integers', async () => {
      const differences = await layerDifferences(model, quantized, samples[0]!, { runtime: true });
      expect(differences.length).toBeGreaterThan(8);
      expect(differences.filter((layer) => !(layer.simulation <= 1 && layer.runtime <= 1))).toEqual([]);
    });

    it('end to end, the export decides as the integers do, with and without optimisation', async () => {
      const [output] = model.graph.outputs as [string];
      const codes = codesOf(quantized.graph, quantized.assignment).written(output)!;
      const integers = await compile(integerGraph(quantized), { mode: 'strict' });
      const runtime = await loadOnnxRuntime({ threads: 1 });
      const bytes = bytesOf(exportQdq(model, quantized));
      const agreed = { all: 0, disabled: 0 };
      const worst = { all: 0, disabled: 0 };
      for (const optimize of ['all', 'disabled'] as const) {
        const session = await runtime.createSession(bytes, { optimize, profile: optimize === 'all' });
        for (const sample of samples) {
          const own = (await integers.run(sample)).get(output)!;
          const other = (await session.run(sample)).get(output)!;
          worst[optimize] = Math.max(worst[optimize], stepsApart(own, other, codes));
          // A tie of the integers may be decided either way; a tie of the runtime alone may not.
          if (decidesAlike(own, other)) agreed[optimize]++;
        }
        if (optimize === 'all') expect(floatCompute(session.endProfiling()).map((node) => node.name)).toEqual([]);
        await session.release();
      }
      integers.dispose();
      expect(agreed.all / samples.length).toBeGreaterThanOrEqual(0.995);
      expect(worst.all).toBeLessThanOrEqual(1);
      expect(agreed.disabled / samples.length).toBeGreaterThanOrEqual(0.995);
    });
  });
});
