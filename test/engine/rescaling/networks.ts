import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { makeGraph, random } from '../quantize/small.ts';

/** Networks whose layers can have their input channels rescaled. */

/** Factors around 1, two of them large: what training leaves in some transformers. */
export function withOutliers(seed: number, channels: number, size = 40): Tensor {
  const values = Float32Array.from(random(seed, [channels], 0.2).data as Float32Array, (value) => 1 + value);
  values[1]! *= size;
  values[channels - 2]! *= size / 2;
  return float32Tensor([channels], values);
}

const product = (name: string, from: string, to = `${name}.out`) => makeNode(name, 'MatMul', [from, `${name}.w`], [to]);

/** Tokens × channels → normalisation → attention of two heads → normalisation → Gelu between two products, both with shortcuts. */
export function transformer(): Graph {
  const [tokens, width, heads] = [6, 8, 2];
  const cut = (name: string, permutation: readonly number[]) => [
    product(name, 'n1.out'),
    makeNode(`${name}.cut`, 'Reshape', [`${name}.out`, 'cut'], [`${name}.cut.out`]),
    makeNode(`${name}.turn`, 'Transpose', [`${name}.cut.out`], [`${name}.heads`], {
      perm: attribute.ints(permutation),
    }),
  ];
  return makeGraph({
    inputs: { x: [1, tokens, width] },
    outputs: ['y'],
    opset: 20,
    constants: {
      g1: withOutliers(1, width),
      b1: random(2, [width]),
      g2: withOutliers(3, width),
      b2: random(4, [width]),
      'q.w': random(5, [width, width], 0.5),
      'k.w': random(6, [width, width], 0.5),
      'v.w': random(7, [width, width], 0.5),
      'o.w': random(8, [width, width], 0.5),
      'up.w': random(9, [width, 12], 0.5),
      'up.b': random(10, [12]),
      'down.w': random(11, [12, width], 0.5),
      half: float32Tensor([], Float32Array.of(0.5)),
      one: float32Tensor([], Float32Array.of(1)),
      cut: int64Tensor([4], [1, tokens, heads, width / heads]),
      join: int64Tensor([3], [1, tokens, width]),
    },
    nodes: [
      makeNode('n1', 'LayerNormalization', ['x', 'g1', 'b1'], ['n1.out']),
      ...cut('q', [0, 2, 1, 3]),
      ...cut('k', [0, 2, 3, 1]),
      ...cut('v', [0, 2, 1, 3]),
      makeNode('scores', 'MatMul', ['q.heads', 'k.heads'], ['scores.out']),
      makeNode('soft', 'Softmax', ['scores.out'], ['soft.out'], { axis: attribute.int(-1) }),
      makeNode('mix', 'MatMul', ['soft.out', 'v.heads'], ['mix.out']),
      makeNode('back', 'Transpose', ['mix.out'], ['back.out'], { perm: attribute.ints([0, 2, 1, 3]) }),
      makeNode('join', 'Reshape', ['back.out', 'join'], ['join.out']),
      product('o', 'join.out'),
      makeNode('add1', 'Add', ['x', 'o.out'], ['r1']),
      makeNode('n2', 'LayerNormalization', ['r1', 'g2', 'b2'], ['n2.out']),
      product('up', 'n2.out'),
      makeNode('up.bias', 'Add', ['up.out', 'up.b'], ['up.sum']),
      // Gelu, written out: half the value times what it lets through.
      makeNode('erf', 'Erf', ['up.sum'], ['erf.out']),
      makeNode('gate', 'Add', ['erf.out', 'one'], ['gate.out']),
      makeNode('halve', 'Mul', ['up.sum', 'half'], ['halve.out']),
      makeNode('gelu', 'Mul', ['halve.out', 'gate.out'], ['gelu.out']),
      product('down', 'gelu.out'),
      makeNode('add2', 'Add', ['r1', 'down.out'], ['y']),
    ],
  });
}

/** Convolution → Relu → MaxPool beside another, concatenated → 1×1 convolution → mean → product. */
export function convolutional(): Graph {
  const conv = (name: string, from: string, more = {}) =>
    makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [`${name}.out`], more);
  const pads = { pads: attribute.ints([1, 1, 1, 1]) };
  return makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [4, 3, 3, 3]),
      'a.b': random(2, [4]),
      'b.w': random(3, [6, 3, 1, 1]),
      'b.b': random(4, [6]),
      'c.w': random(5, [8, 10, 3, 3]),
      'c.b': random(6, [8]),
      'd.w': random(7, [5, 8]),
      'd.b': random(8, [5]),
    },
    nodes: [
      conv('a', 'x', pads),
      makeNode('ra', 'Relu', ['a.out'], ['ra.out']),
      conv('b', 'x'),
      makeNode('rb', 'LeakyRelu', ['b.out'], ['rb.out'], { alpha: attribute.float(0.1) }),
      makeNode('cat', 'Concat', ['ra.out', 'rb.out'], ['cat.out'], { axis: attribute.int(1) }),
      makeNode('pool', 'MaxPool', ['cat.out'], ['pool.out'], {
        kernel_shape: attribute.ints([2, 2]),
        strides: attribute.ints([2, 2]),
      }),
      conv('c', 'pool.out', pads),
      makeNode('rc', 'Relu', ['c.out'], ['rc.out']),
      makeNode('mean', 'GlobalAveragePool', ['rc.out'], ['mean.out']),
      makeNode('flat', 'Flatten', ['mean.out'], ['flat.out']),
      makeNode('d', 'Gemm', ['flat.out', 'd.w', 'd.b'], ['y'], {
        transB: attribute.int(1),
        alpha: attribute.float(0.5),
      }),
    ],
  });
}
