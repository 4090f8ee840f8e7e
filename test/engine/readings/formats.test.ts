import { describe, expect, it } from 'vitest';
import type { Granularity } from '../../../engine/formats/granularity.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatFamilies, formatNamed, formats } from '../../../engine/formats/registry.ts';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { edgeKey, type QuantizedModel } from '../../../engine/quantize/assignment.ts';
import { exportFindings } from '../../../engine/readings/export-findings.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { integerGraph } from '../../../engine/readings/integer.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { relativeError, runInOnnxRuntime } from '../../onnxruntime.ts';
import {
  bytesOf,
  makeGraph,
  modelOf,
  type PlanOptions,
  quantize,
  random,
  samplesFor,
  uniformPlan,
} from '../quantize/small.ts';
import { runInteger, stepsApart } from './agreement.ts';

/** A convolution, a depthwise one, and a matrix product: three ways in which output channels lie; between them what only moves values. */
function network(): Graph {
  return makeGraph({
    inputs: { x: [1, 6, 5, 5] },
    outputs: ['y'],
    constants: {
      'a.w': random(1, [8, 6, 3, 3]),
      'a.b': random(2, [8]),
      'd.w': random(3, [8, 1, 3, 3]),
      'g.w': random(5, [8, 10]),
      'g.b': random(6, [10]),
    },
    nodes: [
      makeNode('a', 'Conv', ['x', 'a.w', 'a.b'], ['a.y'], { pads: attribute.ints([1, 1, 1, 1]) }),
      makeNode('r', 'Relu', ['a.y'], ['r.y']),
      makeNode('m', 'MaxPool', ['r.y'], ['m.y'], { kernel_shape: attribute.ints([2, 2]) }),
      makeNode('d', 'Conv', ['m.y', 'd.w'], ['d.y'], { group: attribute.int(8) }),
      makeNode('p', 'GlobalAveragePool', ['d.y'], ['p.y']),
      makeNode('f', 'Flatten', ['p.y'], ['f.y']),
      makeNode('g', 'Gemm', ['f.y', 'g.w', 'g.b'], ['y']),
    ],
  });
}

const layers = ['a', 'd', 'g'];
const dimsOf = (graph: Graph, layer: string) => graph.initializers.get(`${layer}.w`)!.dims;

async function compressed(
  options: PlanOptions,
): Promise<{ model: QuantizedModel; inputs: ReadonlyMap<string, Tensor> }> {
  const graph = network();
  const data = samplesFor(graph, 3);
  return { model: await quantize(graph, uniformPlan(graph, options), data), inputs: await data.sample(1) };
}

/** Weights as they reach the layers when the exported graph runs, by layer. */
function exportedWeights(graph: Graph, inputs: ReadonlyMap<string, Tensor>): Map<string, Float32Array> {
  const values = new Map<string, Tensor>(graph.initializers);
  evaluateGraph(graph, inputs, { observe: (name, tensor) => void values.set(name, tensor) });
  return new Map(
    layers.map((layer) => {
      const node = graph.nodes.find(({ name }) => name === layer)!;
      return [layer, values.get(node.inputs[1]!)!.data as Float32Array];
    }),
  );
}

async function holdsExactly(options: PlanOptions): Promise<void> {
  const { model, inputs } = await compressed({ activations: 'float', ...options });
  const exported = exportQdq(modelOf(network()), model);
  const weights = exportedWeights(exported.graph, inputs);
  for (const layer of layers) {
    const entry = model.assignment.entries.get(edgeKey(layer, 'weight'))!;
    const held = decodeTensor(entry.codes!, dimsOf(network(), layer), entry);
    expect([...weights.get(layer)!], layer).toEqual([...held]);
  }
  const simulated = evaluateGraph(simulate(model), inputs).get('y')!;
  for (const optimize of ['all', 'disabled'] as const) {
    const judged = await runInOnnxRuntime(bytesOf(exported), inputs, optimize);
    expect(relativeError(judged.get('y')!, simulated), optimize).toBeLessThan(1e-5);
  }
}

const names = [...formats.map(({ name }) => name), ...formatFamilies.flatMap(({ examples }) => examples)].filter(
  // 32-bit codes have no zero point in ONNX, and uint32 no DequantizeLinear at all.
  (name) => !/^u?int32$/.test(name),
);

