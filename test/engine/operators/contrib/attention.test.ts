import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../../engine/tensor.ts';
import type { Kernels } from '../../../../kernels/api.ts';
import { loadKernels } from '../../../../kernels/loader.ts';
import { node } from '../../graph/protos.ts';
import { differences, filler, floats, integers, type NodeCase } from '../against-runtime.ts';

const { f32, codes } = filler(2);
const ms = (...args: Parameters<typeof node>) => node(args[0], args[1], args[2], args[3], 'n', 'com.microsoft');

interface Variant extends NodeCase {
  readonly slow?: true;
}

const x = f32([2, 4, 8]);
const weights = f32([8, 24]);
const bias = f32([24]);
const two = { num_heads: 2 };

/** Ends, ends and starts, one flag a key, one a pair. */
const masks = {
  'ends of the sequences': integers('int32', [2], 3, 4),
  'ends and starts': integers('int32', [4], 3, 4, 1, 0),
  'a flag for each key': integers('int32', [2, 4], 1, 1, 0, 1, 0, 1, 1, 1),
  'a flag for each pair': codes('int32', [2, 4, 4], [0, 1]),
};

const attention: Record<string, Variant> = {
  plain: { node: ms('Attention', 'x w b', 'y', two), inputs: { x, w: weights, b: bias } },
  'no bias, another scale': {
    node: ms('Attention', 'x w', 'y', { ...two, scale: 0.25 }),
    inputs: { x, w: weights },
    instead: {
      nodes: [ms('Attention', 'x w b', 'y', { ...two, scale: 0.25 })],
      inputs: { x, w: weights, b: floats([24], ...new Array<number>(24).fill(0)) },
    },
  },
  causal: { node: ms('Attention', 'x w b', 'y', { ...two, unidirectional: 1 }), inputs: { x, w: weights, b: bias } },
  'values of another width': {
    node: ms('Attention', 'x w b', 'y', { ...two, qkv_hidden_sizes: [8, 8, 4] }),
    inputs: { x, w: f32([8, 20]), b: f32([20]) },
  },
  ...Object.fromEntries(
    Object.entries(masks).map(([name, m]) => [
      name,
      { node: ms('Attention', 'x w b m', 'y', two), inputs: { x, w: weights, b: bias, m } },
    ]),
  ),
  ...Object.fromEntries(
    (['a flag for each key', 'a flag for each pair'] as const).map((name) => [
      `${name}, known while running, and causal`,
      {
        node: ms('Attention', 'x w b m', 'y', { ...two, unidirectional: 1 }),
        inputs: { x, w: weights, b: bias, m: masks[name] },
        live: ['x', 'm'],
        // Cast from int32 is on the host.
        slow: true as const,
      },
    ]),
  ),
  'a mask, causal, another filter': {
    node: ms('Attention', 'x w b m', 'y', { ...two, unidirectional: 1, mask_filter_value: -1.5 }),
    inputs: { x, w: weights, b: bias, m: masks['a flag for each key'] },
  },
  'an addend to the scores': {
    node: ms('Attention', 'x w b _ _ a', 'y', two),
    inputs: { x, w: weights, b: bias, a: f32([1, 2, 4, 4]) },
    live: ['x', 'a'],
  },
  'an addend and a mask': {
    node: ms('Attention', 'x w b m _ a', 'y', two),
    inputs: { x, w: weights, b: bias, m: masks['a flag for each pair'], a: f32([2, 1, 4, 4]) },
    live: ['x', 'a'],
  },
  'past and present': {
    node: ms('Attention', 'x w b _ p', 'y present', { ...two, unidirectional: 1 }),
    inputs: { x, w: weights, b: bias, p: f32([2, 2, 2, 3, 4]) },
    live: ['x', 'p'],
  },
  'past, present and a mask': {
    node: ms('Attention', 'x w b m p', 'y present', two),
    inputs: { x, w: weights, b: bias, m: codes('int32', [2, 7], [0, 1]), p: f32([2, 2, 2, 3, 4]) },
    live: ['x', 'p'],
  },
};

const q = f32([2, 4, 8]);
const k = f32([2, 5, 8]);
const v = f32([2, 5, 12]);

const [k2, k3] = [f32([2, 5, 8]), f32([2, 5, 8])];

