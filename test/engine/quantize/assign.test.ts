import { describe, expect, it } from 'vitest';
import { dequantizeTensor } from '../../../engine/formats/affine.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import type { Choice, Plan } from '../../../engine/plan.ts';
import { edgeKey, type QuantizedModel, type QuantizedTensor } from '../../../engine/quantize/assignment.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { choice, datasetOf, makeGraph, quantize, random, samplesFor, uniformPlan } from './small.ts';

const conv = (name: string, from: string, to: string, attributes = {}) =>
  makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [to], attributes);
const entry = (model: QuantizedModel, node: string, role: string): QuantizedTensor | undefined =>
  model.assignment.entries.get(edgeKey(node, role));

/** x → conv → Relu → conv. */
function chain(second = 4): Graph {
  return makeGraph({
    inputs: { x: [1, 3, 6, 6] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [4, 3, 3, 3]),
      'a.b': random(2, [4]),
      'b.w': random(3, [second, 4, 1, 1]),
      'b.b': random(4, [second]),
    },
    nodes: [
      conv('a', 'x', 'a.out', { pads: attribute.ints([1, 1, 1, 1]) }),
      makeNode('r', 'Relu', ['a.out'], ['r.out']),
      conv('b', 'r.out', 'y'),
    ],
  });
}

describe('a plain chain', () => {
  it('puts weights per channel on the symmetric narrow grid, biases in steps of s_in·s_w', async () => {
    const graph = chain();
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 4));
    const weight = entry(model, 'a', 'weight')!;
    const values = graph.initializers.get('a.w')!.data as Float32Array;
    expect(weight.axis).toBe(0);
    expect(weight.scale.length).toBe(4);
    expect([...weight.zeroPoint]).toEqual([0, 0, 0, 0]);
    for (let channel = 0; channel < 4; channel++) {
      const largest = Math.max(...values.subarray(channel * 27, channel * 27 + 27).map(Math.abs));
      expect(weight.scale[channel]).toBe(Math.fround(largest / 127));
    }
    expect(Math.min(...(weight.codes as Int8Array))).toBeGreaterThanOrEqual(-127);
    const bias = entry(model, 'a', 'bias')!;
    const input = model.assignment.inputs.get('x')!;
    bias.scale.forEach((scale, i) => {
      expect(scale).toBe(Math.fround(input.scale[0]! * weight.scale[i]!));
      const value = (graph.initializers.get('a.b')!.data as Float32Array)[i]!;
      expect(Math.abs((bias.codes as Int32Array)[i]! * scale - value)).toBeLessThanOrEqual(scale / 2 + 1e-9);
    });
  });

  it('lets the convolution clamp for the Relu behind it: one group, codes from the zero point up', async () => {
    const graph = chain();
    const model = await quantize(
      graph,
      uniformPlan(graph, { activations: 'int8', scheme: 'symmetric' }),
      samplesFor(graph, 4),
    );
    const [out, relu] = [entry(model, 'a', 'output[0]')!, entry(model, 'r', 'output[0]')!];
    expect(out.range).toEqual([0, 127]);
    expect({ ...relu }).toEqual({ ...out });
    expect(out.group).toBeDefined();
    expect(entry(model, 'b', 'output[0]')!.range).toEqual([-128, 127]);
  });

  it('spends no codes on what the Relu cuts away', async () => {
    const graph = chain();
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 4));
    expect(entry(model, 'a', 'output[0]')!.zeroPoint[0]).toBe(0);
  });

  it('gives the same assignment again for the same data', async () => {
    const graph = chain();
    const one = await quantize(graph, uniformPlan(graph, { observer: 'mse' }), samplesFor(graph, 4));
    const two = await quantize(graph, uniformPlan(graph, { observer: 'mse' }), samplesFor(graph, 4));
    expect(one.assignment).toEqual(two.assignment);
  });

  it('asks for another observer and refuses data with no samples or with infinities', async () => {
    const graph = chain();
    await expect(quantize(graph, uniformPlan(graph), datasetOf([]))).rejects.toThrow(/no sample/);
    const bad = random(1, [1, 3, 6, 6]);
    (bad.data as Float32Array)[7] = Number.NaN;
    await expect(quantize(graph, uniformPlan(graph), datasetOf([new Map([['x', bad]])]))).rejects.toThrow(
      /infinite or not a number on the sample “sample 0”.*preprocessing/,
    );
  });
});

