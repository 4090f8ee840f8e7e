import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../engine/data/numpy.ts';
import { Random } from '../../engine/data/random.ts';
import type { Finding } from '../../engine/findings.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import { qspec } from '../cli/qspec.ts';
import { hasShared, shared } from '../shared.ts';

/**
 * What becomes of every model of the catalog when weights are asked for in int8 and activations in uint8:
 * - a number: the export is at most that share of the file and runs in ONNX Runtime at both levels;
 * - a code: nothing is written and the finding says why.
 */
type Outcome = number | { readonly code: string };

/** Quantised already, which the spec says nothing of. */
const quantised: Outcome = { code: 'model/quantized' };

/** All weights are inside the bodies of If. */
const inBodies: Outcome = { code: 'quantize/nothing' };

/** It runs here, but ONNX Runtime has not all of its operators and cannot judge the export. */
const unknownToRuntime: Outcome = { code: 'verify/load' };

const catalog: readonly (readonly [model: string, macs: number, outcome: Outcome])[] = [
  ['arm_kws_dnn_s_fp32', 79_200, 0.3],
  ['arm_kws_ds_cnn_s_fp32', 2_656_768, 0.41],
  ['arm_kws_gru_s_fp32', 1_896_048, 0.29],
  ['deeplabv3_mnv2_dm05_pascal_qat_fp32', 867_496_704, 0.45],
  ['deeploy_autoencoder1d', 204_800, 0.4],
  ['deeploy_cct_1_16_16_64_fp32', 3_072_640, 0.46],
  ['deeploy_mlperf_ic_int8_network', 12_501_632, unknownToRuntime],
  ['deeploy_mlperf_kws_int8_network', 2_125_568, unknownToRuntime],
  ['dory_dscnn_nemo_int', 2_656_640, 0.48],
  ['dtln_1_lstm', 361_088, 0.28],
  ['keras_lstm_mnist_ptq_fp32', 113_120, 0.36],
  ['kwt1_keyword_transformer_fp32', 98_880_640, 0.45],
  ['mlperf_ad_autoencoder_spacemit_int8_qdq', 264_192, quantised],
  ['mlperf_ic_resnet8_spacemit_int8_qdq', 12_501_632, quantised],
  ['mlperf_tiny_ad_autoencoder_bn_fp32', 264_192, 0.3],
  ['mlperf_tiny_ad_autoencoder_fp32', 264_192, 0.3],
  ['mlperf_tiny_ad_autoencoder_int8_qdq', 264_192, quantised],
  ['mlperf_tiny_ic_resnet8_bn_fp32', 12_501_632, 0.32],
  ['mlperf_tiny_ic_resnet8_fp32', 12_501_632, 0.32],
  ['mlperf_tiny_ic_resnet8_int8_qdq', 12_501_632, quantised],
  ['mlperf_tiny_kws_dscnn_bn_fp32', 2_656_768, 0.4],
  ['mlperf_tiny_kws_dscnn_int8_qdq', 2_656_768, quantised],
  ['mlperf_tiny_sww_bn_fp32', 826_368, 0.35],
  ['mlperf_tiny_vww_mobilenetv1_025_bn_fp32', 7_489_664, 0.37],
  ['mlperf_tiny_vww_mobilenetv1_025_fp32', 7_489_664, 0.45],
  ['mlperf_tiny_vww_mobilenetv1_025_int8_qdq', 7_489_664, quantised],
  ['mlperf_vww_mobilenetv1_spacemit_int8_qdq', 7_489_664, quantised],
  ['mnist_cntk', 786_560, 0.75],
  ['mnist_pytorch_onnx2c', 54_912, 0.29],
  ['mobilenet_v1_0.25_128_qat_fp32', 13_570_304, 0.45],
  ['mobilenet_v1_0.25_128_qat_int8_qdq', 13_570_304, quantised],
  ['mobilenet_v1_0.25_224_keras_bn_fp32', 41_030_272, 0.45],
  ['qonnx_espcn_x3_float', 1_085_952, 0.3],
  ['qonnx_espcn_x3_nnresize_quant', 1_041_235_968, quantised],
  ['silero_vad', 0, inBodies],
  ['squeezenet_fp32_from_fp16', 349_151_936, 0.45],
  ['st_mobilenet_v2_035_128_chfirst', 18_947_072, 0.45],
  ['st_ssd_mobilenet_v1_025_256', 71_597_760, 0.45],
  ['st_yamnet_256_64x96_tl', 23_902_720, 0.45],
  ['super_resolution_10', 2_984_869_888, 0.45],
  ['tflm_micro_speech_fp32', 336_000, 0.33],
  ['tflm_micro_speech_int8_qdq', 336_000, quantised],
  ['tflm_person_detect_fp32', 7_157_888, 0.45],
  ['ultraface_rfb_320_simplified', 100_418_560, 0.45],
  ['winml_cifar_cnn', 6_133_200, 0.31],
  ['yunet_s_320', 86_056_000, 0.68],
];

