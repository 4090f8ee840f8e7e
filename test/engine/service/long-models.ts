import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeNpy } from '../../../engine/data/numpy.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { npz } from '../data/support/sources.ts';
import { modelProto, node } from '../graph/protos.ts';

export interface LongModel {
  readonly model: string;
  /** A spec that calibrates with it. */
  readonly spec: string;
  /** An input for `qspec run`. */
  readonly input: string;
}

/**
 * Writes into `folder` a model nearly all of whose work is in one node, many seconds of it: a convolution that kernels run, or a
 * deformable one that its reference evaluation runs.
 */
export function writeLongModel(folder: string, kind: 'kernel' | 'reference'): LongModel {
  const [inputs, outputs, size] = kind === 'kernel' ? [64, 256, 256] : [64, 64, 128];
  const kernel = kind === 'kernel' ? 11 : 3;
  const out = kind === 'kernel' ? size : size - 2;
  const ones = (...dims: number[]): Tensor =>
    float32Tensor(dims, new Float32Array(dims.reduce((product, dim) => product * dim, 1)).fill(0.01));
  const proto = modelProto({
    opset: 19,
    nodes: [
      node('Resize', 'x _ scales', 'large', { mode: 'nearest' }, 'enlarge'),
      kind === 'kernel'
        ? node('Conv', 'large weight', 'y', { pads: [5, 5, 5, 5] }, 'long')
        : node('DeformConv', 'large weight offsets', 'y', {}, 'long'),
      node('GlobalAveragePool', 'y', 'pooled', {}, 'pool'),
      node('Flatten', 'pooled', 'flat', {}, 'flatten'),
      node('Gemm', 'flat last', 'z', {}, 'classify'),
    ],
    inputs: { x: [1, inputs, 1, 1] },
    outputs: ['z'],
    constants: {
      scales: float32Tensor([4], Float32Array.of(1, 1, size, size)),
      weight: ones(outputs, inputs, kernel, kernel),
      offsets: ones(1, 2 * kernel * kernel, out, out),
      last: ones(outputs, 10),
    },
  });
  if (kind === 'kernel') proto.graph!.initializer = proto.graph!.initializer.filter(({ name }) => name !== 'offsets');
  const path = (name: string) => join(folder, name);
  const model = path(`${kind}.onnx`);
  const input = path(`${kind}.npy`);
  const spec = path(`${kind}.qspec`);
  writeFileSync(model, encodeModel(proto));
  writeFileSync(input, writeNpy(ones(1, inputs, 1, 1)));
  writeFileSync(path(`${kind}.npz`), npz({ x: ones(4, inputs, 1, 1) }));
  const lines = [
    'qspec 1',
    `model "${kind}.onnx"`,
    `data calibration npz "${kind}.npz" { array x }`,
    'quantize { weights int8 symmetric per-channel activations uint8 }',
  ];
  writeFileSync(spec, `${lines.join('\n')}\n`);
  return { model, spec, input };
}