describe('what a spec says in vain', () => {
  const origin = { start: { line: 0, column: 0 }, end: { line: 0, column: 1 } };
  const ranged = (low: number, high: number): Choice =>
    choice('uint8', { observer: { name: 'fixed', arguments: { low, high } }, origin: { observer: origin } });
  const told = async (change: (plan: Plan) => Plan['nodes']) => {
    const graph = chain();
    const plan = uniformPlan(graph);
    const model = await quantize(graph, { ...plan, nodes: { ...plan.nodes, ...change(plan) } }, samplesFor(graph, 2));
    return model.findings.map(({ code, what }) => `${code}: ${what}`);
  };

  it('is told of: a range for what is read as it was written', async () => {
    expect(await told(({ nodes }) => ({ b: { ...nodes['b'], 'input[0]': ranged(-1, 1) } }))).toEqual([
      'quantize/unheard: Inputs are read with the range that they were written with, and not as the spec says of “b”.',
    ]);
    // Read in another scheme it is converted, and keeps its own range.
    const symmetric = { ...ranged(-1, 1), scheme: 'symmetric' as const };
    expect(await told(({ nodes }) => ({ b: { ...nodes['b'], 'input[0]': symmetric } }))).toEqual([]);
  });

  it('is told of: codes for an activation that folds into the layer before it', async () => {
    expect(await told(({ nodes }) => ({ r: { ...nodes['r'], 'output[0]': choice('int8') } }))).toEqual([
      'quantize/unheard: Outputs have the codes of the layer before, and not as the spec says of “r”.',
    ]);
    expect(await told(() => ({}))).toEqual([]);
  });
});

describe('float layers', () => {
  it('read values back and give codes again where the next layer wants them', async () => {
    const graph = chain();
    const model = await quantize(graph, uniformPlan(graph, { float: ['a', 'r'] }), samplesFor(graph, 4));
    expect(model.assignment.inputs.size).toBe(0);
    expect(entry(model, 'a', 'weight')).toBeUndefined();
    expect(entry(model, 'a', 'output[0]')).toBeUndefined();
    expect(entry(model, 'b', 'input[0]')).toBeDefined();
  });
  it('say why: a layer that cannot run in integers is a finding', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 2, 4, 4] },
      outputs: ['y'],
      constants: { w: random(1, [2, 3, 2, 2]) },
      nodes: [makeNode('up', 'ConvTranspose', ['x', 'w'], ['t']), makeNode('s', 'Softmax', ['t'], ['y'])],
    });
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 2));
    expect(model.findings.map((finding) => finding.code)).toEqual(['quantize/stays-float', 'quantize/stays-float']);
    expect(model.findings.map(({ what }) => what)).toEqual([
      'ConvTranspose “up” computes in float: runtimes have no integer ConvTranspose, so it is quantised weight-only.',
      'Softmax “s” stays float: Softmax has no integer form.',
    ]);
    expect([...model.assignment.entries.keys()]).toEqual([edgeKey('up', 'weight')]);
  });
  it('say it once for layers of one operator and reason', async () => {
    const names = ['s0', 's1', 's2', 's3', 's4', 's5'];
    const graph = makeGraph({
      inputs: { x: [1, 8] },
      outputs: ['s5'],
      nodes: names.map((name, i) => makeNode(name, 'Softmax', [i === 0 ? 'x' : names[i - 1]!], [name])),
    });
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 2));
    expect(model.findings.map(({ what }) => what)).toEqual([
      'Softmax “s0”, “s1”, “s2”, “s3” and 2 more stay float, each for the same reason: Softmax has no integer form.',
    ]);
  });
  it('leave data movement around them alone', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 8] },
      outputs: ['y'],
      nodes: [
        makeNode('i', 'Transpose', ['x'], ['t'], { perm: attribute.ints([1, 0]) }),
        makeNode('s', 'Softmax', ['t'], ['y']),
      ],
    });
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 2));
    expect(model.assignment.entries.size + model.assignment.inputs.size).toBe(0);
  });
  it('may hold their weights in codes alone', async () => {
    const graph = chain();
    const plan = {
      arithmetic: 'ort' as const,
      nodes: { b: { weight: choice('int4', { scheme: 'symmetric', granularity: 'per-channel' }) } },
    };
    const model = await quantize(graph, plan, samplesFor(graph, 2));
    expect([...model.assignment.entries.keys()]).toEqual([edgeKey('b', 'weight')]);
    expect(Math.max(...(entry(model, 'b', 'weight')!.codes as Int8Array).map(Math.abs))).toBe(7);
  });
});

