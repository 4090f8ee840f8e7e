import type { onnx } from '../../../engine/onnx/proto.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { modelProto, node } from '../graph/protos.ts';

const channels = 8;
const size = 8;
const features = channels * size * size;

/**
 * A model of about `count` nodes as deep exporters write them: convolutions with batch normalisation, residuals over
 * them, concatenations that a convolution brings back to width, products in a chain, and reshapes whose shape is computed
 * node by node from the batch size, which is symbolic.
 */
export function deepModel(count: number): onnx.ModelProto {
  const nodes: onnx.NodeProto[] = [];
  const constants: Record<string, Tensor> = {
    zero: int64Tensor([], [0]),
    axes: int64Tensor([1], [0]),
    image: int64Tensor([3], [channels, size, size]),
    flat: int64Tensor([1], [features]),
  };
  const random = numbers(count);
  const constant = (name: string, dims: readonly number[]): string => {
    constants[name] = float32Tensor(dims, random(dims.reduce((product, dim) => product * dim, 1)));
    return name;
  };
  const add = (op: string, inputs: string, attributes: Parameters<typeof node>[3] = {}): string => {
    const name = `n${nodes.length}`;
    nodes.push(node(op, inputs, name, attributes, `${op}_${nodes.length}`));
    return name;
  };
  const conv = (from: string, inputs = channels): string => {
    const weight = constant(`w${nodes.length}`, [channels, inputs, 1, 1]);
    const out = add('Conv', `${from} ${weight}`, { kernel_shape: [1, 1] });
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'mean', 'variance'].map((what) =>
      constant(`${what}${nodes.length}`, [channels]),
    );
    return add('BatchNormalization', `${out} ${gamma} ${beta} ${mean} ${variance}`);
  };
  /** `[batch, …rest]` with the batch read from the value itself. */
  const reshape = (from: string, rest: string): string => {
    const batch = add('Unsqueeze', `${add('Gather', `${add('Shape', from)} zero`)} axes`);
    return add('Reshape', `${from} ${add('Concat', `${batch} ${rest}`, { axis: 0 })}`);
  };

  let value = 'x';
  while (nodes.length < count) {
    const inner = add('Relu', conv(value));
    value = add('Relu', add('Add', `${conv(inner)} ${value}`));
    value = add('Relu', conv(add('Concat', `${conv(value)} ${conv(inner)}`, { axis: 1 }), 2 * channels));
    const rows = reshape(value, 'flat');
    const narrow = add('MatMul', `${rows} ${constant(`narrow${nodes.length}`, [features, 4])}`);
    const wide = add('MatMul', `${add('Sigmoid', narrow)} ${constant(`wide${nodes.length}`, [4, features])}`);
    value = add('Add', `${reshape(wide, 'image')} ${value}`);
  }
  return modelProto({ nodes, inputs: { x: ['batch', channels, size, size] }, outputs: [value], constants });
}

/** Numbers in [0.1, 0.2), the same for the same seed: positive, as a variance has to be. */
function numbers(seed: number): (count: number) => Float32Array {
  let state = seed | 0;
  return (count) =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return 0.15 + state / 2 ** 32 / 10;
    });
}
