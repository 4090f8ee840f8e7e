import { afterAll, describe, expect, it } from 'vitest';
import { compressDigits, removeFolder } from './digits.ts';

/** From a spec's words to a measured report: methods that rescale input channels on the bundled example. */

afterAll(removeFolder);

describe('a spec', () => {
  it.each([
    'weights int8 per-channel using smooth-quant  activations uint8',
    'weights int8 per-channel using smooth-quant(alpha = 0.75, insert = 1)  activations uint8',
    'weights int4 per-group(16) using awq',
    'weights int4 affine per-channel using awq(10, clip = 0)  activations uint8',
    'weights int8 per-tensor using data-free',
  ])('%s', async (words) => {
    const { drop, runtime, report } = await compressDigits(words);
    expect(runtime).toContain('onnxruntime');
    expect(report.findings.map(({ code }) => code)).toContain('quantize/rescaled');
    expect(drop).toBeLessThanOrEqual(3);
  });

  it('with a factor that nothing can take names the layer and goes on without it', async () => {
    const { report } = await compressDigits('weights int8 using smooth-quant  activations uint8');
    const [refused, ...others] = report.findings.filter(({ code }) => code === 'quantize/not-rescaled');
    expect(refused).toMatchObject({
      what: 'The input channels of “conv1”, “conv2”, “depthwise2” are not scaled for `smooth-quant`.',
      // Where the spec says `smooth-quant`.
      range: expect.objectContaining({ start: expect.anything() }),
      why: expect.stringContaining('“image” is an input of the model; “pool.out” is read by Add “add” as well'),
    });
    expect(others).toHaveLength(0);
  });

  it('loses less with AWQ than without at 3 bits', async () => {
    const plain = await compressDigits('weights int3 per-channel');
    const aware = await compressDigits('weights int3 per-channel using awq');
    expect(aware.sqnr).toBeGreaterThan(plain.sqnr);
  });
});