describe('tensors that must share parameters', () => {
  const graph = makeGraph({
    inputs: { x: [1, 2, 8, 8] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [3, 2, 1, 1], 1),
      'a.b': random(2, [3]),
      'b.w': random(3, [3, 2, 1, 1], 5),
      'b.b': random(4, [3]),
      'c.w': random(5, [2, 6, 1, 1]),
      'c.b': random(6, [2]),
    },
    nodes: [
      conv('a', 'x', 'a.out'),
      conv('b', 'x', 'b.out'),
      makeNode('cat', 'Concat', ['a.out', 'b.out'], ['cat.out'], { axis: attribute.int(1) }),
      makeNode('pool', 'MaxPool', ['cat.out'], ['pool.out'], {
        kernel_shape: attribute.ints([2, 2]),
        strides: attribute.ints([2, 2]),
      }),
      conv('c', 'pool.out', 'y'),
    ],
  });
  it('do: concat with its inputs, pooling with its input', async () => {
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 4));
    const names = ['a', 'b', 'cat', 'pool'];
    const entries = names.map((name) => entry(model, name, 'output[0]')!);
    for (const own of entries) {
      expect(own.scale).toEqual(entries[0]!.scale);
      expect(own.zeroPoint).toEqual(entries[0]!.zeroPoint);
      expect(own.group).toBe(entries[0]!.group);
    }
    expect(entry(model, 'c', 'output[0]')!.group).toBeUndefined();
  });
  it('do not where the spec gives them other formats: there the reader requantises', async () => {
    const plan = uniformPlan(graph);
    const int8 = choice('int8');
    const nodes = { ...plan.nodes, cat: { 'input[0]': int8, 'input[1]': int8, 'output[0]': int8 } };
    const model = await quantize(graph, { ...plan, nodes }, samplesFor(graph, 4));
    expect(entry(model, 'a', 'output[0]')!.format).toBe('uint8');
    expect(entry(model, 'cat', 'input[0]')!.format).toBe('int8');
    expect(entry(model, 'cat', 'input[1]')!.scale).toEqual(entry(model, 'cat', 'output[0]')!.scale);
    expect(entry(model, 'pool', 'input[0]')!.format).toBe('uint8');
  });
});

describe('a tensor read in two formats', () => {
  it('is written in one and requantised for the other reader', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 2, 4, 4] },
      outputs: ['y', 'z'],
      constants: {
        'a.w': random(1, [2, 2, 1, 1]),
        'a.b': random(2, [2]),
        'b.w': random(3, [2, 2, 1, 1]),
        'b.b': random(4, [2]),
        'c.w': random(5, [2, 2, 1, 1]),
        'c.b': random(6, [2]),
      },
      nodes: [conv('a', 'x', 't'), conv('b', 't', 'y'), conv('c', 't', 'z')],
    });
    const plan = uniformPlan(graph);
    const nodes = { ...plan.nodes, c: { ...plan.nodes['c'], 'input[0]': choice('int8') } };
    const model = await quantize(graph, { ...plan, nodes }, samplesFor(graph, 3));
    expect(entry(model, 'b', 'input[0]')).toBeUndefined();
    expect(entry(model, 'c', 'input[0]')!.format).toBe('int8');
  });
});