describe.skipIf(!hasShared)('every model of the catalog (needs shared models)', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'qspec-catalog-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(catalog)('%s', async (name, macs, outcome) => {
    const model = shared('models', `${name}.onnx`)!;
    const inspected = await qspec(['inspect', model, '--json']);
    expect(inspected.exitCode).toBe(0);
    const summary = JSON.parse(inspected.out) as ModelSummary & { bytes: number };
    expect(summary.totals.macs).toBe(macs);
    expect(summary.layers.reduce((sum, layer) => sum + layer.macs, 0)).toBe(macs);
    expect(new Set(summary.layers.map((layer) => layer.name)).size).toBe(summary.layers.length);

    const place = join(folder, name);
    mkdirSync(place);
    const starter = join(place, 'starter.qspec');
    expect((await qspec(['init', model, '--out', starter])).exitCode).toBe(0);
    const checked = await qspec(['check', starter, '--json']);
    const findings: Finding[] = JSON.parse(checked.out).findings;
    // What the model itself has that we do not know is said of the model; of the starter spec there is nothing to say.
    expect(findings.filter(({ code }) => !code.startsWith('model/'))).toEqual([]);
    expect(findings.every(({ severity }) => severity !== 'error')).toBe(true);

    writeFileSync(join(place, 'made-up.npz'), madeUp(summary));
    const array = summary.inputs.length === 1 ? `array "${summary.inputs[0]!.name}"` : '';
    writeFileSync(
      join(place, 'all.qspec'),
      `qspec 1 model "${model}" data calibration npz "made-up.npz" { ${array} }
       quantize { weights int8 activations uint8 } export onnx qdq "out/model.onnx"`,
    );
    const { exitCode, out } = await qspec([
      'quantize',
      join(place, 'all.qspec'),
      '--samples',
      '0',
      '--threads',
      '1',
      '--json',
    ]);
    const document = JSON.parse(out);
    if (typeof outcome === 'object') {
      expect(exitCode).toBe(1);
      expect(document.findings.map((finding: { code: string }) => finding.code)).toContain(outcome.code);
      if (outcome === quantised) await madeFloat(place, model, array);
      return;
    }
    expect(exitCode, out.slice(0, 2000)).toBe(0);
    const { report } = document;
    expect(report.verification.levels).toHaveLength(2);
    expect(report.size).toMatchObject({ before: summary.bytes });
    expect(report.files[0].bytes).toBe(report.size.after);
    expect(report.size.after / summary.bytes).toBeLessThan(outcome);
  });
});

/** The network that the codes of a quantised model stand for is compressed; scales per channel are what it may be larger by. */
async function madeFloat(place: string, model: string, array: string): Promise<void> {
  const spec = join(place, 'anew.qspec');
  writeFileSync(
    spec,
    `qspec 1 model "${model}" quantized requantize data calibration npz "made-up.npz" { ${array} }
     quantize { weights int8 activations uint8 } export onnx qdq "out/anew.onnx"`,
  );
  const { exitCode, out } = await qspec(['quantize', spec, '--samples', '0', '--threads', '1', '--json']);
  expect(exitCode, out.slice(0, 2000)).toBe(0);
  const { report } = JSON.parse(out);
  expect(report.verification.levels).toHaveLength(2);
  expect(report.size.after / report.size.before).toBeLessThan(1.5);
}

/** Two samples for each input, seeded; unknown dimensions are 1 (of audio: 512). */
function madeUp({ inputs }: ModelSummary): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  for (const [i, { name, dtype, shape }] of inputs.entries()) {
    const random = new Random(1, i);
    const dims = (shape ?? []).map((dim, axis) =>
      typeof dim === 'number' ? dim : axis === 0 || name === 'state' ? 1 : 512,
    );
    const all = [2, ...(dims[0] === 1 ? dims.slice(1) : dims)];
    const count = all.reduce((product, dim) => product * dim, 1);
    files[`${name}.npy`] =
      dtype === 'int64'
        ? writeNpy({ dtype, dims: all, data: new BigInt64Array(count).fill(16_000n) })
        : writeNpy({
            dtype: 'float32',
            dims: all,
            data: Float32Array.from({ length: count }, () => random.next() / 2 ** 31 - 1),
          });
  }
  return zipSync(files, { level: 0 });
}
