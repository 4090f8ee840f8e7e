/** Tables of docs/results.md, by the names of their markers. */
export const tableNames = ['accuracy', 'two-bits', 'floats'] as const;

/** A setting of formats that networks are measured in; its specs lie in `bench/specs/NAME/`, or in the folder that it names. */
export interface Row {
  readonly name: string;
  /** Folder of the specs, and the weight format there in whose place this row has another. */
  readonly from?: { readonly folder: string; readonly replaced: string; readonly by: string };
  /** Table of docs/results.md that the row is in, by the name of its markers. */
  readonly table: (typeof tableNames)[number];
  readonly title: string;
  /** What the table says of it. */
  readonly note: string;
  /** Upper bound of the drop that each network must stay below, in points; absent: reported only. */
  readonly bounds: Readonly<Record<string, number | undefined>>;
  /** Type of the weights that onnxruntime's quantiser is asked for; absent: it has no such setting. */
  readonly peer?: 'QInt8' | 'QInt4';
  /** The runtime does not run these formats: our own execution is measured, on integers or as a simulation. */
  readonly engineOnly?: true;
}

export const networks: Readonly<Record<string, string>> = {
  kws: 'KWS DS-CNN',
  resnet8: 'ResNet8',
  vww: 'VWW MobileNetV1-0.25-96',
  mobilenetv1: 'MobileNetV1-0.25-224',
  squeezenet: 'SqueezeNet',
};

/** Weights in formats of two bits that no integer kernel multiplies, and two tensors of two bits. */
const twoBits = ['int2', 'kmeans(2)', 'lq(2)', 'bcq(2)', 'dual(int2)'].map(
  (format): Row => ({
    name: `w2a8-${format}`,
    from: { folder: 'w2a8-codes', replaced: 'dual(int2)', by: format },
    table: 'two-bits',
    title: `\`${format}\``,
    note: '`layer-by-layer`; weights of the first and last layer in 8 bits',
    bounds: { kws: undefined, resnet8: undefined },
  }),
);

export const rows: readonly Row[] = [
  {
    name: 'w8a8',
    table: 'accuracy',
    title: 'W8A8',
    note: '`quantize auto { weights int8  activations uint8 }`',
    bounds: { kws: 1.5, resnet8: 1.5, vww: 1.5, mobilenetv1: 2.5, squeezenet: 1.5 },
    peer: 'QInt8',
  },
  {
    name: 'w4a8',
    table: 'accuracy',
    title: 'W4A8',
    note: '`quantize auto { weights int4  activations uint8 }`: all weights take at most 55 % of what they take in INT8',
    bounds: { kws: 3.5, resnet8: 3.5, vww: 3.5, mobilenetv1: 8, squeezenet: 3.5 },
    peer: 'QInt4',
  },
  {
    name: 'w4a4',
    table: 'accuracy',
    title: 'W4A4',
    note: '`layer-by-layer`; input, pooling and logits, weights of the first and last layer in 8 bits',
    bounds: { kws: 9, resnet8: 5 },
  },
  {
    name: 'w3a8',
    table: 'accuracy',
    title: 'W3A8',
    note: '`layer-by-layer`; weights of the first and last layer in 8 bits',
    bounds: { kws: 4, resnet8: 4 },
  },
  {
    name: 'w2a8',
    table: 'accuracy',
    title: 'W2A8',
    note: '`layer-by-layer`, codes −1, 0 and 1; weights of the first and last layer in 8 bits; ONNX Runtime has no 2-bit layers, so our own integer execution is measured',
    bounds: { kws: undefined, resnet8: undefined },
    engineOnly: true,
  },
  ...twoBits,
  {
    name: 'f6',
    table: 'floats',
    title: 'W6A8',
    note: 'weights `best-split(6)`, a split and a scale for each tensor, with `batch-norm-reestimation`, and SqueezeNet, which has no normalisations, by `layer-by-layer`; activations `uint8`; nothing computes with these weights, so the simulation is measured',
    bounds: { kws: 2, resnet8: 2, vww: 2, squeezenet: 2 },
    engineOnly: true,
  },
  {
    name: 'f8-split',
    table: 'floats',
    title: 'F8, finer splits',
    note: 'weights `best-split(8)`, a split and a scale for each output channel, by `layer-by-layer`, activations `float(e3m4)`, input and logits `uint8`; simulated, as above',
    bounds: { kws: 2, resnet8: 2, vww: 2 },
    engineOnly: true,
  },
  {
    name: 'f8',
    table: 'floats',
    title: 'FP8',
    note: '`quantize auto { weights e4m3fn  activations e4m3fn }`, input and logits `uint8`; between QuantizeLinear and DequantizeLinear ONNX Runtime computes in float',
    bounds: { kws: 2, resnet8: 2, vww: 2 },
  },
];