/** Tensors [2, 5, 2·4] one behind the other for each head: [2, 5, 2, count, 4]. */
function packed(...tensors: readonly Tensor[]): Tensor {
  const values: number[] = [];
  for (let head = 0; head < 20; head++)
    for (const { data } of tensors) values.push(...(data as Float32Array).subarray(4 * head, 4 * head + 4));
  return floats([2, 5, 2, tensors.length, 4], ...values);
}

const multiHead: Record<string, Variant> = {
  plain: { node: ms('MultiHeadAttention', 'q k v', 'y', two), inputs: { q, k, v }, live: ['q', 'k', 'v'] },
  'a bias': {
    node: ms('MultiHeadAttention', 'q k v b', 'y', { ...two, scale: 0.3 }),
    inputs: { q, k, v, b: f32([28]) },
    live: ['q', 'k', 'v'],
  },
  'keys and values packed': {
    node: ms('MultiHeadAttention', 'q k', 'y', two),
    inputs: { q, k: packed(k, k2) },
    live: ['q', 'k'],
    instead: { nodes: [ms('MultiHeadAttention', 'q k v', 'y', two)], inputs: { q, k, v: k2 } },
  },
  'all three packed': {
    node: ms('MultiHeadAttention', 'q', 'y', two),
    inputs: { q: packed(k, k2, k3) },
    instead: { nodes: [ms('MultiHeadAttention', 'q k v', 'y', two)], inputs: { q: k, k: k2, v: k3 } },
  },
  'all three packed, with a bias': {
    node: ms('MultiHeadAttention', 'q _ _ b', 'y', two),
    inputs: { q: packed(k, k2, k3), b: bias },
    instead: { nodes: [ms('MultiHeadAttention', 'q k v b', 'y', two)], inputs: { q: k, k: k2, v: k3, b: bias } },
  },
  'keys and values by heads (cross attention with a cache)': {
    node: ms('MultiHeadAttention', 'q k v', 'y', two),
    inputs: { q, k: f32([2, 2, 5, 4]), v: f32([2, 2, 5, 4]) },
    live: ['q', 'k', 'v'],
  },
  ...Object.fromEntries(
    Object.entries({
      'ends of the sequences': integers('int32', [2], 3, 5),
      'a flag for each key': codes('int32', [2, 5], [0, 1]),
      'a flag for each pair': codes('int32', [2, 4, 5], [0, 1]),
    }).map(([name, m]) => [
      name,
      { node: ms('MultiHeadAttention', 'q k v _ m', 'y', two), inputs: { q, k, v, m }, live: ['q', 'k', 'v'] },
    ]),
  ),
  'an addend to the scores': {
    node: ms('MultiHeadAttention', 'q k v _ _ a', 'y', two),
    inputs: { q, k, v, a: f32([1, 1, 4, 5]) },
    live: ['q', 'k', 'v', 'a'],
  },
  'causal, past and present': {
    node: ms('MultiHeadAttention', 'q k v _ _ _ pk pv', 'y present_k present_v', { ...two, unidirectional: 1 }),
    inputs: { q, k: f32([2, 4, 8]), v: f32([2, 4, 8]), pk: f32([2, 2, 3, 4]), pv: f32([2, 2, 3, 4]) },
    live: ['q', 'k', 'v', 'pk', 'pv'],
  },
  'the cache without a past': {
    node: ms('MultiHeadAttention', 'q k v b', 'y present_k present_v', two),
    inputs: { q, k: f32([2, 4, 8]), v: f32([2, 4, 8]), b: f32([24]) },
    live: ['q', 'k', 'v'],
  },
};

const group = { num_heads: 4, kv_num_heads: 2 };
const scalar = (value: number) => integers('int32', [], value);
const lengths = (...values: number[]) => integers('int32', [values.length], ...values);
/** A prompt of 5 steps. */
const prompt = {
  q: f32([2, 5, 64]),
  k: f32([2, 5, 32]),
  v: f32([2, 5, 32]),
  n: lengths(4, 4),
  t: scalar(5),
};
/** One step behind up to 6. */
const token = {
  q: f32([2, 1, 64]),
  k: f32([2, 1, 32]),
  v: f32([2, 1, 32]),
  pk: f32([2, 2, 6, 16]),
  pv: f32([2, 2, 6, 16]),
  n: lengths(6, 6),
  t: scalar(7),
};
const angles = { c: f32([12, 8]), s: f32([12, 8]) };
const outputs = 'y present_k present_v';