describe('numerical limits', () => {
  const vanishing = (weight: number, bias: number) =>
    makeGraph({
      inputs: { x: [1, 2, 4, 4] },
      outputs: ['y'],
      constants: {
        'a.w': float32Tensor([2, 2, 1, 1], Float32Array.of(weight, weight, 0.5, -0.25)),
        'a.b': float32Tensor([2], Float32Array.of(bias, 0.1)),
      },
      nodes: [conv('a', 'x', 'y')],
    });

  it.each([
    [1e-13, 3],
    [0, 3],
    [0, 0],
    [1e-30, -1e4],
    [1e-45, 1e30],
  ])('weights of %d with a bias of %d: the bias stays under 2³⁰ steps and is exact to 2⁻²⁰', async (weight, bias) => {
    const graph = vanishing(weight, bias);
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 2));
    const own = entry(model, 'a', 'bias')!;
    const code = (own.codes as Int32Array)[0]!;
    expect(Math.abs(code)).toBeLessThan(2 ** 30);
    expect(Math.abs(code * own.scale[0]! - bias)).toBeLessThanOrEqual(Math.abs(bias) * 2 ** -20);
    expect(own.scale[0]).toBeGreaterThan(0);
  });
});

describe('constant channels', () => {
  /** Depthwise convolution with one dead channel, Clip to [0, 6], pointwise convolution. */
  function separable(padded: boolean, constant: number): Graph {
    const depthwise = random(1, [3, 1, 3, 3]).data as Float32Array;
    depthwise.fill(1e-14, 0, 9);
    return makeGraph({
      inputs: { x: [1, 3, 6, 6] },
      outputs: ['y'],
      constants: {
        'a.w': float32Tensor([3, 1, 3, 3], depthwise),
        'a.b': float32Tensor([3], Float32Array.of(constant, 0.3, -0.2)),
        low: float32Tensor([], Float32Array.of(0)),
        high: float32Tensor([], Float32Array.of(6)),
        'b.w': random(2, [4, 3, padded ? 3 : 1, padded ? 3 : 1]),
        'b.b': random(3, [4]),
      },
      nodes: [
        conv('a', 'x', 'a.out', { group: attribute.int(3), pads: attribute.ints([1, 1, 1, 1]) }),
        makeNode('clip', 'Clip', ['a.out', 'low', 'high'], ['clip.out']),
        conv('b', 'clip.out', 'y', padded ? { pads: attribute.ints([1, 1, 1, 1]) } : {}),
      ],
    });
  }
  const same = (a: Tensor, b: Tensor) => {
    expect(a.dims).toEqual(b.dims);
    (a.data as Float32Array).forEach((x, i) => {
      expect(x).toBeCloseTo((b.data as Float32Array)[i]!, 5);
    });
  };

  it('go into the reader’s bias, exactly, and leave zeros behind', async () => {
    const graph = separable(false, 4.7);
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 3));
    const told = model.findings.filter(({ code }) => code === 'quantize/constant-channels');
    expect(told.map(({ what }) => what)).toEqual([
      'One channel of “a” is constant, and went into the biases of the layers that read it.',
    ]);
    const inputs = new Map([['x', random(77, [1, 3, 6, 6])]]);
    same(evaluateGraph(model.graph, inputs).get('y')!, evaluateGraph(graph, inputs).get('y')!);
    expect([...(entry(model, 'a', 'weight')!.codes as Int8Array).subarray(0, 9)]).toEqual(new Array(9).fill(0));
    expect((entry(model, 'a', 'bias')!.codes as Int32Array)[0]).toBe(0);
  });
  it('stay where the reader pads, unless they are zero', async () => {
    const kept = separable(true, 4.7);
    const model = await quantize(kept, uniformPlan(kept), samplesFor(kept, 3));
    expect(model.findings.map((finding) => finding.code)).not.toContain('quantize/constant-channels');
    const zero = separable(true, -4.7);
    const folded = await quantize(zero, uniformPlan(zero), samplesFor(zero, 3));
    expect(folded.findings.map((finding) => finding.code)).toContain('quantize/constant-channels');
    const inputs = new Map([['x', random(78, [1, 3, 6, 6])]]);
    same(evaluateGraph(folded.graph, inputs).get('y')!, evaluateGraph(zero, inputs).get('y')!);
  });
});

