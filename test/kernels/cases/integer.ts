import fc from 'fast-check';
import type { CodeOutput, CodeScale, CodeType, PoolGeometry, Requantization } from '../../../kernels/api.ts';
import { codesOf, qaveragePool, qbinaryCode, qconv2d, qmaxPool } from '../../../kernels/reference/integer.ts';
import { type AnyCase, type Bench, integers, kernelCase, seeds, sizes, type Trial } from '../harness.ts';
import { geometries } from './conv.ts';
import { poolGeometries } from './pool.ts';

type Codes = Uint8Array | Int8Array;

const types = fc.constantFrom<CodeType>('u8', 's8');
const arithmetics = fc.constantFrom<Requantization['arithmetic']>('ort', 'tflite', 'gemmlowp', 'settle');

export function codes(seed: number, length: number, type: CodeType): Codes {
  const [low, high] = type === 'u8' ? [0, 255] : [-128, 127];
  const result = codesOf(type, length);
  result.set(integers(seed, length, low, high));
  return result;
}

const zeroPoint = (seed: number, type: CodeType): number => (type === 'u8' ? seed % 256 : (seed % 256) - 128);

/** Output codes with a narrowed range now and then. */
export function outputCodes(seed: number, type: CodeType): CodeOutput {
  const [low, high] = type === 'u8' ? [0, 255] : [-128, 127];
  const narrow = seed % 3 === 0;
  return { type, zeroPoint: zeroPoint(seed >> 3, type), low: narrow ? low + 20 : low, high: narrow ? high - 60 : high };
}

/** Constants that bring sums of about `size` into the range of 8 bits; a few channels far off, some zero. */
export function requantizations(
  seed: number,
  arithmetic: Requantization['arithmetic'],
  count: number,
  size: number,
): Requantization {
  const jitter = integers(seed, count, -2, 2);
  const fraction = integers(seed + 1, count, 2 ** 30, 2 ** 31 - 1);
  const exponent = Math.round(Math.log2(200 / Math.max(1, size)));
  // A factor above 1 takes another way through the kernels.
  if (seed % 4 === 0) jitter[0] = 3 - exponent;
  if (arithmetic === 'ort')
    return { arithmetic, scale: Float32Array.from(jitter, (j, i) => (fraction[i]! / 2 ** 31) * 2 ** (exponent + j)) };
  if (arithmetic === 'settle')
    return {
      arithmetic,
      multiplier: Int32Array.from(fraction, (f) => f >> 16),
      shift: Int32Array.from(jitter, (j) => Math.max(1, 15 - exponent - j)),
    };
  return {
    arithmetic,
    multiplier: Int32Array.from(fraction, (f, i) => (i % 7 === 5 ? 0 : f)),
    shift: Int32Array.from(jitter, (j) => exponent + j),
  };
}

const between = 77;

/** Pixels `gap` elements longer than their channels. */
function spread<T extends Codes | Int32Array>(values: T, channels: number, gap: number): T {
  const pixels = values.length / channels;
  const out = (new (values.constructor as new (length: number) => T)(pixels * (channels + gap)) as T).fill(
    between,
  ) as T;
  for (let p = 0; p < pixels; p++) out.set(values.subarray(p * channels, (p + 1) * channels), p * (channels + gap));
  return out;
}

const convInputs = (depthwise: boolean) =>
  fc.record({
    seed: seeds,
    geometry: depthwise
      ? geometries(sizes(19, 2), fc.constant(1), fc.constant(1), fc.tuple(sizes(6), sizes(5)))
      : fc.oneof(
          geometries(fc.constant(1), sizes(9), sizes(20)),
          geometries(fc.constant(1), sizes(20), sizes(9)),
          geometries(sizes(3), sizes(9), sizes(10)),
        ),
    inputType: types,
    outputType: types,
    arithmetic: fc.oneof({ weight: 4, arbitrary: arithmetics }, fc.constant('none' as const)),
    bias: fc.boolean(),
    single: fc.boolean(),
    wide: fc.boolean(),
    gap: sizes(2, 0),
  });

type ConvInput = ReturnType<typeof convInputs> extends fc.Arbitrary<infer T> ? T : never;

