import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';

const operators = ['Conv', 'Relu', 'Conv', 'Add', 'Mul', 'Gemm', 'MatMul', 'Softmax', 'Reshape', 'Concat'];

/** A chain of layers with weights, residual additions and the operators of convolutional and attention networks. */
export function syntheticModel(count: number): ModelSummary {
  const layers = Array.from({ length: count }, (_, index): LayerSummary => {
    const op = operators[index % operators.length]!;
    const compute = op === 'Conv' || op === 'Gemm' || op === 'MatMul';
    const name = layerName(index);
    const shape = [1, 64, 28, 28];
    const reads = index === 0 ? [] : op === 'Add' && index > 4 ? [index - 1, index - 4] : [index - 1];
    return {
      name,
      op,
      domain: '',
      inputs: [
        ...(reads.length === 0 ? ['input'] : reads.map((other) => `v${other}`)).map((value) => {
          return { name: value, dtype: 'float32', shape, kind: 'activation' } as const;
        }),
        ...(compute ? [{ name: `w${index}`, dtype: 'float32', shape: [64, 64, 3, 3], kind: 'constant' } as const] : []),
      ],
      outputs: [{ name: `v${index}`, dtype: 'float32', shape }],
      ...(op === 'Conv' && { kernel: [3, 3], groups: index % 3 === 0 ? 64 : 1 }),
      attributes: {},
      parameters: compute ? 36_864 : 0,
      weightBytes: compute ? 147_456 : 0,
      biasBytes: 0,
      macs: compute ? 28_901_376 : 0,
      operations: 50_176,
      inputBytes: 200_704,
      outputBytes: 200_704,
      consumers: [index + 1, index + 4]
        .filter((next) => next < count && (next === index + 1 || operators[next % operators.length] === 'Add'))
        .map(layerName),
      producers: reads.map(layerName),
      quantization: compute ? 'compute' : op === 'Relu' ? 'activation' : op === 'Softmax' ? null : 'elementwise',
      weightInput: compute ? (op === 'Conv' || reads.length < 2 ? 1 : 2) : null,
      biasInput: null,
      position: { index, first: index === 0, last: false },
      supported: true,
    };
  });
  const sum = (pick: (layer: LayerSummary) => number) => layers.reduce((total, layer) => total + pick(layer), 0);
  return {
    version: 1,
    name: 'synthetic',
    irVersion: 10,
    producer: 'bench',
    opsets: { '': 21 },
    metadata: {},
    inputs: [{ name: 'input', dtype: 'float32', shape: [1, 64, 28, 28] }],
    outputs: [{ name: `v${count - 1}`, dtype: 'float32', shape: [1, 64, 28, 28] }],
    layers,
    totals: {
      layers: count,
      computeLayers: layers.filter(({ quantization }) => quantization === 'compute').length,
      parameters: sum((layer) => layer.parameters),
      constantBytes: sum((layer) => layer.weightBytes),
      macs: sum((layer) => layer.macs),
      operations: sum((layer) => layer.operations),
      peakActivationBytes: 401_408,
    },
    findings: [],
  };
}

function layerName(index: number): string {
  return `/stage${Math.floor(index / 1000)}/block${Math.floor(index / 10)}/${operators[index % operators.length]}_${index}`;
}

/** A spec of that many lines whose rules use every kind of selector. */
export function syntheticSpec(lines: number, layers: number): string {
  const head = [
    'qspec 1',
    'model "synthetic.onnx"',
    'target cortex-m7',
    'data calibration npz "c.npz" { array x }',
    'quantize {',
    '  weights int8 symmetric per-channel',
    '  activations uint8 affine per-tensor observe mse',
  ];
  const rules = Array.from({ length: lines - head.length - 1 }, (_, i) => {
    const at = Math.floor((i * 7919) % layers);
    const name = layerName(at);
    const shapes = [
      `  layer "${name}" { weights int4 }`,
      `  layers "/stage${Math.floor(at / 1000)}/block${Math.floor(at / 10)}/*" optional { weights int8 per-channel }`,
      `  layers re"/stage[0-9]+/block${i}/.*" optional { activations uint8 observe percentile(99.9) }`,
      `  layers op Conv where macs > ${i}k and kernel == 3x3 optional { weights int8 }`,
      `  layers consumers of "${name}" optional { activations uint8 }`,
    ];
    return shapes[i % shapes.length]!;
  });
  return [...head, ...rules, '}', ''].join('\n');
}
