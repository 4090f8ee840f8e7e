import type { Attribute, Graph } from '../../../engine/graph/graph.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { attribute, graphOf, randomNumbers } from '../passes/graphs.ts';

/** Steps that a drawn network may take; each keeps to what is there. */
export const steps = [
  ...[
    'conv',
    'pointwise',
    'strided',
    'depthwise',
    'grouped',
    'normalize',
    'relu',
    'sigmoid',
    'scale',
    'shift',
    'prelu',
  ],
  ...['max pool', 'average pool', 'pad', 'residual', 'concat', 'gate', 'upsample', 'channels last', 'two readers'],
  'feed forward',
] as const;
export type Step = (typeof steps)[number];

const widths = [4, 6, 8];

/**
 * A network of a stem, the given steps and a head, with random weights and biases; the numbers choose widths and which earlier value is
 * joined. Channels of the head's outputs are those of the model.
 */
export function networkOf(picks: readonly (readonly [Step, number])[], seed: number): Graph {
  const constants: Record<string, Tensor> = {};
  const nodes: [string, string, string, Record<string, Attribute>?][] = [];
  let count = 0;
  const constant = (dims: readonly number[], offset = 0): string => {
    const name = `k${count++}`;
    const length = dims.reduce((product, dim) => product * dim, 1);
    constants[name] = float32Tensor(
      dims,
      randomNumbers(length, seed * 131 + count).map((value) => value + offset),
    );
    return name;
  };
  let value = { name: 'x', channels: 3, size: 6 };
  const earlier: (typeof value)[] = [];
  const push = (
    op: string,
    inputs: string,
    channels: number,
    attributes?: Record<string, Attribute>,
    size = value.size,
  ) => {
    const name = `v${nodes.length}`;
    nodes.push([op, inputs, name, attributes ?? {}]);
    value = { name, channels, size };
  };
  const conv = (channels: number, kernel: number, groups = 1, stride = 1) => {
    const weight = constant([channels, value.channels / groups, kernel, kernel]);
    const bias = (seed + count) % 3 === 0 ? '' : ` ${constant([channels])}`;
    push(
      'Conv',
      `${value.name} ${weight}${bias}`,
      channels,
      {
        group: attribute.int(groups),
        strides: attribute.ints([stride, stride]),
        pads: attribute.ints(new Array(4).fill((kernel - 1) / 2)),
      },
      Math.ceil(value.size / stride),
    );
  };
  const each = () => constant([value.channels, 1, 1]);
  conv(6, 3);
  for (const [step, number] of picks) {
    const { name, channels, size } = value;
    const width = widths[number % widths.length]!;
    const mate = earlier.filter((one) => one.size === size)[number % Math.max(1, earlier.length)];
    earlier.push(value);
    switch (step) {
      case 'conv':
        conv(width, 3);
        break;
      case 'pointwise':
        conv(width, 1);
        break;
      case 'strided':
        conv(width, 3, 1, 2);
        break;
      case 'depthwise':
        conv(channels * (1 + (number % 2)), 3, channels);
        break;
      case 'grouped':
        conv(width, number % 2 ? 3 : 1, 2);
        break;
      case 'normalize': {
        const [scale, shift, mean] = [constant([channels]), constant([channels]), constant([channels])];
        push('BatchNormalization', `${name} ${scale} ${shift} ${mean} ${constant([channels], 1.5)}`, channels);
        break;
      }
      case 'relu':
        push('Relu', name, channels);
        break;
      case 'sigmoid':
        push('Sigmoid', name, channels);
        break;
      case 'scale':
        push('Mul', `${each()} ${name}`, channels);
        break;
      case 'shift':
        push('Add', `${name} ${each()}`, channels);
        break;
      case 'prelu':
        push('PRelu', `${name} ${each()}`, channels);
        break;
      case 'max pool':
        push('MaxPool', name, channels, {
          kernel_shape: attribute.ints([3, 3]),
          pads: attribute.ints([1, 1, 1, 1]),
        });
        break;
      case 'average pool':
        push('AveragePool', name, channels, {
          kernel_shape: attribute.ints([3, 3]),
          pads: attribute.ints([1, 1, 1, 1]),
          count_include_pad: attribute.int(number % 2),
        });
        break;
      case 'pad': {
        constants[`p${count}`] = { dtype: 'int64', dims: [8], data: BigInt64Array.of(0n, 0n, 0n, 1n, 0n, 0n, 1n, 0n) };
        push('Pad', `${name} p${count++}`, channels, {}, size + 1);
        break;
      }
      case 'residual': {
        const joined = mate?.channels === channels ? mate : undefined;
        if (joined) push('Add', `${name} ${joined.name}`, channels);
        else {
          conv(channels, 3);
          push('Add', `${value.name} ${name}`, channels);
        }
        break;
      }
      case 'concat':
        push('Concat', `${name} ${(mate ?? value).name}`, channels + (mate ?? value).channels, {
          axis: attribute.int(1),
        });
        break;
      case 'gate': {
        push('GlobalAveragePool', name, channels, {}, 1);
        conv(2, 1);
        push('Relu', value.name, 2);
        conv(channels, 1);
        push('Sigmoid', value.name, channels);
        push('Mul', `${name} ${value.name}`, channels, {}, size);
        break;
      }
      case 'upsample':
        constants['scales'] = float32Tensor([4], Float32Array.of(1, 1, 2, 2));
        if (size > 6) break;
        push('Resize', `${name} _ scales`, channels, {}, size * 2);
        break;
      case 'channels last': {
        const [weight, bias] = [constant([channels, width]), constant([width])];
        push('Transpose', name, channels, { perm: attribute.ints([0, 2, 3, 1]) });
        push('MatMul', `${value.name} ${weight}`, width);
        push('Add', `${value.name} ${bias}`, width);
        push('Transpose', value.name, width, { perm: attribute.ints([0, 3, 1, 2]) });
        break;
      }
      case 'feed forward': {
        const [up, shift, down, bias] = [[channels, 8], [8], [8, width], [width]].map((dims) => constant(dims));
        push('Transpose', name, channels, { perm: attribute.ints([0, 2, 3, 1]) });
        push('MatMul', `${value.name} ${up}`, 8);
        push('Add', `${value.name} ${shift}`, 8);
        push('Tanh', value.name, 8);
        push('MatMul', `${value.name} ${down}`, width);
        push('Add', `${bias} ${value.name}`, width);
        push('Transpose', value.name, width, { perm: attribute.ints([0, 3, 1, 2]) });
        break;
      }
      case 'two readers': {
        conv(width, 1);
        const one = value;
        value = { name, channels, size };
        conv(width, 3);
        push('Add', `${one.name} ${value.name}`, width);
        break;
      }
    }
  }
  const { name, channels, size } = value;
  if (seed % 2 === 0) {
    push('GlobalAveragePool', name, channels);
    push('Flatten', value.name, channels);
    push('Gemm', `${value.name} ${constant([5, channels])} ${constant([5])}`, 5, { transB: attribute.int(1) });
  } else {
    constants['shape'] = { dtype: 'int64', dims: [2], data: BigInt64Array.of(1n, BigInt(channels * size * size)) };
    push('Reshape', `${name} shape`, channels);
    push('MatMul', `${value.name} ${constant([channels * size * size, 5])}`, 5);
  }
  return graphOf({ inputs: { x: [1, 3, 6, 6] }, constants, nodes, outputs: [value.name] });
}