function build(bench: Bench, { seed, geometry, inputType, outputType, arithmetic, ...use }: ConvInput): Trial {
  const { ws } = bench;
  const { batch, inputHeight, inputWidth, inputChannels, outputChannels, groups, kernel } = geometry;
  const depth = (inputChannels / groups) * kernel[0] * kernel[1];
  const values = integers(seed, outputChannels * depth, use.wide ? -255 : -128, use.wide ? 255 : 127);
  const args = {
    geometry,
    weights: use.wide ? Int16Array.from(values) : Int8Array.from(values),
    bias: use.bias ? integers(seed + 1, outputChannels, -20000, 20000) : undefined,
    input: { type: inputType, zeroPoint: zeroPoint(seed, inputType) },
    output: outputCodes(seed, outputType),
    requantization:
      arithmetic === 'none'
        ? { arithmetic }
        : requantizations(seed + 2, arithmetic, use.single ? 1 : outputChannels, 12000 * Math.sqrt(depth)),
  };
  // int32 outputs may have a zero point that is only known while running.
  const running = arithmetic === 'none' && use.single;
  const input = codes(seed + 3, batch * inputHeight * inputWidth * inputChannels, inputType);
  const expected = spread(qconv2d(args, input), outputChannels, use.gap);
  const output = bench.out(expected.byteLength);
  const View = expected.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => Int32Array;
  new View(ws.kernels.memory.buffer, output, expected.length).fill(between);
  const step = ws.qconv2d({
    conv: ws.packQConv(running ? { ...args, input: { type: inputType, zeroPoint: 0 } } : args),
    zeroPoint: running ? bench.put(Uint8Array.of(args.input.zeroPoint)) : undefined,
    input: bench.put(spread(input, inputChannels, use.gap)),
    output,
    inputStride: inputChannels + use.gap,
    outputStride: outputChannels + use.gap,
  });
  return { step, results: [{ address: output, expected }] };
}

export const convCodes: AnyCase = kernelCase(convInputs(false), build);
export const depthwiseCodes: AnyCase = kernelCase(convInputs(true), build);
export const dotCodes: AnyCase = convCodes;
export const depthwiseDotCodes: AnyCase = depthwiseCodes;

/** The widening is seen through the product that follows it. */
export const widenCodes: AnyCase = kernelCase(
  fc.record({
    seed: seeds,
    m: sizes(70),
    k: sizes(40),
    n: sizes(20),
    type: types,
    arithmetic: arithmetics,
    transposed: fc.boolean(),
  }),
  (bench, { seed, m, k, n, type, arithmetic, transposed }): Trial => {
    const { ws } = bench;
    const byColumns = Int8Array.from(integers(seed, n * k, -128, 127));
    const shared = {
      bias: integers(seed + 1, n, -9000, 9000),
      input: { type, zeroPoint: zeroPoint(seed, type) },
      output: outputCodes(seed, type),
      requantization: requantizations(seed + 2, arithmetic, n, 12000 * Math.sqrt(k)),
    };
    const geometry = {
      batch: 1,
      inputHeight: 1,
      inputWidth: m,
      inputChannels: k,
      outputChannels: n,
      kernel: [1, 1],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
      groups: 1,
    } as const;
    const a = codes(seed + 3, m * k, type);
    const expected = qconv2d({ ...shared, geometry, weights: byColumns }, a);
    const weights = transposed ? byColumns : byColumns.map((_, i) => byColumns[(i % n) * k + Math.floor(i / n)]!);
    const b = ws.packQMatrix({ ...shared, k, n, weights, transposed });
    const output = bench.out(expected.length);
    return { step: ws.qgemm({ m, a: bench.put(a), b, output }), results: [{ address: output, expected }] };
  },
);

/** The padding is seen through the product that follows it. */
export const padCodes: AnyCase = convCodes;

const pools = fc.record({
  seed: seeds,
  geometry: poolGeometries,
  type: types,
  outputType: types,
  arithmetic: arithmetics,
  countIncludePad: fc.boolean(),
});
const elements = (g: PoolGeometry): number => g.batch * g.inputHeight * g.inputWidth * g.channels;

export const maxPoolCodes: AnyCase = kernelCase(
  fc.record({ seed: seeds, geometry: poolGeometries, extra: sizes(20, 0), type: types }),
  (bench, { seed, geometry: g, extra, type }): Trial => {
    const geometry = { ...g, channels: g.channels + extra };
    const input = codes(seed, elements(geometry), type);
    const expected = qmaxPool(geometry, input);
    const output = bench.out(expected.length);
    const step = bench.ws.qmaxPool({ geometry, type, input: bench.put(input), output });
    return { step, results: [{ address: output, expected }] };
  },
);

