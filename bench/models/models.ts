import { readFileSync } from 'node:fs';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { modelToProto } from '../../engine/graph/to-proto.ts';
import { decodeModel, encodeModel } from '../../engine/onnx/codec.ts';
import { optimize } from '../../engine/passes/index.ts';
import { elementCount, float32Tensor, type Tensor } from '../../engine/tensor.ts';
import { mobileNetV2 } from './mobilenet-v2.ts';
import { modelOf } from './sketch.ts';

/** The models that the executor is measured and tested on; they lie in the shared material. */
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
] as const;

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

/** Inputs of pseudo-random numbers in [−1, 1) (a 32-bit linear congruential generator); symbolic dimensions are 1. */
export function randomInputs(graph: Graph, seed: number): Map<string, Tensor> {
  let state = seed | 0;
  return new Map(
    graph.inputs.map((name) => {
      const dims = (graph.types.get(name)?.dims ?? []).map((dim) => (typeof dim === 'number' ? dim : 1));
      const data = Float32Array.from({ length: elementCount(dims) }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return state / 2147483648;
      });
      return [name, float32Tensor(dims, data)] as const;
    }),
  );
}