const grouped: Record<string, Variant> = {
  'a prompt': { node: ms('GroupQueryAttention', 'q k v _ _ n t', outputs, group), inputs: prompt, slow: true },
  'packed queries, keys and values': {
    node: ms('GroupQueryAttention', 'q _ _ _ _ n t', outputs, group),
    inputs: { q: f32([2, 5, 128]), n: prompt.n, t: prompt.t },
    slow: true,
  },
  'a step behind the past': {
    node: ms('GroupQueryAttention', 'q k v pk pv n t', outputs, group),
    inputs: token,
    slow: true,
  },
  'a step behind pasts of different lengths in a larger buffer': {
    node: ms('GroupQueryAttention', 'q k v pk pv n t', outputs, group),
    inputs: { ...token, pk: f32([2, 2, 9, 16]), pv: f32([2, 2, 9, 16]), n: lengths(3, 6) },
    slow: true,
  },
  'a chunk behind the past': {
    node: ms('GroupQueryAttention', 'q k v pk pv n t', outputs, group),
    inputs: {
      q: f32([1, 3, 64]),
      k: f32([1, 3, 32]),
      v: f32([1, 3, 32]),
      pk: f32([1, 2, 6, 16]),
      pv: f32([1, 2, 6, 16]),
      n: lengths(8),
      t: scalar(9),
    },
    slow: true,
  },
  rotated: {
    node: ms('GroupQueryAttention', 'q k v _ _ n t c s', outputs, { ...group, do_rotary: 1 }),
    inputs: { ...prompt, ...angles },
    slow: true,
  },
  'rotated in neighbouring pairs behind the past': {
    node: ms('GroupQueryAttention', 'q k v pk pv n t c s', outputs, { ...group, do_rotary: 1, rotary_interleaved: 1 }),
    inputs: { ...token, ...angles },
    slow: true,
  },
  'packed and rotated': {
    node: ms('GroupQueryAttention', 'q _ _ _ _ n t c s', outputs, { ...group, do_rotary: 1 }),
    inputs: { q: f32([2, 5, 128]), n: prompt.n, t: prompt.t, ...angles },
    slow: true,
  },
  'a window of 2, a cap and another scale': {
    node: ms('GroupQueryAttention', 'q k v _ _ n t', outputs, {
      ...group,
      local_window_size: 2,
      softcap: 0.75,
      scale: 0.5,
    }),
    inputs: prompt,
    slow: true,
  },
  'a smooth softmax': {
    node: ms('GroupQueryAttention', 'q k v pk pv n t', outputs, { ...group, smooth_softmax: 1 }),
    inputs: token,
    slow: true,
  },
  'positions given': {
    node: ms('GroupQueryAttention', 'q k v pk pv n t c s p', outputs, { ...group, do_rotary: 1 }),
    inputs: { ...token, ...angles, p: integers('int64', [2, 1], 3, 9) },
    slow: true,
  },
  'an addend to the scores': {
    node: ms('GroupQueryAttention', 'q k v _ _ n t _ _ _ a', outputs, group),
    inputs: { ...prompt, a: f32([1, 4, 5, 5]) },
    slow: true,
  },
  'a sink for each head': {
    node: ms('GroupQueryAttention', 'q k v _ _ n t _ _ _ _ h', outputs, group),
    inputs: { ...prompt, h: f32([4]) },
    slow: true,
  },
};

describe('contrib attentions give what ONNX Runtime gives', () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await loadKernels({ mode: 'strict' });
  });
  afterAll(() => kernels.dispose());

  describe.each([
    ['Attention', attention],
    ['MultiHeadAttention', multiHead],
    ['GroupQueryAttention', grouped],
  ])('%s', (_op, own) => {
    it.each(Object.entries(own))('%s', async (_name, variant) => {
      const { wrong, reason } = await differences(variant, kernels);
      expect(wrong).toEqual([]);
      if (!variant.slow) expect(reason).toBe('');
    });
  });
});