export const averagePoolCodes: AnyCase = kernelCase(
  pools,
  (bench, { seed, geometry, type, outputType, arithmetic, countIncludePad }): Trial => {
    const input = codes(seed, elements(geometry), type);
    const inputCodes = { type, zeroPoint: zeroPoint(seed, type) };
    const output = outputCodes(seed, outputType);
    const counts = geometry.kernel[0] * geometry.kernel[1] + 1;
    const requantization = requantizations(seed, arithmetic, counts, 300);
    const expected = qaveragePool(geometry, countIncludePad, input, inputCodes.zeroPoint, requantization, output);
    const address = bench.out(expected.length);
    const step = bench.ws.qaveragePool({
      geometry,
      countIncludePad,
      input: bench.put(input),
      inputCodes,
      output: address,
      outputCodes: output,
      requantization,
    });
    return { step, results: [{ address, expected }] };
  },
);

export const binaryCodes: AnyCase = kernelCase(
  fc.record({
    seed: seeds,
    fn: fc.constantFrom<'add' | 'mul'>('add', 'mul'),
    dims: fc.array(fc.record({ size: sizes(9), a: fc.boolean(), b: fc.boolean() }), { maxLength: 4 }),
    aType: types,
    bType: types,
    outputType: types,
    arithmetic: arithmetics,
  }),
  (bench, { seed, fn, dims, aType, bType, outputType, arithmetic }): Trial => {
    // `true`: the operand is broadcast along the dim.
    const strides = (operand: 'a' | 'b'): { readonly strides: number[]; readonly length: number } => {
      let step = 1;
      const set = [...dims].reverse().map((dim) => {
        const stride = dim[operand] && dim.size > 1 ? 0 : step;
        if (stride !== 0) step *= dim.size;
        return stride;
      });
      return { strides: set.reverse(), length: step };
    };
    const [aWalk, bWalk] = [strides('a'), strides('b')];
    const [a, b] = [codes(seed, aWalk.length, aType), codes(seed + 1, bWalk.length, bType)];
    const aCodes: CodeScale = { type: aType, zeroPoint: zeroPoint(seed, aType), scale: 0.0123 };
    const bCodes: CodeScale = { type: bType, zeroPoint: zeroPoint(seed >> 5, bType), scale: 0.0456 };
    const output = { ...outputCodes(seed >> 2, outputType), scale: 0.0371 };
    const tables = fn === 'add' && arithmetic !== 'ort';
    const aTable = tables ? integers(seed + 2, 256, -(2 ** 26), 2 ** 26) : undefined;
    const bTable = tables ? integers(seed + 3, 256, -(2 ** 26), 2 ** 26) : undefined;
    const requantization = requantizations(seed, arithmetic, 1, tables ? 2 ** 26 : 10000);
    const shape = dims.map((dim) => dim.size);
    const expected = codesOf(
      outputType,
      shape.reduce((product, size) => product * size, 1),
    );
    for (let i = 0; i < expected.length; i++) {
      let [rest, ai, bi] = [i, 0, 0];
      for (let d = shape.length - 1; d >= 0; d--) {
        ai += (rest % shape[d]!) * aWalk.strides[d]!;
        bi += (rest % shape[d]!) * bWalk.strides[d]!;
        rest = Math.floor(rest / shape[d]!);
      }
      expected[i] = qbinaryCode(fn, a[ai]!, b[bi]!, aCodes, bCodes, output, requantization, aTable, bTable);
    }
    const address = bench.out(expected.length);
    const step = bench.ws.qbinary({
      fn,
      a: bench.put(a),
      b: bench.put(b),
      output: address,
      dims: shape,
      aStrides: aWalk.strides,
      bStrides: bWalk.strides,
      aCodes,
      bCodes,
      outputCodes: output,
      requantization,
      ...(tables ? { aTable: aTable!, bTable: bTable! } : {}),
    });
    return { step, results: [{ address, expected }] };
  },
);

export const lookupCodes: AnyCase = kernelCase(
  fc.record({ seed: seeds, count: fc.oneof(sizes(30), sizes(9000)) }),
  (bench, { seed, count }): Trial => {
    const input = codes(seed, count, 'u8') as Uint8Array;
    const table = codes(seed + 1, 256, 'u8') as Uint8Array;
    const output = bench.out(count);
    const step = bench.ws.lookup({ input: bench.put(input), output, count, table });
    return { step, results: [{ address: output, expected: input.map((code) => table[code]!) }] };
  },
);
