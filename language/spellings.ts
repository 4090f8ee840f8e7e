/** What a word stands for; the kinds of `unknown` in `checks/remarks.ts`. */
export type WordKind =
  | 'format'
  | 'observer'
  | 'method'
  | 'criterion'
  | 'optimizer'
  | 'schedule'
  | 'operator'
  | 'kind of data'
  | 'budget'
  | 'expectation'
  | 'target';

/** A word of this language and what other tools call the same. */
interface Spelling {
  readonly kind: WordKind;
  readonly word: string;
  /** Plain: in lower case, with `-` for `_`. */
  readonly elsewhere: readonly string[];
}

/**
 * Spellings that people bring along from PyTorch, TensorFlow Lite, ONNX Runtime, NNCF and AIMET. What differs from a word of the
 * language in `_` for `-` alone needs no line.
 */
export const spellings: readonly Spelling[] = [
  { kind: 'format', word: 'symmetric', elsewhere: ['sym', 'symm', 'is-symmetric'] },
  { kind: 'format', word: 'affine', elsewhere: ['asym', 'asymm', 'asymmetric'] },
  {
    kind: 'format',
    word: 'per-channel',
    elsewhere: ['perchannel', 'channelwise', 'channel-wise', 'per-axis', 'peraxis'],
  },
  { kind: 'format', word: 'per-tensor', elsewhere: ['pertensor', 'tensorwise', 'tensor-wise', 'per-layer'] },
  { kind: 'format', word: 'float', elsewhere: ['fp32', 'f32', 'float32'] },
  { kind: 'format', word: 'int2', elsewhere: ['i2', 's2', 'qint2'] },
  { kind: 'format', word: 'int4', elsewhere: ['i4', 's4', 'qint4'] },
  { kind: 'format', word: 'int8', elsewhere: ['i8', 's8', 'qint8', 'sint8', 'int8-t'] },
  { kind: 'format', word: 'int16', elsewhere: ['i16', 's16', 'qint16'] },
  { kind: 'format', word: 'int32', elsewhere: ['i32', 's32', 'qint32'] },
  { kind: 'format', word: 'uint4', elsewhere: ['u4', 'quint4'] },
  { kind: 'format', word: 'uint8', elsewhere: ['u8', 'quint8', 'uint8-t'] },
  { kind: 'format', word: 'uint16', elsewhere: ['u16', 'quint16'] },
  { kind: 'observer', word: 'min-max', elsewhere: ['minmax', 'minmaxobserver', 'min-max-observer'] },
  { kind: 'observer', word: 'percentile', elsewhere: ['quantile', 'histogram-percentile'] },
  { kind: 'observer', word: 'mse', elsewhere: ['mean-squared-error'] },
  { kind: 'method', word: 'round-to-nearest', elsewhere: ['rtn', 'nearest', 'round'] },
  { kind: 'method', word: 'hqq', elsewhere: ['half-quadratic', 'hqq-scale-only'] },
  { kind: 'operator', word: 'Conv', elsewhere: ['conv1d', 'conv2d', 'conv3d', 'convolution', 'nn.conv2d'] },
  {
    kind: 'operator',
    word: 'ConvTranspose',
    elsewhere: ['convtranspose2d', 'conv2dtranspose', 'deconv', 'nn.convtranspose2d'],
  },
  {
    kind: 'operator',
    word: 'Gemm',
    elsewhere: ['linear', 'dense', 'fc', 'fully-connected', 'innerproduct', 'nn.linear'],
  },
  { kind: 'operator', word: 'BatchNormalization', elsewhere: ['batchnorm', 'batchnorm2d', 'nn.batchnorm2d'] },
  { kind: 'kind of data', word: 'images', elsewhere: ['image', 'imagefolder', 'jpg', 'jpeg', 'png'] },
  { kind: 'kind of data', word: 'npz', elsewhere: ['numpy'] },
  { kind: 'budget', word: 'ram', elsewhere: ['memory', 'sram', 'peak-memory'] },
  { kind: 'budget', word: 'flash', elsewhere: ['rom'] },
  { kind: 'budget', word: 'latency', elsewhere: ['time', 'runtime', 'inference-time'] },
  { kind: 'budget', word: 'size', elsewhere: ['model-size', 'file-size'] },
  { kind: 'expectation', word: 'top1', elsewhere: ['accuracy', 'acc', 'top-1', 'top1-accuracy'] },
  { kind: 'expectation', word: 'top5', elsewhere: ['top-5', 'top5-accuracy'] },
  { kind: 'expectation', word: 'sqnr', elsewhere: ['snr'] },
  { kind: 'expectation', word: 'size', elsewhere: ['model-size', 'file-size'] },
  { kind: 'expectation', word: 'latency', elsewhere: ['time', 'runtime', 'inference-time'] },
  { kind: 'target', word: 'x86-64', elsewhere: ['x86', 'x64', 'amd64'] },
  { kind: 'target', word: 'cortex-a72', elsewhere: ['raspberry-pi-4', 'rpi4'] },
];

/** By kind, then plain spelling. */
const words = new Map<WordKind, Map<string, string>>();
for (const { kind, word, elsewhere } of spellings) {
  const ofKind = words.get(kind) ?? new Map<string, string>();
  words.set(kind, ofKind);
  for (const spelling of elsewhere) ofKind.set(spelling, word);
}

/** The word of the language that another tool's spelling means, among those that there are; undefined where it is no such spelling. */
export function wordFor(kind: WordKind, text: string | undefined, known: readonly string[]): string | undefined {
  if (text === undefined || known.includes(text)) return undefined;
  const written = plain(text);
  const elsewhere = words.get(kind)?.get(written);
  if (elsewhere !== undefined && known.includes(elsewhere)) return elsewhere;
  return text.includes('_') ? known.find((word) => plain(word) === written) : undefined;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll('_', '-');
}
