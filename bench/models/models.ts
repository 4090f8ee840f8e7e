import { readFileSync } from 'node:fs';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { modelToProto } from '../../engine/graph/to-proto.ts';
import { decodeModel, encodeModel } from '../../engine/onnx/codec.ts';
import { optimize } from '../../engine/passes/index.ts';
import { elementCount, float32Tensor, int64Tensor, type Tensor } from '../../engine/tensor.ts';
import { mobileNetV2 } from './mobilenet-v2.ts';
import { modelOf } from './sketch.ts';

/** The float models that the executor is measured and tested on; they lie in the shared material. */
export const modelNames = [
  'mnist_cntk',
  'mlperf_tiny_kws_dscnn_bn_fp32',
  'mlperf_tiny_vww_mobilenetv1_025_bn_fp32',
  'mlperf_tiny_ic_resnet8_bn_fp32',
  'mlperf_tiny_ad_autoencoder_bn_fp32',
  'mobilenet_v1_0.25_224_keras_bn_fp32',
  'squeezenet_fp32_from_fp16',
  'super_resolution_10',
  'ultraface_rfb_320_simplified',
  'yunet_s_320',
  'kwt1_keyword_transformer_fp32',
  'dtln_1_lstm',
  'st_yamnet_256_64x96_tl',
  'st_ssd_mobilenet_v1_025_256',
  'silero_vad',
] as const;

export type ModelName = (typeof modelNames)[number];

/** Inputs that are no free numbers, or whose shape the file leaves open to more than a batch of one. */
const inputsOf: Readonly<Record<string, Readonly<Record<string, Tensor | readonly number[]>>>> = {
  // One window of 512 samples at 16 kHz behind 64 samples of the window before.
  silero_vad: { input: [1, 64 + 512], state: [2, 1, 128], sr: int64Tensor([], [16000]) },
};

/** Models that are made in code. */
export const sketchedModels: ReadonlyMap<string, () => Graph> = new Map([['mobilenet_v2_1.0_224_random', mobileNetV2]]);

export interface LoadedModel {
  readonly bytes: Uint8Array;
  /** After the passes. */
  readonly graph: Graph;
}

export function loadModel(path: string): LoadedModel {
  const file = readFileSync(path);
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  return { bytes, graph: optimize(graphFromProto(decodeModel(bytes)).graph).graph };
}

export function sketchedModel(graph: Graph): LoadedModel {
  return { bytes: encodeModel(modelToProto(modelOf(graph))), graph: optimize(graph).graph };
}

/**
 * Inputs of pseudo-random numbers in [−1, 1) (a 32-bit linear congruential generator); symbolic dimensions are 1 and what
 * the model of that name needs otherwise.
 */
export function randomInputs(graph: Graph, seed: number, model = ''): Map<string, Tensor> {
  let state = seed | 0;
  return new Map(
    graph.inputs.map((name) => {
      const given = inputsOf[model]?.[name];
      if (given && 'data' in given) return [name, given];
      const dims = given ?? (graph.types.get(name)?.dims ?? []).map((dim) => (typeof dim === 'number' ? dim : 1));
      const data = Float32Array.from({ length: elementCount(dims) }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return state / 2147483648;
      });
      return [name, float32Tensor(dims, data)] as const;
    }),
  );
}

/** The shapes of inputs, for `CompileOptions.inputDims`. */
export function dimsOf(inputs: ReadonlyMap<string, Tensor>): Map<string, readonly number[]> {
  return new Map([...inputs].map(([name, { dims }]) => [name, dims]));
}
