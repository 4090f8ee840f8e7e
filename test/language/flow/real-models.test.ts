import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { edgeKey } from '../../../engine/quantize/assignment.ts';
import { layOut } from '../../../engine/quantize/layout.ts';
import { loadModel, prepare } from '../../../engine/run/load.ts';
import { examine } from '../../../language/context.ts';
import { observerOf } from '../../../language/flow/codes.ts';
import { heldIn } from '../../../language/flow/held.ts';
import { checkSpec, loadSpec } from '../../../language/index.ts';
import { planOf } from '../../../language/resolve/plan.ts';
import { engineVocabulary } from '../../../language/vocabulary-engine.ts';
import { hasShared, root, shared } from '../../shared.ts';

const head = 'qspec 1 model "m.onnx" data calibration npz "c.npz" export onnx qdq "out.onnx"';
const uniform = `${head} quantize { weights int8 activations uint8 }`;
const scattered = `${head} quantize {
  weights int8 activations uint8 observe mse
  layers op Concat, MaxPool optional { outputs observe min-max }
  layers first keep float
  layers re".*3.*" optional { inputs int8 }
  layers re".*5.*" optional keep float
}`;

/** What the engine makes of a model after its passes, and what the language says of it from the file's summary. */
async function both(path: string, text: string) {
  const loaded = await loadModel(nodeHost(), path);
  const { graph } = prepare(loaded);
  const context = { vocabulary: engineVocabulary(), path: posix, model: loaded.summary };
  const spec = loadSpec(text, '/project/model.qspec');
  const checked = examine(spec, context);
  const { flow, codes } = heldIn(checked)!;
  const plan = planOf(checked.definitions.quantize!, checked.rules!, checked.network!, context.vocabulary);
  const layout = layOut(graph, plan);
  const survivors = new Set(graph.nodes.map(({ name }) => name));
  const [engine, language]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const [i, { name }] of loaded.summary.layers.entries()) {
    if (!survivors.has(name) || flow.uncertain[i] === 1) continue;
    const slot = layout.slots.get(edgeKey(name, 'output[0]'));
    engine[name] = slot ? `${slot.choice.format} ${JSON.stringify(slot.group.choice.observer)}` : 'float';
    language[name] =
      codes.written[i] !== 0
        ? `${codes.kinds[codes.written[i]!]!.format} ${JSON.stringify(observerOf(codes.rangeOf(i)))}`
        : 'float';
  }
  return { engine, language, findings: checkSpec(spec, context) };
}

const catalog = [
  'arm_kws_ds_cnn_s_fp32',
  'deeplabv3_mnv2_dm05_pascal_qat_fp32',
  'deeploy_cct_1_16_16_64_fp32',
  'dtln_1_lstm',
  'mlperf_tiny_ad_autoencoder_bn_fp32',
  'mlperf_tiny_ic_resnet8_bn_fp32',
  'mlperf_tiny_vww_mobilenetv1_025_bn_fp32',
  'mobilenet_v1_0.25_224_keras_bn_fp32',
  'squeezenet_fp32_from_fp16',
  'st_mobilenet_v2_035_128_chfirst',
  'st_ssd_mobilenet_v1_025_256',
  'ultraface_rfb_320_simplified',
  'yunet_s_320',
];

function agrees(name: string, path: () => string) {
  it.each([
    ['one for all layers', uniform],
    ['scattered over the layers', scattered],
    ['of a backend that adds accumulators', `${head} quantize { backend tensorrt }`],
    ['of a backend for products alone', `${head} quantize { backend academic }`],
  ])(`${name}: formats %s`, async (_, text) => {
    const { engine, language } = await both(path(), text);
    // Names may put all layers of a model under the rule that keeps float.
    if (text === uniform) expect(Object.values(engine).filter((held) => held !== 'float').length).toBeGreaterThan(2);
    expect(language).toEqual(engine);
  });

  it(`${name}: a spec that treats all layers alike adds nothing`, async () => {
    const { findings } = await both(path(), uniform);
    const codes = ['rule/conversion', 'rule/shared-scale', 'rule/stays-float', 'export/combination'];
    expect(findings.filter(({ code }) => codes.includes(code))).toEqual([]);
  });
}

describe('what the language says of the example', () => {
  agrees('digits', () => join(root, 'examples', 'digits', 'digits.onnx'));
});

describe.skipIf(!hasShared)('what the language says of real models (needs shared models)', () => {
  for (const name of catalog) agrees(name, () => shared('models', `${name}.onnx`)!);
});
