import type { integerModelNames } from '../bench/models/integer.ts';
import type { modelNames } from '../bench/models/models.ts';
import { openDataset } from '../engine/data/open.ts';
import { nodeHost } from '../engine/env/node/host.ts';
import type { Graph } from '../engine/graph/graph.ts';
import type { DataSource } from '../engine/plan.ts';
import type { Tensor } from '../engine/tensor.ts';
import { shared } from './shared.ts';

const nchw = { from: 'nhwc', to: 'nchw' } as const;
const photographs = { path: 'imagenet_sample40_raw224.npz', array: 'x', layout: nchw };

/** Real input of each model, preprocessed as the model wants it. */
const real: Readonly<Record<(typeof modelNames)[number], Partial<DataSource> & { readonly path: string }>> = {
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
};

/** The same for quantised models; of the input of TFLite Micro's speech example there is no sample. */
const quantised: Readonly<
  Record<Exclude<(typeof integerModelNames)[number], 'tflm_micro_speech_int8_qdq'>, (typeof real)[keyof typeof real]>
> = {
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

/** One real, preprocessed sample for a model of `modelNames` or a quantised one. */
export async function realInput(name: keyof typeof samples, graph: Graph): Promise<Map<string, Tensor>> {
  const chosen = samples[name];
  const source: DataSource = {
    name: 'real',
    kind: 'npz',
    seed: 1,
    take: 1,
    ...chosen,
    path: shared('data', chosen.path)!,
  };
  const sample = await (await openDataset(source, nodeHost())).sample(0);
  const [tensor] = [...sample.values()] as [Tensor];
  const dims = (graph.types.get(graph.inputs[0]!)!.dims ?? []).map((dim) => (typeof dim === 'number' ? dim : 1));
  return new Map([[graph.inputs[0]!, { ...tensor, dims }]]);
}

/**
 * ONNX Runtime's Sigmoid is off by up to 1.2e-7 of its range, which is all there is of an output without a detection
 * (1e-6 everywhere): such outputs are measured against a hundredth of the range at least.
 */
export function leastMagnitude(graph: Graph, value: string): number {
  return graph.nodes.find(({ outputs }) => outputs[0] === value)?.op === 'Sigmoid' ? 0.01 : 0;
}
