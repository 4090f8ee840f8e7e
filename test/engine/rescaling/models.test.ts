import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../engine/data/open.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { compile } from '../../../engine/executor/compile.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { rescale } from '../../../engine/rescaling/rescale.ts';
import { loadModel, prepare } from '../../../engine/run/load.ts';
import { hasShared, shared } from '../../shared.ts';
import { uniformPlan } from '../quantize/small.ts';

/** A transformer that hears words (it normalises after its sums), on the clips of it that there are. */
async function keywords() {
  const { graph } = prepare(await loadModel(nodeHost(), shared('models', 'kwt1_keyword_transformer_fp32.onnx')!));
  const path = shared('data', 'speech_clips_16k.npz')!;
  const clips = { name: 'clips', kind: 'npz', path, array: 'x', scale: 1 / 32768, seed: 0 } as const;
  return { graph, data: await openDataset(clips, nodeHost()) };
}

type Keywords = Awaited<ReturnType<typeof keywords>>;

async function rescaled({ graph, data }: Keywords, method: string, args: Readonly<Record<string, number>>) {
  const plan = uniformPlan(graph, { granularity: 'per-group(32)', weights: 'int4', method, arguments: args });
  return rescale(graph, plan, data, { compile });
}

/** What a graph answers to every clip, end to end. */
async function answers(graph: Graph, data: Keywords['data']): Promise<number[]> {
  const program = await compile(graph, { mode: 'strict', inputDims: new Map([[graph.inputs[0]!, [1, 16000]]]) });
  try {
    const all: number[] = [];
    for (let i = 0; i < data.length; i++) {
      const outputs = await program.run(await data.sample(i));
      all.push(...(outputs.get(graph.outputs[0]!)!.data as Float32Array));
    }
    return all;
  } finally {
    program.dispose();
  }
}

describe.skipIf(!hasShared)('a keyword transformer is rescaled and answers as before (needs shared models)', () => {
  it.each([
    // Of each of twelve blocks the projection behind the attention and the second product of the perceptron, and three in front.
    { method: 'smooth-quant', args: {}, layers: 27, inserted: 0 },
    // Some are best left as they are.
    { method: 'awq', args: { steps: 4 }, layers: 20, inserted: 0 },
    // The others read what a shortcut reads too, or something that no factor passes through: a multiplication each.
    { method: 'smooth-quant', args: { insert: 1 }, layers: 78, inserted: 51 },
  ])('$method $args', async ({ method, args, layers, inserted }) => {
    const given = await keywords();
    const { graph, findings } = await rescaled(given, method, args);
    expect(findings.find(({ code }) => code === 'quantize/rescaled')!.what).toContain(`of ${layers} layers`);
    expect(graph.nodes.length - given.graph.nodes.length).toBe(inserted);
    const [before, after] = [await answers(given.graph, given.data), await answers(graph, given.data)];
    const largest = Math.max(...before.map(Math.abs));
    before.forEach((value, i) => {
      expect(Math.abs(after[i]! - value)).toBeLessThan(1e-4 * largest);
    });
  });
});
