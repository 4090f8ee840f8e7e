import { readFileSync } from 'node:fs';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { modelInputs } from '../../../engine/data/model-inputs.ts';
import { openDataset } from '../../../engine/data/open.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Model } from '../../../engine/graph/graph.ts';
import { decodeModel } from '../../../engine/onnx/codec.ts';
import { optimize } from '../../../engine/passes/index.ts';
import type { DataSource } from '../../../engine/plan.ts';
import { shared } from '../../shared.ts';

/** The five networks and data sets that the results are about, prepared as the catalog of the shared material says. */

type Source = Omit<DataSource, 'name' | 'seed' | 'path'> & { readonly file: string };

interface Entry {
  readonly file: string;
  readonly calibration: Source;
  /** Absent: the calibration source's remaining samples. */
  readonly validation?: Source;
}

const labels = (array: string) => ({ kind: 'array' as const, array, offset: 0 });
const layout = { from: 'nhwc', to: 'nchw' };
const cifar = (file: string): Source => ({ kind: 'npz', file, array: 'x', labels: labels('y'), layout });
const imagenet: Source = {
  kind: 'npz',
  file: 'imagenet_sample500_even_jpeg256.npz',
  array: 'jpeg',
  offsets: 'offsets',
  labels: labels('label'),
  crop: { width: 224, height: 224 },
  layout,
};

export const realModels = {
  kws: {
    file: 'mlperf_tiny_kws_dscnn_bn_fp32',
    calibration: {
      kind: 'npz',
      file: 'mlperf_tiny_kws01.npz',
      array: 'x_int8',
      labels: labels('y'),
      scale: 0.5847029,
      mean: [48.5303407],
    },
  },
  vww: {
    file: 'mlperf_tiny_vww_mobilenetv1_025_bn_fp32',
    calibration: {
      kind: 'npz',
      file: 'mlperf_tiny_vww01_a.npz',
      array: 'x',
      labels: labels('y'),
      layout,
      scale: 1 / 255,
    },
  },
  resnet8: {
    file: 'mlperf_tiny_ic_resnet8_bn_fp32',
    calibration: cifar('cifar10_calib1000_trainjpeg.npz'),
    validation: cifar('cifar10_test500_lossless.npz'),
  },
  squeezenet: {
    file: 'squeezenet_fp32_from_fp16',
    calibration: { ...imagenet, channels: 'bgr', mean: [103.939, 116.779, 123.68] },
  },
  mobilenet: {
    file: 'mobilenet_v1_0.25_224_keras_bn_fp32',
    calibration: { ...imagenet, scale: 1 / 127.5, mean: [1, 1, 1] },
  },
} satisfies Readonly<Record<string, Entry>>;

export type RealModel = keyof typeof realModels;

/** The optimised float model, ending at its logits: a Softmax changes no decision and hides differences. */
export function loadRealModel(name: RealModel): Model {
  const bytes = new Uint8Array(readFileSync(shared('models', `${realModels[name].file}.onnx`)!));
  const model = graphFromProto(decodeModel(bytes));
  const { graph } = optimize(model.graph);
  const softmax = graph.nodes.findLast((node) => node.op === 'Softmax' && graph.outputs.includes(node.outputs[0]!));
  if (softmax === undefined) return { ...model, graph };
  const nodes = graph.nodes.filter((node) => node !== softmax);
  return { ...model, graph: { ...graph, nodes, outputs: [softmax.inputs[0]!] } };
}

/** `count` samples drawn with `seed` for calibration, and all the others. */
export async function realData(
  name: RealModel,
  model: Model,
  count: number,
  seed = 1,
): Promise<{ readonly calibration: Dataset; readonly validation: Dataset }> {
  const entry: Entry = realModels[name];
  const open = ({ file, ...source }: Source, more: Partial<DataSource> & { name: string }) =>
    openDataset({ ...source, path: shared('data', file)!, seed, ...more }, nodeHost(), {
      inputs: modelInputs(model.graph),
    });
  return {
    calibration: await open(entry.calibration, { name: 'calibration', take: count }),
    validation: entry.validation
      ? await open(entry.validation, { name: 'validation' })
      : await open(entry.calibration, { name: 'validation', skip: count }),
  };
}
