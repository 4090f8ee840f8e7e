import { beforeAll, describe, expect, it } from 'vitest';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { arithmetics } from '../../../engine/quantize/arithmetic/registry.ts';
import type { QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { importQdq } from '../../../engine/readings/import-qdq.ts';
import { integerGraph } from '../../../engine/readings/integer.ts';
import { floatCompute } from '../../../engine/verify/onnxruntime.ts';
import { openInOnnxRuntime } from '../../onnxruntime.ts';
import { bytesOf, modelOf, type PlanOptions, quantize, samplesFor, uniformPlan } from '../quantize/small.ts';
import { type Inputs, layerDifferences, runInteger, runSimulation } from './agreement.ts';
import { zoo } from './zoo.ts';

/** The readings of one Assignment agree: docs/architecture.md, “Its readings agree”. */

const forms: readonly (readonly [string, PlanOptions])[] = [
  ['uint8', {}],
  ['int8', { activations: 'int8' }],
  ['symmetric int8', { activations: 'int8', scheme: 'symmetric' }],
  ['uint8, weights per tensor', { granularity: 'per-tensor' }],
  ['uint8, uint8 affine weights', { weights: 'uint8', weightScheme: 'affine' }],
];

describe.each(Object.keys(zoo))('%s', (name) => {
  const graph = zoo[name]!;
  const model = modelOf(graph);

  describe.each(forms)('%s', (form, options) => {
    let quantized: QuantizedModel;
    let inputs: Inputs;
    beforeAll(async () => {
      quantized = await quantize(graph, uniformPlan(graph, options), samplesFor(graph, 4));
      inputs = await samplesFor(graph, 1, 99).sample(0);
    });

    it('has layers in codes', () => {
      expect(quantized.assignment.entries.size).toBeGreaterThan(2);
    });

    it('the simulation is within one step of the integers in every layer', async () => {
      const differences = await layerDifferences(model, quantized, inputs, { runtime: false });
      expect(differences.length).toBeGreaterThan(0);
      expect(differences.filter((layer) => !(layer.simulation <= 1))).toEqual([]);
    });

    it('the optimised export is within one step of the integers in every layer, and loads without optimisation', async () => {
      const differences = await layerDifferences(model, quantized, inputs, { runtime: true });
      expect(differences.filter((layer) => !(layer.runtime <= 1))).toEqual([]);
      const bytes = bytesOf(exportQdq(model, quantized));
      const integer = runInteger(quantized, inputs);
      for (const optimize of ['all', 'disabled'] as const) {
        const session = await openInOnnxRuntime(bytes, optimize);
        const outputs = await session.run(inputs);
        await session.release();
        for (const output of graph.outputs) {
          const [a, b] = [integer.get(output)!, outputs.get(output)!];
          expect(b.dims).toEqual(a.dims);
          const range = Math.max(...(a.data as Float32Array).map(Math.abs));
          (a.data as Float32Array).forEach((x, i) => {
            expect(Math.abs(x - (b.data as Float32Array)[i]!)).toBeLessThanOrEqual(0.03 * range);
          });
        }
      }
    });

    if (form === 'uint8') {
      it('no product of the optimised export runs in float', async () => {
        const runtime = await loadOnnxRuntime({ threads: 1 });
        const session = await runtime.createSession(bytesOf(exportQdq(model, quantized)), { profile: true });
        await session.run(inputs);
        const ran = session.endProfiling();
        await session.release();
        expect(ran.length).toBeGreaterThan(0);
        expect(floatCompute(ran).map((node) => node.name)).toEqual([]);
      });
    }

    // A file has no word for the narrow range of symmetric activations.
    if (form !== 'symmetric int8') {
      it('the export, read back, is in the same integers; so the executor runs it', async () => {
        const exported = exportQdq(model, quantized).graph;
        expect(runInteger(importQdq(exported)!, inputs)).toEqual(runInteger(quantized, inputs));
        const [own, read] = [integerGraph(quantized), exported].map((each) => compile(each, { mode: 'strict' }));
        const program = await read!;
        expect(await program.run(inputs)).toEqual(await (await own!).run(inputs));
        const heavy = program.report().filter(({ op }) => ['Conv', 'Gemm', 'MatMul'].includes(op));
        expect(heavy.filter(({ integer }) => !integer)).toEqual([]);
      });
    }

    it('stays near the float model', () => {
      const exact = evaluateGraph(graph, inputs);
      const simulated = runSimulation(quantized, inputs);
      for (const output of graph.outputs) {
        const [a, b] = [exact.get(output)!.data as Float32Array, simulated.get(output)!.data as Float32Array];
        const signal = a.reduce((sum, x) => sum + x * x, 0);
        const noise = a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);
        expect(10 * Math.log10(signal / noise)).toBeGreaterThan(22);
      }
    });
  });

  it.each(arithmetics.map((kind) => kind.name))(
    'integers run by kernels are those of the definition, bit for bit: %s',
    async (arithmetic) => {
      for (const options of [{}, { activations: 'int8' }]) {
        const quantized = await quantize(graph, uniformPlan(graph, { ...options, arithmetic }), samplesFor(graph, 4));
        const integers = integerGraph(quantized);
        const wanted = integers.nodes.flatMap((node) => node.outputs).filter((value) => value.endsWith('_codes'));
        const observed = { ...integers, outputs: [...new Set([...graph.outputs, ...wanted])] };
        const program = await compile(observed, { mode: 'strict' });
        const inputs = await samplesFor(graph, 1, 98).sample(0);
        const [own, defined] = [await program.run(inputs), evaluateGraph(observed, inputs)];
        program.dispose();
        expect(wanted.length).toBeGreaterThan(0);
        for (const value of wanted) expect(own.get(value)!.data, value).toEqual(defined.get(value)!.data);
      }
    },
  );
});
