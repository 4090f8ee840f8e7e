/** A setting of formats that networks are measured in; its specs lie in `bench/specs/NAME/`. */
export interface Row {
  readonly name: string;
  readonly title: string;
  /** What the table says of it. */
  readonly note: string;
  /** Upper bound of the drop that each network must stay below, in points; absent: reported only. */
  readonly bounds: Readonly<Record<string, number | undefined>>;
  /** Type of the weights that onnxruntime's quantiser is asked for; absent: it has no such setting. */
  readonly peer?: 'QInt8' | 'QInt4';
  /** The runtime does not run these formats: our own integer execution is measured. */
  readonly engineOnly?: true;
}

export const networks: Readonly<Record<string, string>> = {
  kws: 'KWS DS-CNN',
  resnet8: 'ResNet8',
  vww: 'VWW MobileNetV1-0.25-96',
  mobilenetv1: 'MobileNetV1-0.25-224',
  squeezenet: 'SqueezeNet',
};

export const rows: readonly Row[] = [
  {
    name: 'w8a8',
    title: 'W8A8',
    note: '`quantize auto { weights int8  activations uint8 }`',
    bounds: { kws: 1.5, resnet8: 1.5, vww: 1.5, mobilenetv1: 2.5, squeezenet: 1.5 },
    peer: 'QInt8',
  },
  {
    name: 'w4a8',
    title: 'W4A8',
    note: '`quantize auto { weights int4  activations uint8 }`: all weights take at most 55 % of what they take in INT8',
    bounds: { kws: 3.5, resnet8: 3.5, vww: 3.5, mobilenetv1: 8, squeezenet: 3.5 },
    peer: 'QInt4',
  },
  {
    name: 'w4a4',
    title: 'W4A4',
    note: '`layer-by-layer`; input, pooling and logits, weights of the first and last layer in 8 bits',
    bounds: { kws: 9, resnet8: 5 },
  },
  {
    name: 'w3a8',
    title: 'W3A8',
    note: '`layer-by-layer`; weights of the first and last layer in 8 bits',
    bounds: { kws: 4, resnet8: 4 },
  },
  {
    name: 'w2a8',
    title: 'W2A8',
    note: '`layer-by-layer`, codes −1, 0 and 1; weights of the first and last layer in 8 bits; ONNX Runtime has no 2-bit layers, so our own integer execution is measured',
    bounds: { kws: undefined, resnet8: undefined },
    engineOnly: true,
  },
];
