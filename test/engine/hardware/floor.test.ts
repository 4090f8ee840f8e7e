import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { summarize } from '../../../engine/graph/summary.ts';
import { sizeFloor, targetFloor } from '../../../engine/hardware/floor.ts';
import { plannedFormats } from '../../../engine/hardware/model-formats.ts';
import { profileModel } from '../../../engine/hardware/profile.ts';
import { targets } from '../../../engine/hardware/registry.ts';
import { isFloat } from '../../../engine/hardware/storage.ts';
import { loadModel, prepare } from '../../../engine/run/load.ts';
import { graphOf } from '../../language/support/graph.ts';
import { small, tied } from '../../language/support/model.ts';
import { root } from '../../shared.ts';
import { uniformPlan } from '../quantize/small.ts';

describe('the least of a network that passes make smaller', () => {
  const model = loadModel(nodeHost(), join(root, 'examples/digits/digits.onnx'));

  it.each(targets)('is no more than what is left of it comes to on $name', async (target) => {
    const { model: whole } = await model;
    const { graph, summary } = prepare(await model);
    const formats = target.formats.filter((format) => !isFloat(format));
    const floor = targetFloor(summarize(whole), formats, target);
    const plan = uniformPlan(graph, { weights: formats.at(-1)!, granularity: 'per-tensor', activations: 'int8' });
    const profile = profileModel(summary, plannedFormats(summary, graph, plan), target);
    for (const quantity of ['flash', 'ram', 'latency'] as const) {
      expect(floor[quantity], quantity).toBeLessThanOrEqual(profile[quantity] * (1 + 1e-12));
      expect(floor[quantity], quantity).toBeGreaterThan(profile[quantity] * 0.8);
    }
    expect(summary.layers.length).toBeLessThan(whole.graph.nodes.length - 6);
  });
});

describe.each([
  ['small', small],
  ['tied', tied],
] as const)('the least that formats can make of a network (%s)', (_, summary) => {
  const graph = graphOf(summary);

  it.each(targets)('is no more than any choice comes to on $name', (target) => {
    const formats = target.formats.filter((format) => !isFloat(format));
    const floor = targetFloor(summary, formats, target);
    for (const weights of formats) {
      for (const granularity of ['per-tensor', 'per-channel'] as const) {
        for (const activations of ['int8', 'uint8']) {
          const plan = uniformPlan(graph, { weights, granularity, activations });
          const profile = profileModel(summary, plannedFormats(summary, graph, plan), target);
          expect(floor.flash).toBeLessThanOrEqual(profile.flash);
          expect(floor.ram).toBeLessThanOrEqual(profile.ram);
          expect(floor.latency).toBeLessThanOrEqual(profile.latency * (1 + 1e-12));
          expect(floor.energy === undefined).toBe(profile.energy === undefined);
          expect(floor.energy ?? 0).toBeLessThanOrEqual((profile.energy ?? 0) * (1 + 1e-12));
        }
      }
    }
  });

  it('is reached by the narrowest weights with one scale each', () => {
    const { size, weights } = sizeFloor(summary, ['int8', 'int4']);
    expect(weights).toBe('int4');
    const layers = summary.layers.filter(({ weightInput }) => weightInput !== null);
    const bytes = layers.reduce((sum, layer) => {
      const { shape } = layer.inputs[layer.weightInput!]!;
      const count = (shape as number[]).reduce((product, side) => product * side, 1);
      return sum + Math.ceil(count / 2) + 4 + layer.biasBytes;
    }, 0);
    expect(size).toBe(bytes);
  });
});
