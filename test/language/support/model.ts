import type { LayerInput, LayerSummary, ModelSummary } from '../../../engine/graph/summary.ts';

export interface Sketch {
  readonly name: string;
  readonly op: string;
  readonly domain?: string;
  /** Names of activations read; the layers that write them are its producers. */
  readonly reads: readonly string[];
  readonly writes?: string;
  readonly shape: readonly (number | string)[];
  readonly weight?: readonly number[];
  /** Name of the weight tensor; the layer's with `.weight` unless stated. */
  readonly weightName?: string;
  /** Of a recurrent layer: its second weight. */
  readonly recurrent?: readonly number[];
  readonly bias?: boolean;
  readonly kernel?: readonly number[];
  readonly groups?: number;
  readonly macs?: number;
  readonly attributes?: LayerSummary['attributes'];
}

const quantization: Readonly<Record<string, LayerSummary['quantization']>> = {
  Conv: 'compute',
  Gemm: 'compute',
  MatMul: 'compute',
  Relu: 'activation',
  Add: 'elementwise',
  GlobalAveragePool: 'elementwise',
  Flatten: 'same-scale',
  ConvTranspose: 'compute',
  Concat: 'same-scale',
  MaxPool: 'same-scale',
  GRU: 'weight-only',
};

/** A summary from a sketch; values are called as their layers unless the sketch says otherwise. */
export function modelOf(
  sketches: readonly Sketch[],
  input: readonly (number | string)[] = [1, 3, 32, 32],
): ModelSummary {
  const shapes = new Map<string, readonly (number | string)[]>([['input', input]]);
  for (const sketch of sketches) shapes.set(sketch.writes ?? sketch.name, sketch.shape);
  const writers = new Map(sketches.map((sketch) => [sketch.writes ?? sketch.name, sketch.name]));
  const compute = sketches.filter((sketch) => sketch.weight !== undefined);
  const layers = sketches.map((sketch, index): LayerSummary => {
    const output = sketch.writes ?? sketch.name;
    const activations = sketch.reads.map(
      (name): LayerInput => ({ name, dtype: 'float32', shape: shapes.get(name) ?? null, kind: 'activation' }),
    );
    const constant = (name: string, shape: readonly number[]): LayerInput => ({
      name,
      dtype: 'float32',
      shape,
      kind: 'constant',
    });
    const weight = sketch.weight ? [constant(sketch.weightName ?? `${sketch.name}.weight`, sketch.weight)] : [];
    const second = sketch.recurrent ? [constant(`${sketch.name}.recurrent`, sketch.recurrent)] : [];
    const bias = sketch.bias ? [constant(`${sketch.name}.bias`, [sketch.weight?.[0] ?? 1])] : [];
    const count = (sketch.weight ?? []).reduce((product, side) => product * side, sketch.weight ? 1 : 0);
    return {
      name: sketch.name,
      op: sketch.op,
      domain: sketch.domain ?? '',
      inputs: [...activations, ...weight, ...second, ...bias],
      outputs: [{ name: output, dtype: 'float32', shape: sketch.shape }],
      ...(sketch.kernel ? { kernel: sketch.kernel } : {}),
      ...(sketch.groups ? { groups: sketch.groups } : {}),
      attributes: { ...((sketch.groups ?? 1) > 1 && { group: sketch.groups! }), ...sketch.attributes },
      parameters: count + (sketch.bias ? (sketch.weight?.[0] ?? 0) : 0),
      weightBytes: count * 4,
      biasBytes: sketch.bias ? (sketch.weight?.[0] ?? 0) * 4 : 0,
      macs: sketch.macs ?? 0,
      operations: 0,
      inputBytes: 0,
      outputBytes: 0,
      consumers: sketches.filter((other) => other.reads.includes(output)).map((other) => other.name),
      producers: sketch.reads.flatMap((name) => writers.get(name) ?? []),
      quantization: quantization[sketch.op] ?? null,
      weightInput: sketch.weight ? sketch.reads.length : null,
      biasInput: sketch.bias ? sketch.reads.length + 1 : null,
      ...(sketch.recurrent && { recurrentInput: sketch.reads.length + 1 }),
      position: { index, first: sketch === compute[0], last: sketch === compute.at(-1) },
      supported: true,
    };
  });
  const sum = (pick: (layer: LayerSummary) => number) => layers.reduce((total, layer) => total + pick(layer), 0);
  return {
    version: 1,
    name: 'sketch',
    irVersion: 8,
    producer: 'test',
    opsets: { '': 13 },
    metadata: {},
    inputs: [{ name: 'input', dtype: 'float32', shape: input }],
    outputs: [{ name: 'output', dtype: 'float32', shape: sketches.at(-1)?.shape ?? null }],
    layers,
    totals: {
      layers: layers.length,
      computeLayers: compute.length,
      parameters: sum((layer) => layer.parameters),
      constantBytes: sum((layer) => layer.weightBytes + layer.biasBytes),
      macs: sum((layer) => layer.macs),
      operations: 0,
      peakActivationBytes: 0,
    },
    findings: [],
  };
}

