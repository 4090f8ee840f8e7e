import type { Attribute, Graph } from '../../../engine/graph/graph.ts';
import { outputAttributes, requantizationAttributes } from '../../../engine/operators/qspec/requantization.ts';
import type { Arithmetic } from '../../../engine/plan.ts';
import { arithmeticNamed } from '../../../engine/quantize/arithmetic/registry.ts';
import { elementCount, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { float, GraphBuilder, int, ints, randomNumbers, string } from './random-graph.ts';

interface Codes {
  readonly dtype: 'int8' | 'uint8';
  readonly zeroPoint: number;
}

/** A random network on 8-bit codes, of the engine's integer operators and what moves codes between them. */
export function randomIntegerGraph(seed: number, arithmetic: Arithmetic, size = 8): Graph {
  const random = randomNumbers(seed);
  const upTo = (n: number) => 1 + Math.floor(random() * n);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const kind = arithmeticNamed(arithmetic);
  const builder = new GraphBuilder(13);
  const codes = new Map<string, Codes>();
  const scale = () => Math.fround(0.01 + 0.1 * random());

  const newCodes = (): Codes & { readonly low: number; readonly high: number } => {
    const dtype = pick(['int8', 'uint8'] as const);
    const [low, high] = dtype === 'int8' ? [-128, 127] : [0, 255];
    return { dtype, zeroPoint: between(low, high), low: between(low, low + 3), high: between(high - 40, high) };
  };
  const add = (op: string, inputs: readonly string[], attributes: Record<string, Attribute>, out: Codes): string => {
    const value = builder.node(op, inputs, attributes);
    codes.set(value, out);
    return value;
  };
  const int8 = (dims: readonly number[]) =>
    builder.constant({
      dtype: 'int8',
      dims,
      data: Int8Array.from({ length: elementCount(dims) }, () => between(-127, 127)),
    });
  const int32 = (count: number) =>
    builder.constant({
      dtype: 'int32',
      dims: [count],
      data: Int32Array.from({ length: count }, () => between(-9000, 9000)),
    });
  /** Weight zero points of each of `channels` or of all, now and then. */
  const weightZeros = (channels: number): Record<string, Attribute> => {
    if (random() < 0.6) return {};
    const data = Int32Array.from({ length: pick([1, channels]) }, () => between(-20, 20));
    return { w_zero_point: { kind: 'tensor', value: { dtype: 'int32', dims: [data.length], data } } };
  };
  /** Factors that bring sums over `k` products into the range of 8 bits, for each channel or for all. */
  const rescales = (channels: number, k: number) =>
    Array.from({ length: pick([1, channels]) }, () =>
      kind.rescale(scale(), Math.fround(scale() / Math.sqrt(k)), Math.fround(20 * scale())),
    );
  const own = (value: string) => codes.get(value)!;
  const sameDims = (value: string) =>
    [...codes.keys()].filter((other) => builder.dims(other).join() === builder.dims(value).join());
  const images = () => [...codes.keys()].filter((value) => builder.dims(value).length === 4);
  const scales = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [`${name}_scale`, float(scale())]));

  const first = newCodes();
  const zero = (data: Codes): Tensor => ({
    dtype: data.dtype,
    dims: [],
    data: (data.dtype === 'int8' ? Int8Array : Uint8Array).of(data.zeroPoint),
  });
  const scalar = (value: number): Tensor => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) });
  const x = builder.input('x', [upTo(2), upTo(9), upTo(7), upTo(7)]);
  add('QuantizeLinear', [x, builder.constant(scalar(1 / 128)), builder.constant(zero(first))], {}, first);

  const moves: Record<string, () => void> = {
    conv() {
      const value = pick(images());
      const [, c, h, w] = builder.dims(value) as [number, number, number, number];
      const groups = pick([1, 1, c]);
      const outputs = groups * upTo(groups === 1 ? 12 : 2);
      const kernel = [Math.min(upTo(3), h + 2), Math.min(upTo(3), w + 2)];
      const out = newCodes();
      const inputs = [value, int8([outputs, c / groups, ...kernel]), ...(random() < 0.7 ? [int32(outputs)] : [])];
      const window = { kernel_shape: ints(kernel), strides: ints([upTo(2), upTo(2)]), pads: ints([1, 1, 1, 1]) };
      const requantization = requantizationAttributes(
        arithmetic,
        rescales(outputs, (c / groups) * kernel[0]! * kernel[1]!),
        out,
      );
      add(
        'qspec.QConv',
        inputs,
        {
          group: int(groups),
          ...window,
          x_zero_point: int(own(value).zeroPoint),
          ...weightZeros(outputs),
          ...requantization,
        },
        out,
      );
    },
    product() {
      const value = pick([...codes.keys()]);
      const k = elementCount(builder.dims(value).slice(1));
      if (k > 400) return;
      const flat = add('Flatten', [value], {}, own(value));
      const n = upTo(20);
      const transposed = random() < 0.5;
      const out = newCodes();
      add(
        'qspec.QGemm',
        [flat, int8(transposed ? [n, k] : [k, n]), int32(n)],
        {
          transB: int(transposed ? 1 : 0),
          x_zero_point: int(own(value).zeroPoint),
          ...weightZeros(n),
          ...requantizationAttributes(arithmetic, rescales(n, k), out),
        },
        out,
      );
    },
    binary() {
      const a = pick([...codes.keys()]);
      const b = pick(sameDims(a));
      const out = newCodes();
      const common = { ...scales(['a', 'b', 'y']), ...outputAttributes(out), arithmetic: string(arithmetic) };
      const zeros = { a_zero_point: int(own(a).zeroPoint), b_zero_point: int(own(b).zeroPoint) };
      add(pick(['qspec.QAdd', 'qspec.QMul']), [a, b], { ...common, ...zeros }, out);
    },
    vector() {
      const a = pick([...codes.keys()]);
      const dims = builder.dims(a);
      const b = int8(dims.length === 4 ? [dims[1]!, 1, 1] : [dims[dims.length - 1]!]);
      const out = newCodes();
      const common = { ...scales(['a', 'b', 'y']), ...outputAttributes(out), arithmetic: string(arithmetic) };
      const [left, right] = random() < 0.5 ? [a, b] : [b, a];
      const zeros = { [left === a ? 'a_zero_point' : 'b_zero_point']: int(own(a).zeroPoint) };
      add(pick(['qspec.QAdd', 'qspec.QMul']), [left, right], { ...common, ...zeros }, out);
    },
    averagePool() {
      const value = pick(images());
      const [, , h, w] = builder.dims(value) as [number, number, number, number];
      const out = newCodes();
      const common = {
        ...scales(['x', 'y']),
        x_zero_point: int(own(value).zeroPoint),
        ...outputAttributes(out),
        arithmetic: string(arithmetic),
      };
      if (random() < 0.4) add('qspec.QGlobalAveragePool', [value], common, out);
      else {
        const padded = h > 1 && w > 1 ? 1 : 0;
        const window = {
          kernel_shape: ints([Math.min(2, h), Math.min(3, w)]),
          strides: ints([upTo(2), 1]),
          pads: ints([padded, padded, padded, padded]),
        };
        add('qspec.QAveragePool', [value], { ...common, ...window, count_include_pad: int(upTo(2) - 1) }, out);
      }
    },
    maxPool() {
      const value = pick(images());
      const [, , h, w] = builder.dims(value) as [number, number, number, number];
      add(
        'MaxPool',
        [value],
        { kernel_shape: ints([Math.min(2, h), Math.min(3, w)]), strides: ints([upTo(2), 1]) },
        own(value),
      );
    },
    lookup() {
      const value = pick([...codes.keys()]);
      const out = newCodes();
      const entries = Array.from({ length: 256 }, () => between(out.low, out.high));
      const table = out.dtype === 'int8' ? Int8Array.from(entries) : Uint8Array.from(entries);
      add(
        'qspec.QLookup',
        [value],
        { table: { kind: 'tensor', value: { dtype: out.dtype, dims: [256], data: table } } },
        out,
      );
    },
    concat() {
      const value = pick(images());
      const partner = pick(sameDims(value).filter((other) => own(other).dtype === own(value).dtype));
      add('Concat', [value, partner, value], { axis: int(upTo(4) - 1) }, own(value));
    },
    transpose: () => {
      const value = pick(images());
      add(
        'Transpose',
        [value],
        {
          perm: ints(
            pick([
              [0, 2, 3, 1],
              [0, 3, 1, 2],
              [1, 0, 3, 2],
            ]),
          ),
        },
        own(value),
      );
    },
    reshape() {
      const value = pick(images());
      const [n, c, h, w] = builder.dims(value) as [number, number, number, number];
      add('Reshape', [value, builder.constant(int64Tensor([4], [n, h, c, w]))], {}, own(value));
    },
    pad() {
      const value = pick(images());
      const pads = builder.constant(
        int64Tensor(
          [8],
          Array.from({ length: 8 }, () => between(0, 1)),
        ),
      );
      add('Pad', [value, pads, builder.constant(zero(own(value)))], {}, own(value));
    },
  };
  const names = Object.keys(moves);
  while (builder.nodes.length < size) {
    if (elementCount(builder.dims(builder.values[builder.values.length - 1]!)) > 4000) break;
    moves[pick(names)]!();
  }
  const read = new Set(builder.nodes.flatMap((node) => node.inputs));
  const outputs = [...codes.keys()].filter((value) => !read.has(value));
  for (const value of [...outputs]) {
    if (random() < 0.5)
      outputs.push(
        builder.node('DequantizeLinear', [
          value,
          builder.constant(scalar(scale())),
          builder.constant(zero(own(value))),
        ]),
      );
  }
  return builder.finish(outputs);
}
