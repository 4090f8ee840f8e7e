import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnx } from '../../../../engine/onnx/proto.ts';
import type { Kernels } from '../../../../kernels/api.ts';
import { loadKernels } from '../../../../kernels/loader.ts';
import { node } from '../../graph/protos.ts';
import { differences, filler, floats, integers, type NodeCase } from '../against-runtime.ts';

const { f32, positive, codes } = filler(1);
const ms = (...args: Parameters<typeof node>) => node(args[0], args[1], args[2], args[3], 'n', 'com.microsoft');

/** A variant with `slow` need not run on kernels; all others must, with constant weights and parameters. */
interface Variant extends NodeCase {
  readonly slow?: true;
}

const x = f32([2, 3, 8], 3);
const row = f32([8]);
const image = f32([1, 4, 6, 5]);
const filters = f32([6, 2, 3, 3]);
const sixth = f32([6]);
const skip = f32([2, 3, 8]);
/** Channels last. */
const pixels = f32([1, 6, 5, 4]);
const addend = f32([1, 4, 3, 6]);

const variants: Readonly<Record<string, Readonly<Record<string, Variant>>>> = {
  Gelu: { plain: { node: ms('Gelu', 'x', 'y'), inputs: { x } } },
  FastGelu: {
    plain: { node: ms('FastGelu', 'x', 'y'), inputs: { x } },
    'with a bias': { node: ms('FastGelu', 'x b', 'y'), inputs: { x, b: row } },
  },
  BiasGelu: { plain: { node: ms('BiasGelu', 'x b', 'y'), inputs: { x, b: row } } },
  QuickGelu: {
    plain: { node: ms('QuickGelu', 'x', 'y'), inputs: { x } },
    'another alpha': { node: ms('QuickGelu', 'x', 'y', { alpha: 0.5 }), inputs: { x } },
  },
  FusedMatMul: {
    plain: { node: ms('FusedMatMul', 'a b', 'y'), inputs: { a: f32([2, 3, 4]), b: f32([4, 5]) } },
    'transposed and scaled': {
      node: ms('FusedMatMul', 'a b', 'y', { transA: 1, transB: 1, alpha: 0.25 }),
      inputs: { a: f32([2, 4, 3]), b: f32([2, 5, 4]) },
    },
    'A with its batch behind its rows': {
      node: ms('FusedMatMul', 'a b', 'y', { transBatchA: 1 }),
      inputs: { a: f32([3, 2, 4]), b: f32([2, 4, 5]) },
    },
    'both with their batch behind, and transposed': {
      node: ms('FusedMatMul', 'a b', 'y', { transBatchA: 1, transBatchB: 1, transA: 1, transB: 1 }),
      inputs: { a: f32([4, 2, 3]), b: f32([5, 2, 4]) },
    },
  },
  TransposeMatMul: {
    'transposed and scaled': {
      node: ms('TransposeMatMul', 'a b', 'y', { transB: 1, alpha: 2.5 }),
      inputs: { a: f32([3, 4]), b: f32([5, 4]) },
    },
  },
  FusedGemm: {
    ...Object.fromEntries(
      (
        [
          ['Relu', {}],
          ['Sigmoid', {}],
          ['Tanh', {}],
          ['LeakyRelu', { activation_alpha: 0.3 }],
          ['HardSigmoid', { activation_alpha: 0.3, activation_beta: 0.45 }],
        ] as const
      ).map(([activation, parameters]) => [
        activation,
        {
          node: ms('FusedGemm', 'a b c', 'y', { activation, transB: 1, alpha: 0.5, ...parameters }),
          inputs: { a: f32([3, 4], 2), b: f32([5, 4], 2), c: f32([5]) },
        },
      ]),
    ),
    'no addend': {
      node: ms('FusedGemm', 'a b', 'y', { activation: 'Relu' }),
      inputs: { a: f32([3, 4]), b: f32([4, 5]) },
    },
  },
  FusedConv: {
    ...Object.fromEntries(
      (
        [
          ['Relu', []],
          ['Sigmoid', []],
          ['Tanh', []],
          ['LeakyRelu', [0.3]],
          ['HardSigmoid', [0.3, 0.45]],
          ['Clip', [-0.5, 0.75]],
        ] as const
      ).map(([activation, parameters]) => [
        activation,
        {
          node: ms('FusedConv', 'x w b', 'y', {
            activation,
            group: 2,
            strides: [2, 1],
            pads: [1, 1, 1, 1],
            ...(parameters.length > 0 && { activation_params: floatList('activation_params', parameters) }),
          }),
          inputs: { x: image, w: filters, b: f32([6]) },
        },
      ]),
    ),
    'with an addend, and Relu behind it': {
      node: ms('FusedConv', 'x w b z', 'y', { activation: 'Relu', group: 2 }),
      inputs: { x: image, w: filters, b: f32([6]), z: f32([1, 6, 4, 3]) },
      live: ['x', 'z'],
    },
    'without bias and activation': {
      node: ms('FusedConv', 'x w', 'y', { group: 2 }),
      inputs: { x: image, w: filters },
    },
  },
  ConvTransposeWithDynamicPads: {
    'pads as an input': {
      node: ms('ConvTransposeWithDynamicPads', 'x w p b', 'y', { strides: [2, 2], output_padding: [1, 0] }),
      inputs: { x: image, w: f32([4, 3, 3, 3]), p: integers('int64', [4], 1, 0, 1, 0), b: f32([3]) },
      slow: true,
    },
  },
  NhwcMaxPool: {
    'on uint8': {
      node: ms('NhwcMaxPool', 'x', 'y', { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }),
      inputs: { x: codes('uint8', [2, 7, 6, 5]) },
    },
    'on int8': {
      node: ms('NhwcMaxPool', 'x', 'y', { kernel_shape: [2, 2] }),
      inputs: { x: codes('int8', [1, 5, 5, 3]) },
    },
  },
  // What ONNX Runtime runs on other processors alone is judged by the standard operators that compose it.
  BiasAdd: {
    plain: {
      node: ms('BiasAdd', 'x b s', 'y'),
      inputs: { x, b: row, s: skip },
      live: ['x', 's'],
      instead: {
        nodes: [node('Add', 'x b', 'sum'), node('Add', 'sum s', 'y')],
        inputs: { x, b: row, s: skip },
      },
    },
  },
  BiasSplitGelu: {
    plain: {
      node: ms('BiasSplitGelu', 'x b', 'y'),
      inputs: { x, b: row },
      instead: {
        nodes: [
          node('Add', 'x b', 'sum'),
          node('Split', 'sum', 'left right', { axis: -1 }),
          ms('Gelu', 'right', 'gelu'),
          node('Mul', 'left gelu', 'y'),
        ],
        inputs: { x, b: row },
      },
      slow: true,
    },
  },
  NhwcConv: {
    'groups and strides': {
      node: ms('NhwcConv', 'x w b', 'y', { group: 2, strides: [2, 1] }),
      inputs: { x: pixels, w: filters, b: sixth },
      instead: {
        nodes: [
          node('Transpose', 'x', 'c', { perm: [0, 3, 1, 2] }),
          node('Conv', 'c w b', 'd', { group: 2, strides: [2, 1] }),
          node('Transpose', 'd', 'y', { perm: [0, 2, 3, 1] }),
        ],
        inputs: { x: pixels, w: filters, b: sixth },
      },
    },
  },
  NhwcFusedConv: {
    'an addend and Relu': {
      node: ms('NhwcFusedConv', 'x w b z', 'y', { group: 2, activation: 'Relu' }),
      inputs: { x: pixels, w: filters, b: sixth, z: addend },
      live: ['x', 'z'],
      instead: {
        nodes: [
          node('Transpose', 'x', 'c', { perm: [0, 3, 1, 2] }),
          node('Conv', 'c w b', 'd', { group: 2 }),
          node('Transpose', 'd', 'e', { perm: [0, 2, 3, 1] }),
          node('Add', 'e z', 'f'),
          node('Relu', 'f', 'y'),
        ],
        inputs: { x: pixels, w: filters, b: sixth, z: addend },
      },
    },
  },
  SkipLayerNormalization: {
    plain: {
      node: ms('SkipLayerNormalization', 'x s g', 'y', { epsilon: 1e-5 }),
      inputs: { x, s: f32([2, 3, 8]), g: positive([8]) },
      live: ['x', 's'],
    },
    'all inputs, and the sum': {
      node: ms('SkipLayerNormalization', 'x s g b d', 'y _ _ sum'),
      inputs: { x, s: f32([2, 3, 8]), g: positive([8]), b: row, d: f32([8]) },
      live: ['x', 's'],
    },
    'one skip for the whole batch': {
      node: ms('SkipLayerNormalization', 'x s g b', 'y'),
      inputs: { x, s: f32([1, 3, 8]), g: positive([8]), b: row },
    },
    'a skip without batch': {
      node: ms('SkipLayerNormalization', 'x s g b', 'y'),
      inputs: { x, s: f32([3, 8]), g: positive([8]), b: row },
    },
  },
  SkipSimplifiedLayerNormalization: {
    plain: {
      node: ms('SkipSimplifiedLayerNormalization', 'x s g', 'y', { epsilon: 1e-6 }),
      inputs: { x, s: f32([2, 3, 8]), g: positive([8]) },
      live: ['x', 's'],
    },
    'all inputs, and the sum': {
      node: ms('SkipSimplifiedLayerNormalization', 'x s g b', 'y _ _ sum', { epsilon: 1e-6 }),
      inputs: { x, s: f32([2, 3, 8]), g: positive([8]), b: row },
      live: ['x', 's'],
    },
  },
  SimplifiedLayerNormalization: {
    'the last axis': {
      node: node('SimplifiedLayerNormalization', 'x g', 'y', { epsilon: 1e-6 }),
      inputs: { x, g: positive([8]) },
    },
    'two axes, and the deviation': {
      node: node('SimplifiedLayerNormalization', 'x g', 'y d', { axis: 1 }),
      inputs: { x, g: positive([3, 8]) },
      slow: true,
    },
  },
  EmbedLayerNormalization: {
    'segments and a mask': {
      node: ms('EmbedLayerNormalization', 'i s w p t g b m', 'y count sum'),
      inputs: {
        i: codes('int32', [2, 5], [0, 9]),
        s: codes('int32', [2, 5], [0, 1]),
        w: f32([10, 8]),
        p: f32([6, 8]),
        t: f32([2, 8]),
        g: positive([8]),
        b: row,
        m: integers('int32', [2, 5], 1, 1, 1, 0, 0, 1, 1, 1, 1, 1),
      },
      slow: true,
    },
    'positions of its own, no segments': {
      node: ms('EmbedLayerNormalization', 'i _ w p _ g b _ q', 'y', { mask_index_type: 0 }),
      inputs: {
        i: codes('int32', [2, 5], [0, 9]),
        w: f32([10, 8]),
        p: f32([6, 8]),
        g: positive([8]),
        b: row,
        q: codes('int32', [2, 5], [0, 5]),
      },
      slow: true,
    },
  },
  RotaryEmbedding: {
    'a packed input': {
      node: ms('RotaryEmbedding', 'x p c s', 'y'),
      inputs: { x: f32([2, 3, 16]), p: codes('int64', [2, 3], [0, 9]), c: f32([10, 4]), s: f32([10, 4]) },
      slow: true,
    },
    'heads apart, neighbours paired, positions from 4 on': {
      node: ms('RotaryEmbedding', 'x p c s', 'y', { interleaved: 1 }),
      inputs: { x: f32([2, 2, 3, 8]), p: integers('int64', [1], 4), c: f32([10, 4]), s: f32([10, 4]) },
      slow: true,
    },
    'a part of each head': {
      node: ms('RotaryEmbedding', 'x p c s', 'y', { rotary_embedding_dim: 4, num_heads: 2 }),
      inputs: { x: f32([2, 3, 16]), p: codes('int64', [2, 3], [0, 9]), c: f32([10, 2]), s: f32([10, 2]) },
      slow: true,
    },
  },
  Trilu: {
    lower: {
      node: ms('Trilu', 'x k', 'y', { upper: 0 }),
      inputs: { x: f32([2, 4, 5]), k: integers('int64', [], 1) },
      slow: true,
    },
  },
  Inverse: {
    'a batch': { node: ms('Inverse', 'x', 'y'), inputs: { x: f32([2, 3, 4, 4]) }, slow: true, tolerance: 1e-4 },
  },
  CDist: {
    euclidean: {
      node: ms('CDist', 'a b', 'y', { metric: 'euclidean' }),
      inputs: { a: f32([4, 3]), b: f32([5, 3]) },
      slow: true,
    },
    squared: {
      node: ms('CDist', 'a b', 'y', { metric: 'sqeuclidean' }),
      inputs: { a: f32([4, 3]), b: f32([5, 3]) },
      slow: true,
    },
  },
  ExpandDims: {
    'in front': { node: ms('ExpandDims', 'x a', 'y'), inputs: { x, a: integers('int32', [], 0) } },
    'at the end': { node: ms('ExpandDims', 'x a', 'y'), inputs: { x, a: integers('int32', [], -1) } },
  },
  Pad: {
    constant: {
      node: ms('Pad', 'x p v', 'y'),
      inputs: { x: image, p: integers('int64', [8], 0, 0, 1, 2, 0, 0, 0, 1), v: floats([], 0.5) },
    },
    reflect: {
      node: ms('Pad', 'x p', 'y', { mode: 'reflect' }),
      inputs: { x: image, p: integers('int64', [8], 0, 0, 1, 2, 0, 0, 2, 1) },
      slow: true,
    },
  },
  GatherND: {
    'rows by pairs': {
      node: ms('GatherND', 'x i', 'y'),
      inputs: { x, i: integers('int64', [2, 2], 0, 2, 1, 1) },
      slow: true,
    },
  },
  Unique: {
    'values in their order, places and counts': {
      node: ms('Unique', 'x', 'y i c'),
      inputs: { x: floats([7], 2, 1, 1, 3, 4, 3, 2) },
      slow: true,
    },
  },
};

function floatList(name: string, values: readonly number[]): onnx.AttributeProto {
  return new onnx.AttributeProto({ name, type: onnx.AttributeProto.AttributeType.FLOATS, floats: [...values] });
}

describe('contrib operators on float32 give what ONNX Runtime gives', () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await loadKernels({ mode: 'strict' });
  });
  afterAll(() => kernels.dispose());

  for (const [op, own] of Object.entries(variants))
    it.each(Object.entries(own))(`${op}: %s`, async (_name, variant) => {
      const { wrong, reason } = await differences(variant, kernels);
      expect(wrong).toEqual([]);
      if (!variant.slow) expect(reason).toBe('');
    });
});
