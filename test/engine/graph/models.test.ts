import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { modelNames, randomInputs } from '../../../bench/models/models.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { decodeModel } from '../../../engine/onnx/codec.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import { leastMagnitude, realInput } from '../../real-inputs.ts';
import { hasShared, shared } from '../../shared.ts';

/** Networks beside those of the executor: recurrent ones, attention, detection, integer operators. */
const others = [
  'arm_kws_gru_s_fp32',
  'deeploy_autoencoder1d',
  'deeploy_cct_1_16_16_64_fp32',
  'dory_dscnn_nemo_int',
  'keras_lstm_mnist_ptq_fp32',
  'mlperf_ad_autoencoder_spacemit_int8_qdq',
  'mlperf_ic_resnet8_spacemit_int8_qdq',
  'mlperf_tiny_kws_dscnn_int8_qdq',
  'qonnx_espcn_x3_float',
  'winml_cifar_cnn',
];

function open(name: string) {
  const bytes = readFileSync(shared('models', `${name}.onnx`)!);
  return { bytes, graph: graphFromProto(decodeModel(bytes)).graph };
}

describe.skipIf(!hasShared)('the reference evaluation gives what ONNX Runtime gives (needs shared models)', () => {
  it.each(modelNames)('%s, on random and on real input', async (name) => {
    const { bytes, graph } = open(name);
    // A second run of 3 GMAC would double the time of this file and show nothing more.
    const random = name === 'super_resolution_10' ? [] : [randomInputs(graph, 7, name)];
    for (const inputs of [...random, await realInput(name, graph)]) {
      const expected = await runInOnnxRuntime(bytes, inputs);
      for (const [value, tensor] of evaluateGraph(graph, inputs))
        expect(relativeError(tensor, expected.get(value)!, leastMagnitude(graph, value)), value).toBeLessThan(1e-4);
    }
  });

  it.each(others)('%s, on random input', async (name) => {
    const { bytes, graph } = open(name);
    const inputs = randomInputs(graph, 3);
    const expected = await runInOnnxRuntime(bytes, inputs, 'disabled');
    for (const [value, tensor] of evaluateGraph(graph, inputs))
      expect(relativeError(tensor, expected.get(value)!, leastMagnitude(graph, value)), value).toBeLessThan(1e-4);
  });
});
