import type { integerModelNames } from '../bench/models/integer.ts';
import { type ModelName, randomInputs } from '../bench/models/models.ts';
import { openDataset } from '../engine/data/open.ts';
import { nodeHost } from '../engine/env/node/host.ts';
import type { Graph } from '../engine/graph/graph.ts';
import type { DataSource } from '../engine/plan.ts';
import { float32Tensor, type Tensor } from '../engine/tensor.ts';
import { shared } from './shared.ts';

const nchw = { from: 'nhwc', to: 'nchw' } as const;
const photographs = { path: 'imagenet_sample40_raw224.npz', array: 'x', layout: nchw };

const speech = { path: 'speech_clips_16k.npz', array: 'x', scale: 1 / 32768 } as const;

interface RealData extends Partial<DataSource> {
  readonly path: string;
  /** What the network is fed of the values of a sample. */
  readonly feature?: (values: Float32Array) => Float32Array;
}

/** Real input of each model, preprocessed as the model wants it. */
const real: Readonly<Record<ModelName, RealData>> = {
  mnist_cntk: { path: 'mnist_t10k.npz', array: 'x', layout: { from: 'nhw', to: 'nchw' } },
  mlperf_tiny_kws_dscnn_bn_fp32: {
    path: 'mlperf_tiny_kws01.npz',
    array: 'x_int8',
    scale: 0.5847029,
    mean: [48.5303407],
  },
  mlperf_tiny_vww_mobilenetv1_025_bn_fp32: {
    path: 'mlperf_tiny_vww01_a.npz',
    array: 'x',
    layout: nchw,
    scale: 1 / 255,
  },
  mlperf_tiny_ic_resnet8_bn_fp32: { path: 'cifar10_test500_lossless.npz', array: 'x', layout: nchw },
  mlperf_tiny_ad_autoencoder_bn_fp32: { path: 'mlperf_tiny_ad01_one_clip.npz', array: 'windows640' },
  'mobilenet_v1_0.25_224_keras_bn_fp32': { ...photographs, scale: 1 / 127.5, mean: [1] },
  squeezenet_fp32_from_fp16: { ...photographs, channels: 'bgr', mean: [103.939, 116.779, 123.68] },
  super_resolution_10: { ...photographs, channels: 'gray', scale: 1 / 255 },
  ultraface_rfb_320_simplified: {
    ...photographs,
    resize: { kind: 'exact', width: 320, height: 240 },
    scale: 1 / 128,
    mean: [127 / 128],
  },
  yunet_s_320: { ...photographs, channels: 'bgr', resize: { kind: 'exact', width: 320, height: 320 } },
  kwt1_keyword_transformer_fp32: speech,
  // The middle of a word.
  dtln_1_lstm: { ...speech, feature: (values) => magnitudes(values.subarray(8000, 8512)) },
  // A mel spectrogram of a machine: 48 frames of 128 bands, read as 64 of 96.
  st_yamnet_256_64x96_tl: { path: 'mlperf_tiny_ad01_one_clip.npz', array: 'frames', take: 48, scale: 1 / 16 },
  st_ssd_mobilenet_v1_025_256: {
    ...photographs,
    resize: { kind: 'exact', width: 256, height: 256 },
    scale: 1 / 127.5,
    mean: [1],
  },
  silero_vad: { ...speech, feature: (values) => values.subarray(8000, 8576) },
};

/** The same for quantised models; of the input of TFLite Micro's speech example there is no sample. */
const quantised: Readonly<Record<Exclude<(typeof integerModelNames)[number], 'tflm_micro_speech_int8_qdq'>, RealData>> =
  {
    mlperf_tiny_vww_mobilenetv1_025_int8_qdq: real.mlperf_tiny_vww_mobilenetv1_025_bn_fp32,
    mlperf_tiny_kws_dscnn_int8_qdq: real.mlperf_tiny_kws_dscnn_bn_fp32,
    mlperf_tiny_ic_resnet8_int8_qdq: real.mlperf_tiny_ic_resnet8_bn_fp32,
    mlperf_tiny_ad_autoencoder_int8_qdq: real.mlperf_tiny_ad_autoencoder_bn_fp32,
    'mobilenet_v1_0.25_128_qat_int8_qdq': {
      ...photographs,
      resize: { kind: 'exact', width: 128, height: 128 },
      scale: 1 / 128,
      mean: [1],
    },
    mlperf_ad_autoencoder_spacemit_int8_qdq: real.mlperf_tiny_ad_autoencoder_bn_fp32,
    mlperf_ic_resnet8_spacemit_int8_qdq: { path: 'cifar10_test500_lossless.npz', array: 'x' },
    mlperf_vww_mobilenetv1_spacemit_int8_qdq: real.mlperf_tiny_vww_mobilenetv1_025_bn_fp32,
  };

const samples = { ...real, ...quantised };

/** One real, preprocessed sample for a model of `modelNames` or a quantised one; states, where there are any, are random numbers. */
export async function realInput(name: keyof typeof samples, graph: Graph): Promise<Map<string, Tensor>> {
  const { feature = (values: Float32Array) => values, ...own }: RealData = samples[name];
  const source: DataSource = { name: 'real', kind: 'npz', seed: 1, take: 1, ...own, path: shared('data', own.path)! };
  const dataset = await openDataset(source, nodeHost());
  const values: number[] = [];
  for (let i = 0; i < source.take!; i++) {
    const [tensor] = [...(await dataset.sample(i)).values()] as [Tensor];
    for (const value of tensor.data as Float32Array) values.push(value);
  }
  const inputs = randomInputs(graph, 1, name);
  const first = graph.inputs[0]!;
  return inputs.set(first, float32Tensor(inputs.get(first)!.dims, feature(Float32Array.from(values))));
}

/** Magnitudes of the lower half of the spectrum. */
function magnitudes(frame: Float32Array): Float32Array {
  return Float32Array.from({ length: frame.length / 2 + 1 }, (_, bin) => {
    let [real, imaginary] = [0, 0];
    for (const [i, value] of frame.entries()) {
      const angle = (2 * Math.PI * bin * i) / frame.length;
      real += value * Math.cos(angle);
      imaginary += value * Math.sin(angle);
    }
    return Math.hypot(real, imaginary);
  });
}

/**
 * ONNX Runtime's Sigmoid is off by up to 1.2e-7 of its range, which is all there is of an output without a detection
 * (1e-6 everywhere): such outputs are measured against a hundredth of the range at least.
 */
export function leastMagnitude(graph: Graph, value: string): number {
  return graph.nodes.find(({ outputs }) => outputs[0] === value)?.op === 'Sigmoid' ? 0.01 : 0;
}
