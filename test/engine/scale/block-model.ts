import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeNpy } from '../../../engine/data/numpy.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { modelProto, node } from '../graph/protos.ts';
import { noise } from '../quantize/small.ts';

export interface BlockModel {
  /** Paths of the model, and of `inputs.npy` with random vectors for it. */
  readonly model: string;
  readonly inputs: string;
}

/**
 * Writes into `folder` a model of residual blocks y + B·relu(A·y) with square products of `width` as transformers have them,
 * their weights dense random numbers in `weights.bin`, and `samples` inputs. Two products of width 1024 are 8 MiB.
 */
export function writeBlockModel(folder: string, blocks: number, width: number, samples: number): BlockModel {
  const bytes = 4 * width * width;
  const handle = openSync(join(folder, 'weights.bin'), 'w');
  const next = noise(1);
  // Of four uniform numbers: bell-shaped enough. The reach keeps the variance of what passes.
  const reach = Math.sqrt(3 / 4 / width);
  const names = Array.from({ length: blocks }, (_, block) => [`block${block}.a`, `block${block}.b`]).flat();
  const weights = new Float32Array(width * width);
  for (const _ of names) {
    for (let i = 0; i < weights.length; i++) weights[i] = reach * (next() + next() + next() + next());
    writeSync(handle, weights);
  }
  closeSync(handle);

  const nodes = Array.from({ length: blocks }, (_, block) => {
    const [name, from] = [`block${block}`, block === 0 ? 'x' : `y${block - 1}`];
    return [
      node('MatMul', `${from} ${name}.a.weight`, `${name}.h`, {}, `${name}.a`),
      node('Relu', `${name}.h`, `${name}.r`, {}, `${name}.relu`),
      node('MatMul', `${name}.r ${name}.b.weight`, `${name}.o`, {}, `${name}.b`),
      node('Add', `${from} ${name}.o`, `y${block}`, {}, `${name}.add`),
    ];
  }).flat();
  const proto = modelProto({ nodes, inputs: { x: ['batch', width] }, outputs: [`y${blocks - 1}`] });
  proto.graph!.initializer = names.map((name, at) => {
    const entries = { location: 'weights.bin', offset: String(at * bytes), length: String(bytes) };
    return new onnx.TensorProto({
      name: `${name}.weight`,
      dims: [width, width],
      data_type: 1,
      data_location: onnx.TensorProto.DataLocation.EXTERNAL,
      external_data: Object.entries(entries).map(([key, value]) => new onnx.StringStringEntryProto({ key, value })),
    });
  });
  const [model, inputs] = [join(folder, 'blocks.onnx'), join(folder, 'inputs.npy')];
  writeFileSync(model, encodeModel(proto));
  const vectors = float32Tensor(
    [samples, width],
    Float32Array.from({ length: samples * width }, () => next()),
  );
  writeFileSync(inputs, writeNpy(vectors));
  return { model, inputs };
}
