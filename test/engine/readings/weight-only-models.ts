import { expect } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph, Model } from '../../../engine/graph/graph.ts';
import { assign } from '../../../engine/quantize/assign.ts';
import type { QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { noStatistics } from '../../../engine/quantize/calibrate.ts';
import { integerGraph } from '../../../engine/readings/integer.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import { bytesOf, type PlanOptions, uniformPlan } from '../quantize/small.ts';

/** Models whose layers compute in float with weights in codes. */

export const compressed = (graph: Graph, options: PlanOptions = {}) =>
  assign(graph, uniformPlan(graph, { activations: 'float', ...options }), noStatistics);

type Inputs = ReadonlyMap<string, Tensor>;

/** On kernels the model answers as its simulation does. */
export async function kernelsAgree(model: QuantizedModel, inputs: Inputs, kernels: Kernels): Promise<void> {
  const program = await compile(integerGraph(model), { mode: 'strict', kernels });
  expectAlike(await program.run(inputs), model, inputs, 'kernels');
  program.dispose();
}

/** In ONNX Runtime the exported model answers as the simulation does, optimised and as written. */
export async function runtimeAgrees(model: QuantizedModel, exported: Model, inputs: Inputs): Promise<void> {
  for (const optimize of ['all', 'disabled'] as const)
    expectAlike(await runInOnnxRuntime(bytesOf(exported), inputs, optimize), model, inputs, optimize);
}

function expectAlike(answers: Inputs, model: QuantizedModel, inputs: Inputs, where: string): void {
  const simulated = evaluateGraph(simulate(model), inputs);
  for (const value of model.graph.outputs)
    expect(relativeError(answers.get(value)!, simulated.get(value)!, 0.1), `${where} ${value}`).toBeLessThan(1e-5);
}