describe('Gemm', () => {
  it.each([
    [0, [3]],
    [1, [1, 3]],
    [1, []],
  ])('with transB %d, alpha, beta and a bias of shape [%s] becomes plain and means the same', async (transB, dims) => {
    const graph = makeGraph({
      inputs: { x: [2, 5] },
      outputs: ['y'],
      constants: { w: random(1, transB ? [3, 5] : [5, 3]), c: random(2, dims as number[]) },
      nodes: [
        makeNode('g', 'Gemm', ['x', 'w', 'c'], ['y'], {
          alpha: attribute.float(0.5),
          beta: attribute.float(-2),
          transB: attribute.int(transB as number),
        }),
      ],
    });
    const model = await quantize(graph, uniformPlan(graph), samplesFor(graph, 3));
    expect(entry(model, 'g', 'weight')!.axis).toBe(transB ? 0 : 1);
    expect(entry(model, 'g', 'bias')!.codes!.length).toBe(3);
    const inputs = new Map([['x', random(9, [2, 5])]]);
    const [own, float] = [evaluateGraph(model.graph, inputs).get('y')!, evaluateGraph(graph, inputs).get('y')!];
    (own.data as Float32Array).forEach((x, i) => {
      expect(x).toBeCloseTo((float.data as Float32Array)[i]!, 5);
    });
  });
});

describe('channels in front of a depthwise convolution', () => {
  /** Pointwise convolution whose channels differ by a factor of 1000, depthwise convolution, pointwise convolution. */
  const uneven = (activation: 'Relu' | 'Clip') => {
    const pointwise = random(1, [4, 3, 1, 1]).data as Float32Array;
    const loudness = [1, 0.1, 0.01, 0.001];
    return makeGraph({
      inputs: { x: [1, 3, 6, 6] },
      outputs: ['y'],
      constants: {
        'a.w': float32Tensor(
          [4, 3, 1, 1],
          pointwise.map((w, i) => w * loudness[Math.floor(i / 3)]!),
        ),
        'a.b': float32Tensor(
          [4],
          Float32Array.from(loudness, (l) => 0.2 * l),
        ),
        low: float32Tensor([], Float32Array.of(0)),
        high: float32Tensor([], Float32Array.of(6)),
        'b.w': float32Tensor(
          [4, 1, 3, 3],
          (random(2, [4, 1, 3, 3]).data as Float32Array).map((w, i) => w / loudness[Math.floor(i / 9)]!),
        ),
        'b.b': random(3, [4]),
        'c.w': random(4, [2, 4, 1, 1]),
        'c.b': random(5, [2]),
      },
      nodes: [
        conv('a', 'x', 'a.out'),
        activation === 'Relu'
          ? makeNode('r', 'Relu', ['a.out'], ['r.out'])
          : makeNode('r', 'Clip', ['a.out', 'low', 'high'], ['r.out']),
        conv('b', 'r.out', 'b.out', { group: attribute.int(4), pads: attribute.ints([1, 1, 1, 1]) }),
        conv('c', 'b.out', 'y'),
      ],
    });
  };
  const inputs = new Map([['x', random(79, [1, 3, 6, 6])]]);
  const noise = (graph: Graph, model: QuantizedModel) => {
    const exact = evaluateGraph(graph, inputs).get('y')!.data as Float32Array;
    const rounded = evaluateGraph(simulate(model), inputs).get('y')!.data as Float32Array;
    const signal = exact.reduce((sum, x) => sum + x * x, 0);
    return 10 * Math.log10(signal / exact.reduce((sum, x, i) => sum + (x - rounded[i]!) ** 2, 0));
  };

  it('are brought towards a common range, and the float function stays the same', async () => {
    const graph = uneven('Relu');
    const model = await quantize(graph, uniformPlan(graph, { method: 'coordinate-descent' }), samplesFor(graph, 6));
    const before = graph.initializers.get('a.w')!.data as Float32Array;
    const node = model.graph.nodes.find(({ name }) => name === 'a')!;
    const after = model.graph.initializers.get(node.inputs[1]!)!.data as Float32Array;
    const gains = [0, 1, 2, 3].map((channel) => after[channel * 3]! / before[channel * 3]!);
    expect(gains[0]).toBeCloseTo(1, 5);
    expect(gains[3]! / gains[0]!).toBeGreaterThan(10);
    const [own, float] = [evaluateGraph(model.graph, inputs).get('y')!, evaluateGraph(graph, inputs).get('y')!];
    (own.data as Float32Array).forEach((x, i) => {
      expect(x).toBeCloseTo((float.data as Float32Array)[i]!, 4);
    });
    const nearest = await quantize(graph, uniformPlan(graph), samplesFor(graph, 6));
    expect(noise(graph, model)).toBeGreaterThan(noise(graph, nearest) + 6);
  });
  it('are so under an upper bound too: what calibration saw stays the same, and nothing passes the bound', async () => {
    const graph = uneven('Clip');
    const data = samplesFor(graph, 6);
    const model = await quantize(graph, uniformPlan(graph, { method: 'coordinate-descent' }), data);
    expect(model.graph.initializers.get('a.w')).not.toBe(graph.initializers.get('a.w'));
    for (let i = 0; i < data.length; i++) {
      const sample = await data.sample(i);
      const [own, float] = [evaluateGraph(model.graph, sample).get('y')!, evaluateGraph(graph, sample).get('y')!];
      (own.data as Float32Array).forEach((x, at) => {
        expect(x).toBeCloseTo((float.data as Float32Array)[at]!, 4);
      });
    }
  });

  it('stay as they are where one is always at the bound', async () => {
    const graph = uneven('Clip');
    const loud = {
      ...graph,
      initializers: new Map(graph.initializers).set('a.b', float32Tensor([4], Float32Array.of(9, 9, 9, 9))),
    };
    const model = await quantize(loud, uniformPlan(loud, { method: 'coordinate-descent' }), samplesFor(loud, 6));
    const node = model.graph.nodes.find(({ name }) => name === 'a')!;
    expect(model.graph.initializers.get(node.inputs[1]!)!.data).toEqual(loud.initializers.get('a.w')!.data);
  });
});