describe('weights alone', () => {
  it.each(names)(
    '%s: the export holds what the codes stand for, and ONNX Runtime computes with it',
    async (weights) => {
      const weightScheme = formatNamed(weights).signed ? 'symmetric' : 'affine';
      await holdsExactly({ weights, weightScheme });
    },
  );

  it.each(
    (
      ['int4', 'uint4', 'e4m3fn', 'e2m1', 'kmeans(2)', 'bcq(2)', 'dual(int2)', 'dual(int4)', 'ternary'] as const
    ).flatMap((weights) =>
      (['per-tensor', 'per-group(4)', 'per-group(5)', 'per-block(2x4)', 'per-kernel', 'per-tap'] as const).map(
        (granularity) => [weights, granularity] as [string, Granularity],
      ),
    ),
  )('%s %s', async (weights, granularity) => {
    await holdsExactly({ weights, granularity, weightScheme: formatNamed(weights).signed ? 'symmetric' : 'affine' });
  });

  it.each(['power-of-two-scale', 'bfloat16-scale', 'float8-scale'])('int4 with %s', async (scale) => {
    await holdsExactly({ weights: 'int4', scale, granularity: 'per-group(4)' });
  });

  it('says which weights are no smaller in the file', async () => {
    const { model } = await compressed({ activations: 'float', weights: 'kmeans(2)' });
    expect(exportFindings(model).map(({ what }) => what)).toEqual([
      'The weights of 3 layers in kmeans(2) are written as float32.',
    ]);
  });
});

describe('sums of tensors', () => {
  const termsOf = (graph: Graph) =>
    graph.nodes
      .filter(({ op }) => op === 'DequantizeLinear')
      .map(({ inputs }) => graph.initializers.get(inputs[0]!)!)
      .filter(({ dtype }) => dtype !== 'int32');

  it.each([
    [undefined, 'int4'],
    ['int8', 'int8'],
  ] as const)('container %s: two tensors of %s for each weight, and a finding says so', async (container, dtype) => {
    const { model, inputs } = await compressed({ activations: 'float', weights: 'dual(int4)' });
    const exported = exportQdq(modelOf(network()), model, container ? { container } : {});
    const terms = termsOf(exported.graph);
    expect(terms.map((term) => term.dtype)).toEqual(Array(2 * layers.length).fill(dtype));
    for (const { data } of terms) expect((data as Int8Array).every((code) => Math.abs(code) <= 7)).toBe(true);
    expect(exportFindings(model).map(({ code }) => code)).toEqual(['export/added-tensors']);
    const judged = await runInOnnxRuntime(bytesOf(exported), inputs);
    expect(relativeError(judged.get('y')!, evaluateGraph(simulate(model), inputs).get('y')!)).toBeLessThan(1e-5);
  });

  it('are what `omse` makes of a dual format, in groups too', async () => {
    for (const granularity of ['per-channel', 'per-group(4)'] as const) {
      const options = { activations: 'float', weights: 'dual(int3)', granularity } as const;
      const { model } = await compressed({ ...options, method: 'omse' });
      const plain = await compressed(options);
      const key = edgeKey('g', 'weight');
      expect(model.assignment.entries.get(key)).toEqual(plain.model.assignment.entries.get(key));
    }
  });
});

describe('weights between integer activations', () => {
  const cases: [string, Granularity][] = [
    ...[
      'binary',
      'ternary',
      'pot(3)',
      'pot(4)',
      'apot(4)',
      'e2m1',
      'e2m3',
      'esb(4, 2)',
      'nested(8, 4)',
      'int3',
      'int7',
    ].map((name) => [name, 'per-channel'] as [string, Granularity]),
    ['e4m3fn', 'per-channel'],
    ['kmeans(3)', 'per-channel'],
    ['dual(int2)', 'per-channel'],
    ['dual(int4)', 'per-channel'],
    ['mxfp4', 'per-channel'],
    ['int4', 'per-group(8)'],
    ['int8', 'per-kernel'],
  ];
  it.each(cases)('%s %s: simulation, integer reading and ONNX Runtime agree', async (weights, granularity) => {
    const { model, inputs } = await compressed({ weights, granularity });
    const codes = model.assignment.entries.get(edgeKey('g', 'output[0]'))!;
    const own = runInteger(model, inputs).get('y')!;
    const simulated = evaluateGraph(simulate(model), inputs).get('y')!;
    const judged = await runInOnnxRuntime(bytesOf(exportQdq(modelOf(network()), model)), inputs);
    // A step a layer, of which a tie in the first may become two in the last.
    expect(stepsApart(own, simulated, codes)).toBeLessThanOrEqual(2);
    expect(stepsApart(own, judged.get('y')!, codes)).toBeLessThanOrEqual(2);
  });

  it('are multiplied as integers wherever an integer type of up to 8 bits carries them', async () => {
    const products = async (weights: string, granularity: Granularity = 'per-channel') =>
      integerGraph((await compressed({ weights, granularity })).model).nodes.filter(({ op }) =>
        /^Q(Conv|Gemm)$/.test(op),
      ).length;
    expect(await products('pot(4)')).toBe(3);
    expect(await products('e2m1')).toBe(3);
    expect(await products('e4m3fn')).toBe(0);
    expect(await products('int4', 'per-group(8)')).toBe(0);
  });
});

