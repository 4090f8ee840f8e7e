/**
 * How well the readings of compressed models agree end to end, over many samples: the integer reading (on kernels)
 * beside the exported model in onnxruntime-web, fully optimised and as written, and beside the float simulation.
 *
 *   node bench/readings/run.ts [--samples 200] [--only NAME] [--calibrate 100]
 */
import { parseArgs } from 'node:util';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { compile } from '../../engine/executor/compile.ts';
import { codesOf } from '../../engine/quantize/codes.ts';
import { exportQdq } from '../../engine/readings/export-qdq.ts';
import { integerGraph } from '../../engine/readings/integer.ts';
import { simulate } from '../../engine/readings/simulate.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { floatCompute } from '../../engine/verify/onnxruntime.ts';
import { bytesOf, quantize, uniformPlan } from '../../test/engine/quantize/small.ts';
import { sameDecision, stepsApart } from '../../test/engine/readings/agreement.ts';
import { loadRealModel, type RealModel, realData, realModels } from '../../test/engine/readings/real-models.ts';

const { values: options } = parseArgs({
  options: {
    samples: { type: 'string', default: '200' },
    calibrate: { type: 'string', default: '100' },
    only: { type: 'string' },
  },
});

/** Agreement of decisions with the integer reading, and the largest difference at the logits. */
class Comparison {
  agreed = 0;
  count = 0;
  worst = 0;
  take(integers: Tensor, other: Tensor, steps: number): void {
    this.count++;
    if (sameDecision(integers, other)) this.agreed++;
    this.worst = Math.max(this.worst, steps);
  }
  toString(): string {
    return `${((100 * this.agreed) / this.count).toFixed(2)} %, ${Math.round(this.worst)} steps`;
  }
}

const runtime = await loadOnnxRuntime({ threads: 1 });
console.log(
  `Decisions equal to the integer reading's, largest difference of a logit; onnxruntime-web ${runtime.version}`,
);
for (const name of Object.keys(realModels) as RealModel[]) {
  if (options.only !== undefined && name !== options.only) continue;
  const model = loadRealModel(name);
  const { calibration, validation } = await realData(name, model, Number(options.calibrate));
  const quantized = await quantize(model.graph, uniformPlan(model.graph), calibration, compile);
  const [output] = model.graph.outputs as [string];
  const codes = codesOf(quantized.graph, quantized.assignment).written(output)!;
  const integers = await compile(integerGraph(quantized), { mode: 'strict' });
  const simulation = await compile(simulate(quantized), { mode: 'strict' });
  const bytes = bytesOf(exportQdq(model, quantized));
  const optimised = await runtime.createSession(bytes, { optimize: 'all', profile: true });
  const written = await runtime.createSession(bytes, { optimize: 'disabled' });
  const results = { optimised: new Comparison(), written: new Comparison(), simulation: new Comparison() };
  const count = Math.min(Number(options.samples), validation.length);
  for (let i = 0; i < count; i++) {
    const sample = await validation.sample(i);
    const result = (await integers.run(sample)).get(output)!;
    const own: Tensor = { ...result, data: (result.data as Float32Array).slice() };
    const others = {
      optimised: (await optimised.run(sample)).get(output)!,
      written: (await written.run(sample)).get(output)!,
      simulation: (await simulation.run(sample)).get(output)!,
    };
    for (const key of ['optimised', 'written', 'simulation'] as const)
      results[key].take(own, others[key], stepsApart(own, others[key], codes));
  }
  const float = floatCompute(optimised.endProfiling());
  console.log(
    `${name.padEnd(10)} ${String(count).padStart(4)} samples | optimised ${results.optimised} | as written ${results.written} | simulation ${results.simulation} | float products left: ${float.length}`,
  );
  integers.dispose();
  simulation.dispose();
  await optimised.release();
  await written.release();
}
