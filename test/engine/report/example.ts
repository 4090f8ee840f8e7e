import type { Report, TensorHistogram } from '../../../engine/report/report.ts';

/** A report with something of everything, hostile names included. The figures are made up. */
export const exampleReport: Report = {
  version: 1,
  tool: { name: 'qspec', version: '0.1.0' },
  title: 'digits <b>&amp; "friends"',
  spec: { path: 'digits.qspec', hash: 'a'.repeat(64) },
  model: { path: 'digits.onnx', hash: 'b'.repeat(64) },
  calibration: {
    data: 'calibration',
    samples: 100,
    dataHash: 'c'.repeat(64),
    observers: [
      { name: 'mse', tensors: 11 },
      { name: 'min-max', tensors: 2 },
    ],
  },
  size: {
    before: 147_456,
    after: 43_008,
    parameters: 36_864,
    arithmetic: {
      before: { ace: 2_888_000_000, bops: 3_080_000_000, bitsPerParameter: 32 },
      after: { ace: 180_500_000, bops: 252_000_000, bitsPerParameter: 8.31 },
    },
  },
  accuracy: {
    data: 'validation',
    dataHash: 'd'.repeat(64),
    runtime: 'onnxruntime-web 1.30.0',
    measuredOn: 'logits',
    metrics: {
      samples: 360,
      agreement: 0.9917,
      sqnr: 31.4,
      largestDifference: 0.61,
      meanAbsoluteError: 0.012,
      cosine: 0.9998,
      notFinite: 0,
      labelled: {
        reference: { top1: 0.9806, top5: 1 },
        candidate: { top1: 0.9778, top5: 1 },
        lost: 2,
        won: 1,
        drop: 1 / 360,
        dropInterval: { low: -0.0104, high: 0.0177 },
      },
    },
  },
  layers: [
    layer('/features/0/Conv', 'Conv', 'int8', 41.2, 44.5, 640, 100_352, ['bn_0', 'Relu_0']),
    {
      ...layer('/features/3/Conv', 'Conv', 'int8', 40.1, 38.4, 18_496, 1_806_336, ['Relu_1']),
      weights: {
        range: [-0.412, 0.381],
        reached: [-0.4, 0.379],
        zeros: [0, 0.0634],
        levels: { used: 15, of: 15 },
        channelSqnr: [21.4, 24.9, 23.2, 19.8],
      },
      weightHistogram: histogram('step', 'int4', [0.0012, 0.0345], 16, 0, [-7, 7], 0),
      outputHistogram: histogram('value', 'uint8', [0.0201, 0.0201], 1, 3, [-0.0603, 5.0652], 0.0025),
    },
    layer('MaxPool_2', 'MaxPool', undefined, undefined, 38.4, 0, 0, []),
    layer('<script>alert(1)</script>', 'Conv', 'int8', 39.0, 35.9, 73_856, 903_168, []),
    layer('head', 'Gemm', undefined, undefined, undefined, 40_960, 10_240, []),
  ],
  targets: [
    {
      name: 'cortex-m7',
      title: 'Cortex-M7 (STM32H743, 480 MHz)',
      before: { latency: 0.0213, flash: 213_000, ram: 101_376 },
      after: { latency: 0.0071, flash: 108_544, ram: 29_696 },
      flashLimit: 2 * 1024 * 1024,
      ramLimit: 512 * 1024,
      budgets: [
        { text: 'flash <= 1.00 MiB', passed: true, found: '106 KiB (estimate)' },
        { text: 'latency <= 5.00 ms', passed: false, found: '7.10 ms (estimate)' },
      ],
      basis: ['An estimate, not a measurement.'],
    },
  ],
  expectations: [
    { text: 'expect top1 drop <= 1 points', passed: true, found: '0.28 points' },
    { text: 'expect size <= 40 KiB', passed: false, found: '42.0 KiB' },
    { text: 'expect top5 >= 99 %', passed: undefined, found: 'not measured' },
  ],
  verification: {
    runtime: 'onnxruntime-web',
    version: '1.30.0',
    levels: [
      {
        level: 'all',
        operators: [
          { op: 'QLinearConv', count: 3 },
          { op: 'QuantizeLinear', count: 1 },
          { op: 'MaxPool', count: 1 },
          { op: 'Gemm', count: 1 },
        ],
        floatCompute: ['head'],
      },
      { level: 'disabled', operators: [{ op: 'Conv', count: 3 }], floatCompute: [] },
    ],
    betweenLevels: {
      samples: 360,
      agreement: 1,
      sqnr: 48.2,
      largestDifference: 0.11,
      meanAbsoluteError: 0.012,
      cosine: 0.9998,
      notFinite: 0,
    },
    integerExecution: {
      samples: 360,
      agreement: 1,
      sqnr: 300,
      largestDifference: 0,
      meanAbsoluteError: 0.012,
      cosine: 0.9998,
      notFinite: 0,
    },
  },
  files: [
    { path: 'out/digits.int8.onnx', bytes: 43_008, kind: 'ONNX, QDQ, opset 21' },
    { path: 'out/digits.report.html', bytes: 20_480, kind: 'report' },
  ],
  findings: [
    {
      code: 'auto/chosen',
      severity: 'information',
      what: 'Activations are observed by `mse`.',
      why: 'Signal to noise of the outputs: min-max 20.2 dB, mse 21.1 dB.',
    },
    { code: 'quantize/stays-float', severity: 'information', what: 'Softmax “<softmax>” stays float.' },
    {
      code: 'data/single-class',
      severity: 'warning',
      what: 'All samples of "calibration" are of one class.',
      why: 'Ranges fit that class only.',
      fix: 'Draw stratified: take 100 seed 1.',
    },
  ],
  stages: [
    { name: 'load', seconds: 0.12 },
    { name: 'calibrate', seconds: 1.4 },
    { name: 'evaluate', seconds: 3.2 },
  ],
};

function layer(
  name: string,
  op: string,
  weight: string | undefined,
  weightSqnr: number | undefined,
  outputSqnr: number | undefined,
  parameters: number,
  macs: number,
  absorbed: readonly string[],
) {
  const bytesBefore = parameters * 4;
  return {
    name,
    op,
    absorbed,
    weight: weight ?? (parameters > 0 ? 'float32' : undefined),
    input: outputSqnr === undefined ? 'float32' : 'uint8',
    output: outputSqnr === undefined ? 'float32' : 'uint8',
    weightSqnr,
    outputSqnr,
    parameters,
    bytesBefore,
    bytesAfter: weight === undefined ? bytesBefore : parameters,
    macs,
  };
}

function histogram(
  unit: TensorHistogram['unit'],
  format: string,
  scale: readonly [number, number],
  channels: number,
  zeroPoint: number,
  levels: readonly [number, number],
  clipped: number,
): TensorHistogram {
  const before = [0, 40, 160, 300, 300, 160, 40, 0];
  const after = [0, 50, 150, 300, 300, 150, 50, 0];
  const step = unit === 'step' ? 1 : scale[0];
  const codes = { format, scale, zeroPoint, channels, step, levels };
  return { unit, low: levels[0] - step / 2, high: levels[1] + step / 2, before, after, count: 1000, clipped, codes };
}
