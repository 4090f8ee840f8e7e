import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeNpy } from '../../../engine/data/numpy.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { float32Tensor, int64Tensor } from '../../../engine/tensor.ts';
import { modelProto, node } from '../graph/protos.ts';
import { noise } from '../quantize/small.ts';

export interface BlockModel {
  /** Paths of the model, and of `inputs.npy` with random vectors for it. */
  readonly model: string;
  readonly inputs: string;
}

const width = 512;
const heads = 8;

/** Bytes of the weight of a block. */
export const blockBytes = 4 * width * width * heads;

/**
 * Writes into `folder` a model of residual blocks y + mean over 8 heads of relu(y·W), W of 512 × 4096 dense random numbers in
 * `weights.bin`, 8 MiB each, and `samples` random inputs.
 */
export function writeBlockModel(folder: string, blocks: number, samples: number): BlockModel {
  const handle = openSync(join(folder, 'weights.bin'), 'w');
  const next = noise(1);
  // Of four uniform numbers: bell-shaped enough. The reach keeps the variance of what passes.
  const reach = Math.sqrt(3 / 4 / width);
  const weights = new Float32Array(blockBytes / 4);
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < weights.length; i++) weights[i] = reach * (next() + next() + next() + next());
    writeSync(handle, weights);
  }
  closeSync(handle);

  const nodes = Array.from({ length: blocks }, (_, block) => {
    const [name, from] = [`block${block}`, block === 0 ? 'x' : `y${block - 1}`];
    return [
      node('MatMul', `${from} ${name}.weight`, `${name}.product`, {}, name),
      node('Relu', `${name}.product`, `${name}.relu`, {}),
      node('Reshape', `${name}.relu heads`, `${name}.heads`, {}),
      node('ReduceMean', `${name}.heads`, `${name}.mean`, { axes: [1], keepdims: 0 }),
      node('Add', `${from} ${name}.mean`, `y${block}`, {}),
    ];
  }).flat();
  const proto = modelProto({
    nodes,
    inputs: { x: ['batch', width] },
    outputs: [`y${blocks - 1}`],
    constants: { heads: int64Tensor([3], [-1, heads, width]) },
  });
  const external = Array.from({ length: blocks }, (_, block) => {
    const entries = { location: 'weights.bin', offset: String(block * blockBytes), length: String(blockBytes) };
    return new onnx.TensorProto({
      name: `block${block}.weight`,
      dims: [width, width * heads],
      data_type: 1,
      data_location: onnx.TensorProto.DataLocation.EXTERNAL,
      external_data: Object.entries(entries).map(([key, value]) => new onnx.StringStringEntryProto({ key, value })),
    });
  });
  proto.graph!.initializer = [...proto.graph!.initializer, ...external];
  const [model, inputs] = [join(folder, 'blocks.onnx'), join(folder, 'inputs.npy')];
  writeFileSync(model, encodeModel(proto));
  const vectors = Float32Array.from({ length: samples * width }, () => next());
  writeFileSync(inputs, writeNpy(float32Tensor([samples, width], vectors)));
  return { model, inputs };
}
