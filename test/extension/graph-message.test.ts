import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeHost } from '../../engine/env/node/host.ts';
import { loadModel } from '../../engine/run/load.ts';
import { graphMessage, sensitivityMessage } from '../../extension/views/graph-message.ts';
import { root } from '../shared.ts';

describe('the bundled example as the graph viewer is sent it', async () => {
  const { summary } = await loadModel(nodeHost(), join(root, 'examples', 'digits', 'digits.onnx'));
  const message = graphMessage('digits.onnx', summary, { actions: [], takesRules: true });

  test('has the layers of the summary, in its order', () => {
    expect(message.layers.map(({ name }) => name)).toEqual(summary.layers.map(({ name }) => name));
    expect(message.subtitle).toMatch(/^\d+ layers · [\d.]+ k parameters · [\d.]+ k MACs · opset \d+$/);
  });

  test('says shapes and windows as people write them', () => {
    const conv = message.layers.find(({ op }) => op === 'Conv')!;
    expect(conv.outputs[0]!.type).toMatch(/^float32 (N|\?|\d+)×\d+×\d+×\d+$/);
    expect(conv.attributes).toContainEqual(['kernel', '3×3']);
    expect(conv.attributes.map(([name]) => name)).not.toContain('kernel_shape');
  });

  test('writes numbers as they were written, not as float32 keeps them', () => {
    const norm = message.layers.find(({ op }) => op === 'BatchNormalization')!;
    expect(norm.attributes).toContainEqual(['epsilon', '0.00001']);
  });

  test('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(message))).toEqual(message);
  });
});

test('a layer that was folded into another has its sensitivity', () => {
  const message = sensitivityMessage(
    {
      basis: 'outputs',
      data: 'calibration',
      samples: 16,
      layers: [
        { layer: 'conv', op: 'Conv', absorbed: ['bn', 'relu'], sqnr: 31.25, weight: 'int8', output: 'uint8' },
        { layer: 'last', op: 'Gemm', absorbed: [], sqnr: null, weight: 'int8' },
      ],
    },
    'a.qspec',
  );
  expect(message).toMatchObject({ kind: 'sensitivity', state: { kind: 'done' } });
  if (message.state.kind !== 'done') return;
  expect(message.state.basis).toContain('a.qspec, 16 samples of “calibration”');
  expect(message.state.layers.map(({ layer, sqnr, formats }) => [layer, sqnr.text, formats])).toEqual([
    ['conv', '31.3 dB', 'int8 weights, uint8 activations'],
    ['bn', '31.3 dB', 'int8 weights, uint8 activations'],
    ['relu', '31.3 dB', 'int8 weights, uint8 activations'],
    ['last', 'exact', 'int8 weights'],
  ]);
});
