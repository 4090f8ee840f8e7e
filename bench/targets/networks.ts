import { join } from 'node:path';
import { nodeHost } from '../../engine/env/node/host.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import { integerView } from '../../engine/hardware/integer-view.ts';
import { type ModelFormats, storedFormats } from '../../engine/hardware/model-formats.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import { sharedFolder } from '../../test/shared.ts';

/** Files of the shared models that are the networks of published measurements. */
const files: Readonly<Record<string, string>> = {
  'ResNet8 32×32': 'mlperf_tiny_ic_resnet8_bn_fp32',
  'MobileNetV1-0.25 96×96': 'mlperf_tiny_vww_mobilenetv1_025_bn_fp32',
  'MobileNetV1-0.25 224×224': 'mobilenet_v1_0.25_224_keras_bn_fp32',
  'MobileNetV2-0.35 128×128': 'st_mobilenet_v2_035_128_chfirst',
  'SSD MobileNetV1-0.25 256×256': 'st_ssd_mobilenet_v1_025_256',
  'DS-CNN 49×10': 'mlperf_tiny_kws_dscnn_bn_fp32',
  'FC autoencoder 640': 'mlperf_tiny_ad_autoencoder_bn_fp32',
};

export interface Network {
  readonly summary: ModelSummary;
  readonly formats: ModelFormats;
}

/** A network of an anchor in the anchor's format; undefined where no file of it is at hand. */
export async function networkOf(name: string, format: string): Promise<Network | undefined> {
  const file = files[name];
  if (file === undefined) return undefined;
  const model = await loadModel(nodeHost(), join(sharedFolder, 'models', `${file}.onnx`));
  const { graph, summary } = prepare(model);
  if (format === 'float32') return integerView({ ...model.model, graph });
  return {
    summary,
    formats: {
      value: (value, dtype) => (dtype === 'float32' ? format : storedFormats.value(value, dtype)),
      weight: () => format,
      bias: () => 'int32',
      weightParameterBytes: (layer) => 4 * Number(layer.outputs[0]?.shape?.[1] ?? 1),
    },
  };
}