describe('least output error', () => {
  it('beats round to nearest on the layer’s own output, by much where inputs are alike', async () => {
    // Neighbouring inputs nearly equal, as in images: rounding errors that cancel are what counts.
    const samples = Array.from({ length: 20 }, (_, i) => {
      const base = random(i, [1, 4, 1, 1]).data as Float32Array;
      const values = Float32Array.from({ length: 4 * 64 }, (_, j) => base[j >> 6]! + 0.02 * Math.sin(i * 31 + j * 17));
      return new Map([['x', float32Tensor([1, 4, 8, 8], values)]]);
    });
    const graph = makeGraph({
      inputs: { x: [1, 4, 8, 8] },
      outputs: ['y'],
      constants: { 'a.w': random(5, [6, 4, 3, 3]), 'a.b': random(6, [6]) },
      nodes: [conv('a', 'x', 'y')],
    });
    const error = async (method: string) => {
      const model = await quantize(graph, uniformPlan(graph, { weights: 'int4', method }), datasetOf(samples));
      const weight = entry(model, 'a', 'weight')!;
      const bias = entry(model, 'a', 'bias')!;
      const format = formatNamed('int4');
      expect(format.bits).toBe(4);
      const values = Float32Array.from(
        weight.codes as Int8Array,
        (code, i) => code * weight.scale[Math.floor(i / 36)]!,
      );
      const rounded: Graph = {
        ...model.graph,
        initializers: new Map([
          ...model.graph.initializers,
          ['a.w', float32Tensor([6, 4, 3, 3], values)],
          ['a.b', float32Tensor([6], dequantizeTensor(bias.codes as Int32Array, [6], bias))],
        ]),
      };
      let [signal, noise] = [0, 0];
      for (const inputs of samples) {
        const exact = evaluateGraph(graph, inputs).get('y')!.data as Float32Array;
        const own = evaluateGraph(rounded, inputs).get('y')!.data as Float32Array;
        exact.forEach((x, i) => {
          signal += x * x;
          noise += (x - own[i]!) ** 2;
        });
      }
      return 10 * Math.log10(signal / noise);
    };
    const [nearest, descent] = [await error('round-to-nearest'), await error('coordinate-descent')];
    expect(nearest).toBeGreaterThan(10);
    expect(descent).toBeGreaterThan(nearest + 6);
  });
});
