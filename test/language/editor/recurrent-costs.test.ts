import { describe, expect, it } from 'vitest';
import { hasShared, shared } from '../../shared.ts';
import { bothOf, expectTheSame } from './estimated-costs.ts';

/** Both weights of a recurrent layer count, with the scales of each; its activations stay floats. */
describe.skipIf(!hasShared)('what the editor says that recurrent layers cost (needs shared models)', () => {
  it.each([
    ['arm_kws_gru_s_fp32', 'weights int8', 'GRU', 0.28],
    ['arm_kws_gru_s_fp32', 'weights int4 per-group(32)', 'GRU', 0.18],
    ['arm_kws_gru_s_fp32', 'weights uint8 affine', 'GRU', 0.28],
    ['dtln_1_lstm', 'weights int4', 'LSTM', 0.15],
    ['keras_lstm_mnist_ptq_fp32', 'weights int8 per-tensor', 'LSTM', 0.29],
  ])('%s, %s: what the report of the run says', async (model, weights, op, share) => {
    const both = await bothOf(
      shared('models', `${model}.onnx`)!,
      `target cortex-m7 { latency <= 1 s }\nquantize { ${weights} }`,
    );
    expectTheSame(both);
    const layers = both.report.layers.filter((layer) => layer.op === op);
    expect(layers.length).toBeGreaterThan(0);
    for (const { bytesBefore, bytesAfter } of layers) expect(bytesAfter / bytesBefore).toBeLessThan(share);
  });
});
