import { describe, expect, it, vi } from 'vitest';
import { makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { modelToProto } from '../../../engine/graph/to-proto.ts';
import { DataBudget, lazyTensor, processBudget } from '../../../engine/lazy-tensor.ts';
import { StatisticsMemory } from '../../../engine/measurements/statistics-files.ts';
import { gptq } from '../../../engine/methods/gptq.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { edgeKey, hasCodes, type QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { calibrate } from '../../../engine/quantize/calibrate.ts';
import { CodeStore } from '../../../engine/quantize/code-store.ts';
import { needsReconstruction, reconstruct } from '../../../engine/quantize/reconstruct.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { collectGarbage } from './garbage.ts';
import { byReference, forgetAll, makeGraph, modelOf, quantize, random, samplesFor, uniformPlan } from './small.ts';

const width = 32;
const weightBytes = 4 * width * width;
/** Room for two weights and a half. */
const limit = 2.5 * weightBytes;

/** A chain of products whose weights are read when they are touched, with what that took. */
function chain(layers: number) {
  const budget = new DataBudget(limit);
  const reads = new Array<number>(layers).fill(0);
  const names = reads.map((_, i) => `layer${i}`);
  const read: WeakRef<Float32Array>[] = [];
  const weights = names.map((name, i) => {
    const { dims, data } = random(i + 1, [width, width], 0.3);
    const load = () => {
      reads[i]!++;
      const own = (data as Float32Array).slice();
      read.push(new WeakRef(own));
      return own;
    };
    return [`${name}.w`, lazyTensor('float32', dims, load, { budget })] as const;
  });
  const graph = makeGraph({
    inputs: { x: [1, width] },
    outputs: [`y${layers - 1}`],
    constants: Object.fromEntries(weights),
    nodes: names.map((name, i) => makeNode(name, 'MatMul', [i === 0 ? 'x' : `y${i - 1}`, `${name}.w`], [`y${i}`])),
    opset: 21,
  });
  return { graph, reads, read };
}

/** Quantises to int4 in groups and looks at every byte of the export, as writing it does. */
async function exported(
  graph: Graph,
  method: string,
  store?: CodeStore,
): Promise<QuantizedModel & { readonly bytes: Uint8Array }> {
  const plan = uniformPlan(graph, { weights: 'int4', granularity: 'per-group(8)', activations: 'float', method });
  const data = samplesFor(graph, 40);
  const assigned = await quantize(graph, plan, data);
  const model = needsReconstruction(plan)
    ? await reconstruct(assigned, plan, data, { compile: byReference, ...(store && { store }) })
    : assigned;
  const proto = modelToProto(exportQdq(modelOf(graph), model));
  const payload = proto.graph!.initializer.reduce((sum, { raw_data }) => sum + raw_data!.length, 0);
  expect(payload).toBeGreaterThan(graph.nodes.length * (weightBytes / 8));
  return { ...model, bytes: encodeModel(proto) };
}

describe.each(['round-to-nearest', 'hqq', 'gptq'])('weights that are read when they are touched, by %s', (method) => {
  it('leave no more of them in memory than the budget holds, though the compressed model is there', async () => {
    const { graph, reads, read } = chain(10);
    const model = await exported(graph, method);
    expect(Math.min(...reads)).toBeGreaterThan(0);
    await collectGarbage();
    expect(read.filter((own) => own.deref() !== undefined).length).toBeLessThanOrEqual(limit / weightBytes);
    expect(model.graph.nodes.length).toBe(10);
  });

  it('are not read more often where there are more of them', async () => {
    const [few, many] = [chain(6), chain(12)];
    await exported(few.graph, method);
    await exported(many.graph, method);
    expect(Math.max(...many.reads)).toBeLessThanOrEqual(Math.max(...few.reads));
  });

  it('have codes that are held packed, or not at all', async () => {
    const keep = vi.spyOn(processBudget, 'keep');
    const { graph } = chain(5);
    const { assignment } = await exported(graph, method);
    const kept = keep.mock.calls.reduce((sum, [{ byteLength }]) => sum + byteLength, 0);
    keep.mockRestore();
    expect(kept).toBe(method === 'gptq' ? (5 * width * width) / 2 : 0);
    for (const { name } of graph.nodes) {
      const entry = assignment.entries.get(edgeKey(name, 'weight'))!;
      expect(Object.getOwnPropertyDescriptor(entry, 'codes')!.get).toBeDefined();
    }
  });
});

it('codes that were chosen on data leave memory once they are packed', async () => {
  const chosen: WeakRef<object>[] = [];
  const { quantize: original } = gptq;
  const spy = vi.spyOn(gptq, 'quantize').mockImplementation((problem, args) => {
    const result = original(problem, args);
    if (problem.samples !== undefined) chosen.push(new WeakRef(result.codes));
    return result;
  });
  const model = await exported(chain(6).graph, 'gptq');
  // The spy keeps what it was asked and answered.
  spy.mockRestore();
  forgetAll();
  await collectGarbage();
  expect(chosen.length).toBe(6);
  expect(chosen.filter((codes) => codes.deref() !== undefined)).toEqual([]);
  expect(hasCodes(model.assignment.entries.get(edgeKey('layer0', 'weight')))).toBe(true);
});

it.each([4, 12])(
  'of %i layers no more codes stay in memory than the store keeps there, and the export is the same',
  async (layers) => {
    const codeBytes = (width * width) / 2;
    const budget = new DataBudget(5 * codeBytes);
    const scratch = { written: new Map<number, Uint8Array>(), read: vi.fn(), write: vi.fn(), close: vi.fn() };
    scratch.write.mockImplementation((bytes, offset) => scratch.written.set(offset, bytes.slice()));
    scratch.read.mockImplementation((offset) => scratch.written.get(offset)!);
    const keep = vi.spyOn(processBudget, 'keep');
    const aside = await exported(chain(layers).graph, 'gptq', new CodeStore(scratch, budget));
    expect(keep).not.toHaveBeenCalled();
    keep.mockRestore();
    expect([budget.kept, scratch.written.size]).toEqual([2 * codeBytes, layers - 2]);
    expect(aside.bytes).toEqual((await exported(chain(layers).graph, 'gptq')).bytes);
  },
);

it('scales of groups are in memory once, and zero points of symmetric layers once for all', async () => {
  const { graph } = chain(2);
  const model = await exported(graph, 'gptq');
  const held = graph.nodes.map(({ name }) => model.assignment.entries.get(edgeKey(name, 'weight'))!);
  const written = new Set(
    [...exportQdq(modelOf(graph), model).graph.initializers.values()].flatMap((tensor) =>
      tensor.dtype === 'float32' ? [tensor.data] : [],
    ),
  );
  for (const { scale } of held) expect(written).toContain(scale);
  expect(held[0]!.zeroPoint).toBe(held[1]!.zeroPoint);
});

it('calibration that has nothing to observe runs nothing: the model may be larger than memory', async () => {
  const { graph, reads } = chain(4);
  const plan = uniformPlan(graph, { weights: 'int4', activations: 'float', method: 'gptq' });
  const statistics = await calibrate(graph, plan, samplesFor(graph, 3), {
    compile: () => {
      throw new Error('The model was to be run.');
    },
    kept: {
      cache: new StatisticsMemory(undefined),
      subject: () => {
        throw new Error('The weights were to be read.');
      },
    },
  });
  expect(statistics.samples).toBe(3);
  expect(reads).toEqual([0, 0, 0, 0]);
});
