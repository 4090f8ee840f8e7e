import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasShared, root, shared } from '../../shared.ts';
import { bothOf, expectTheSame } from './estimated-costs.ts';

const target = 'target cortex-a72 { latency <= 1 s }';

describe('what the editor says that a pruned network costs', () => {
  const digits = join(root, 'examples/digits/digits.onnx');
  const calibration = `data calibration npz "digits.npz" { array x labels y scale 1/16 split "splits.json" part calibration take 8 }`;

  it.each([
    ['channels', 'prune { channels 30 % }'],
    ['ranks', 'prune { rank 25 % }'],
    ['both', 'prune { channels 25 % layers op Gemm, MatMul { rank 3 } }'],
  ])('is what the report of the run says: %s, fitted and in codes', async (_, prune) => {
    const both = await bothOf(
      digits,
      `${target}\n${calibration}\n${prune}\nquantize { weights int8 activations uint8 }`,
    );
    expectTheSame(both);
    expect(both.report.size.parameters).toBeLessThan(0.9 * both.summary.totals.parameters);
  });

  it('holds layers that are split off in the formats that rules of their name give them', async () => {
    const both = await bothOf(
      digits,
      `target cortex-m7 { latency <= 1 s }\n${calibration}\nprune { rank 25 % }
       quantize { weights int8 activations uint8 layer "conv2/down" { weights int4 } layers "*/down" { activations int8 } }`,
    );
    expectTheSame(both);
    const row = (name: string) => both.report.layers.find((layer) => layer.name === name)!;
    expect([row('conv2/down').weight, row('conv2').weight]).toEqual(['int4', 'int8']);
    expect([row('conv2/down').output, row('conv2').input]).toEqual(['int8', 'int8']);
  });

  it('is no less than the report says where the weights decide', async () => {
    const { planned, report } = await bothOf(
      digits,
      `${target}\nprune { rank 60 % of energy }\nquantize { weights int8 }`,
    );
    expect(planned.open.size).toBeGreaterThan(0);
    expect(report.size.parameters).toBeLessThan(planned.after.parameters);
    expect(report.targets[0]!.after.flash).toBeLessThan(planned.after.flash);
  });
});

describe.skipIf(!hasShared)('of real networks (needs shared models)', () => {
  it.each([
    ['mlperf_tiny_ic_resnet8_bn_fp32', 'prune { channels 25 % }'],
    ['mlperf_tiny_kws_dscnn_bn_fp32', 'prune { layers role pointwise { channels 25 % } }'],
    ['mlperf_tiny_vww_mobilenetv1_025_bn_fp32', 'prune { channels 25 % layers role pointwise { rank 40 % } }'],
    ['mlperf_tiny_ad_autoencoder_bn_fp32', 'prune { rank 16 }'],
    ['st_mobilenet_v2_035_128_chfirst', 'prune { channels 12.5 % }'],
  ])('%s: %s', async (name, prune) => {
    expectTheSame(await bothOf(shared('models', `${name}.onnx`)!, `${target}\n${prune}\nquantize { weights int8 }`));
  });
});