describe('activations', () => {
  it.each(['e4m3fn', 'e5m2'])('%s: ONNX Runtime and the simulation round alike', async (activations) => {
    const { model, inputs } = await compressed({ activations, weights: activations, scheme: 'symmetric' });
    const simulated = evaluateGraph(simulate(model), inputs).get('y')!;
    const judged = await runInOnnxRuntime(bytesOf(exportQdq(modelOf(network()), model)), inputs);
    expect(relativeError(judged.get('y')!, simulated)).toBeLessThan(2 ** -2);
    const grid = formatNamed(activations).coder(
      { scale: model.assignment.entries.get(edgeKey('g', 'output[0]'))!.scale[0]!, zeroPoint: 0 },
      [0, 255],
    );
    for (const x of judged.get('y')!.data as Float32Array) expect(grid.decode(grid.encode(x))).toBe(x);
  });

  const [relu, clip] = [makeNode('r', 'Relu', ['a.y'], ['r.y']), makeNode('r', 'Clip', ['a.y', '', 'most'], ['r.y'])];
  it.each([
    ['Relu', 'e4m3fn', relu],
    ['Clip', 'e4m3fn', clip],
    ['Relu', 'e5m2', relu],
  ])('a %s in floats ahead of what is rounded to %s is heard in ONNX Runtime', async (_, format, activation) => {
    const graph = makeGraph({
      inputs: { x: [1, 6, 5, 5] },
      outputs: ['y'],
      constants: {
        'a.w': random(1, [8, 6, 3, 3]),
        'b.w': random(3, [4, 8, 3, 3]),
        most: float32Tensor([], Float32Array.of(0.5)),
      },
      nodes: [makeNode('a', 'Conv', ['x', 'a.w'], ['a.y']), activation, makeNode('b', 'Conv', ['r.y', 'b.w'], ['y'])],
    });
    const plan = uniformPlan(graph, { activations: format, scheme: 'symmetric', float: ['a', 'r'] });
    const data = samplesFor(graph, 3);
    const model = await quantize(graph, plan, data);
    const inputs = await data.sample(1);
    const simulated = evaluateGraph(simulate(model), inputs).get('y')!;
    for (const optimize of ['all', 'disabled'] as const) {
      const judged = await runInOnnxRuntime(bytesOf(exportQdq(modelOf(graph), model)), inputs, optimize);
      expect(relativeError(judged.get('y')!, simulated), optimize).toBeLessThan(0.05);
    }
  });

  it.each(['e2m3', 'pot(4)', 'apot(4)', 'float(e3m4)', 'nested(8, 4)'])(
    '%s: the simulation rounds; the export refuses and says why',
    async (activations) => {
      const { model, inputs } = await compressed({ activations, scheme: 'symmetric' });
      const seen = new Map<string, Tensor>();
      evaluateGraph(simulate(model), inputs, { observe: (name, tensor) => void seen.set(name, tensor) });
      const entry = model.assignment.entries.get(edgeKey('a', 'output[0]'))!;
      const format = formatNamed(activations);
      const { encode, decode } = format.coder({ scale: entry.scale[0]!, zeroPoint: 0 }, [format.low, format.high]);
      const rounded = seen.get('a.y')!.data as Float32Array;
      expect(rounded.filter((x) => decode(encode(x)) !== x)).toEqual(new Float32Array(0));
      // The Relu behind the layer is a bound on what it rounds.
      const least = decode(encode(0));
      expect(rounded.every((x) => x >= least)).toBe(true);
      expect(() => exportQdq(modelOf(network()), model)).toThrow(/which no ONNX operator does/);
      expect(() => integerGraph(model)).toThrow(/no integers to compute with/);
    },
  );
});
