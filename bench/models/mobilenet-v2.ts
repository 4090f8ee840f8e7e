import { attribute, makeNode } from '../../engine/graph/build.ts';
import type { Graph, GraphNode } from '../../engine/graph/graph.ts';
import { float32Tensor, type Tensor } from '../../engine/tensor.ts';
import { graphOf, randomTensor } from './sketch.ts';

/** Table 2 of the paper: expansion, output channels, repetitions, stride of the first. */
const bottlenecks = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * MobileNetV2 1.0 for 224×224 images and 1000 classes (Sandler et al., 2018), batch normalisation folded, with random
 * weights: the yardstick that runtimes are commonly compared on.
 */
export function mobileNetV2(): Graph {
  const nodes: GraphNode[] = [];
  const constants = new Map<string, Tensor>([
    ['zero', float32Tensor([], Float32Array.of(0))],
    ['six', float32Tensor([], Float32Array.of(6))],
  ]);
  const { ints, int } = attribute;
  const add = (op: string, inputs: readonly string[], attributes: GraphNode['attributes'] = {}): string => {
    const output = `value${nodes.length}`;
    nodes.push(makeNode(`${op.toLowerCase()}${nodes.length}`, op, inputs, [output], attributes));
    return output;
  };
  /** Weights of the size that keeps the variance. */
  const weights = (dims: readonly number[], fan: number): string => {
    const name = `constant${constants.size}`;
    constants.set(name, randomTensor(dims, constants.size, Math.sqrt(6 / fan)));
    return name;
  };
  const convolution = (
    x: string,
    [inputs, outputs]: readonly [number, number],
    kernel: number,
    stride = 1,
    group = 1,
  ) => {
    const pad = (kernel - 1) / 2;
    const perGroup = inputs / group;
    const parameters = [
      weights([outputs, perGroup, kernel, kernel], perGroup * kernel * kernel),
      weights([outputs], 600),
    ];
    return add('Conv', [x, ...parameters], {
      kernel_shape: ints([kernel, kernel]),
      strides: ints([stride, stride]),
      pads: ints([pad, pad, pad, pad]),
      group: int(group),
    });
  };
  const relu6 = (x: string): string => add('Clip', [x, 'zero', 'six']);

  let x = relu6(convolution('image', [3, 32], 3, 2));
  let channels = 32;
  for (const [expansion, outputs, count, firstStride] of bottlenecks)
    for (let i = 0; i < count; i++) {
      const stride = i === 0 ? firstStride : 1;
      const inside = channels * expansion;
      let y = expansion === 1 ? x : relu6(convolution(x, [channels, inside], 1));
      y = relu6(convolution(y, [inside, inside], 3, stride, inside));
      y = convolution(y, [inside, outputs], 1);
      x = stride === 1 && channels === outputs ? add('Add', [x, y]) : y;
      channels = outputs;
    }
  x = relu6(convolution(x, [channels, 1280], 1));
  x = add('Flatten', [add('GlobalAveragePool', [x])]);
  const logits = add('Gemm', [x, weights([1280, 1000], 1280), weights([1000], 600)]);
  return graphOf({ inputs: { image: [1, 3, 224, 224] }, outputs: [logits], constants, nodes, opset: 13 });
}