/**
 * Ten layers with something of everything: stem, depthwise, pointwise, residual Add, pooling, classifier, softmax.
 *
 * stem → stem.relu → dw → pw → add → pool → flatten → fc → softmax; stem.relu → add
 */
const smallSketches: readonly Sketch[] = [
  {
    name: '/stem/Conv',
    op: 'Conv',
    reads: ['input'],
    writes: 'a',
    shape: [1, 16, 16, 16],
    weight: [16, 3, 3, 3],
    bias: true,
    kernel: [3, 3],
    groups: 1,
    macs: 110_592,
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  { name: '/stem/Relu', op: 'Relu', reads: ['a'], writes: 'b', shape: [1, 16, 16, 16] },
  {
    name: '/block/0/dw/Conv',
    op: 'Conv',
    reads: ['b'],
    writes: 'c',
    shape: [1, 16, 16, 16],
    weight: [16, 1, 3, 3],
    bias: true,
    kernel: [3, 3],
    groups: 16,
    macs: 36_864,
    attributes: { pads: [1, 1, 1, 1] },
  },
  {
    name: '/block/0/pw/Conv',
    op: 'Conv',
    reads: ['c'],
    writes: 'd',
    shape: [1, 16, 16, 16],
    weight: [16, 16, 1, 1],
    bias: true,
    kernel: [1, 1],
    groups: 1,
    macs: 65_536,
  },
  { name: '/block/0/Add', op: 'Add', reads: ['d', 'b'], writes: 'e', shape: [1, 16, 16, 16] },
  { name: '/block/0/Relu', op: 'Relu', reads: ['e'], writes: 'f', shape: [1, 16, 16, 16] },
  { name: '/pool/GlobalAveragePool', op: 'GlobalAveragePool', reads: ['f'], writes: 'g', shape: [1, 16, 1, 1] },
  { name: '/flatten/Flatten', op: 'Flatten', reads: ['g'], writes: 'h', shape: [1, 16], attributes: { axis: 1 } },
  {
    name: '/fc/Gemm',
    op: 'Gemm',
    reads: ['h'],
    writes: 'i',
    shape: [1, 10],
    weight: [10, 16],
    bias: true,
    macs: 160,
    attributes: { transB: 1 },
  },
  { name: 'softmax', op: 'Softmax', reads: ['i'], writes: 'output', shape: [1, 10] },
];
export const small = modelOf(smallSketches);

/** The same with a layer that has no integer form: what the examples of docs/findings.md are about. */
export const exampleNetwork = modelOf([
  ...smallSketches.slice(0, 6),
  {
    name: '/up/ConvTranspose',
    op: 'ConvTranspose',
    reads: ['f'],
    writes: 'j',
    shape: [1, 8, 32, 32],
    weight: [16, 8, 2, 2],
    kernel: [2, 2],
    groups: 1,
  },
  ...smallSketches.slice(6),
]);

/**
 * Layers that share scales: two branches that a Concat joins, one of them behind a pool, and a sum of what it gives with the stem.
 *
 * stem → left → left.pool → join; stem → right → right.relu → join → mix → sum; stem → sum → out
 */
export const tied = modelOf([
  {
    name: 'stem',
    op: 'Conv',
    reads: ['input'],
    shape: [1, 8, 32, 32],
    weight: [8, 3, 3, 3],
    kernel: [3, 3],
    groups: 1,
  },
  { name: 'left', op: 'Conv', reads: ['stem'], shape: [1, 8, 32, 32], weight: [8, 8, 3, 3], kernel: [3, 3], groups: 1 },
  { name: 'left.pool', op: 'MaxPool', reads: ['left'], shape: [1, 8, 32, 32], kernel: [1, 1] },
  {
    name: 'right',
    op: 'Conv',
    reads: ['stem'],
    shape: [1, 8, 32, 32],
    weight: [8, 8, 1, 1],
    kernel: [1, 1],
    groups: 1,
  },
  { name: 'right.relu', op: 'Relu', reads: ['right'], shape: [1, 8, 32, 32] },
  { name: 'join', op: 'Concat', reads: ['left.pool', 'right.relu'], shape: [1, 16, 32, 32], attributes: { axis: 1 } },
  { name: 'mix', op: 'Conv', reads: ['join'], shape: [1, 8, 32, 32], weight: [8, 16, 1, 1], kernel: [1, 1], groups: 1 },
  { name: 'sum', op: 'Add', reads: ['mix', 'stem'], shape: [1, 8, 32, 32] },
  {
    name: 'out',
    op: 'Conv',
    reads: ['sum'],
    writes: 'output',
    shape: [1, 4, 32, 32],
    weight: [4, 8, 1, 1],
    kernel: [1, 1],
    groups: 1,
  },
]);

/** A model that is quantised already: its float network is `small`. */
export const quantized: ModelSummary = {
  ...modelOf([
    { name: 'q', op: 'QuantizeLinear', reads: ['input'], shape: [1, 3, 32, 32] },
    { name: 'd', op: 'DequantizeLinear', reads: ['q'], shape: [1, 3, 32, 32] },
    { name: 'w', op: 'DequantizeLinear', reads: ['input'], shape: [8, 3, 3, 3] },
    { name: 'conv', op: 'Conv', reads: ['d', 'w'], writes: 'output', shape: [1, 8, 32, 32], kernel: [3, 3] },
  ]),
  quantized: { style: 'QDQ', float: small },
};

/** One whose codes cannot be made float. */
export const inCodes: ModelSummary = {
  ...quantized,
  quantized: { style: 'QOperator', reason: 'MatMulInteger “product” has no float form here' },
};

/** The layers that the design's example speaks of. */
export const mobilenet = modelOf(
  [
    {
      name: '/features/0/Conv',
      op: 'Conv',
      reads: ['input'],
      writes: 'a',
      shape: [1, 32, 112, 112],
      weight: [32, 3, 3, 3],
      bias: true,
      kernel: [3, 3],
      groups: 1,
      macs: 10_838_016,
    },
    {
      name: '/features/1/Conv',
      op: 'Conv',
      reads: ['a'],
      writes: 'b',
      shape: [1, 16, 112, 112],
      weight: [16, 32, 1, 1],
      bias: true,
      kernel: [1, 1],
      groups: 1,
      macs: 6_422_528,
    },
    {
      name: '/features/2/Conv',
      op: 'Conv',
      reads: ['b'],
      writes: 'c',
      shape: [1, 96, 112, 112],
      weight: [96, 16, 1, 1],
      bias: true,
      kernel: [1, 1],
      groups: 1,
      macs: 19_267_584,
    },
    {
      name: '/classifier/Gemm',
      op: 'Gemm',
      reads: ['c'],
      writes: 'output',
      shape: [1, 1000],
      weight: [1000, 1280],
      bias: true,
      macs: 1_280_000,
    },
  ],
  ['N', 3, 224, 224],
);

/** A model with two inputs. */
export const twoInputs: ModelSummary = {
  ...small,
  inputs: [
    { name: 'image', dtype: 'float32', shape: [1, 3, 32, 32] },
    { name: 'state', dtype: 'float32', shape: [1, 128] },
  ],
};

/** Three axes of space, of which integer kernels know two. */
export const volume = modelOf(
  [
    { name: 'conv', op: 'Conv', reads: ['input'], shape: [1, 4, 8, 8, 8], weight: [4, 1, 3, 3, 3], kernel: [3, 3, 3] },
    { name: 'pool', op: 'MaxPool', reads: ['conv'], shape: [1, 4, 4, 4, 4] },
  ],
  [1, 1, 8, 8, 8],
);

/** gru → fc. */
export const recurrent = modelOf(
  [
    { name: 'gru', op: 'GRU', reads: ['input'], shape: [25, 1, 1, 32], weight: [1, 96, 10], recurrent: [1, 96, 32] },
    { name: 'fc', op: 'Gemm', reads: ['gru'], shape: [25, 12], weight: [32, 12], bias: true },
  ],
  [25, 1, 10],
);
