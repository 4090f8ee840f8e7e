import fc from 'fast-check';
import { copy, permute, resizeLinear, resizeNearest } from '../../../kernels/reference/movement.ts';
import { type AnyCase, floats, integers, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

const elementSizes = fc.constantFrom<1 | 4>(1, 4);
const elements = (seed: number, count: number, bytes: 1 | 4): Float32Array | Uint8Array =>
  bytes === 4 ? floats(seed, count) : Uint8Array.from(integers(seed, count, 0, 255));

/** Strides of a block inside a larger one, some axes walked backwards. */
const blocks = fc.array(fc.record({ size: sizes(6), gap: sizes(2, 0), back: fc.boolean() }), { maxLength: 4 });

export const copyStrided: AnyCase = kernelCase(
  fc.record({ seed: seeds, dims: blocks, bytes: elementSizes }),
  (bench, { seed, dims, bytes }): Trial => {
    let input = 1;
    let output = 1;
    let start = 0;
    const inputStrides: number[] = [];
    const outputStrides: number[] = [];
    for (const { size, gap, back } of [...dims].reverse()) {
      inputStrides.unshift(back ? -input : input);
      if (back) start += input * (size - 1);
      outputStrides.unshift(output);
      input *= size + gap;
      output *= size + (gap > 0 ? 1 : 0);
    }
    const x = elements(seed, input, bytes);
    const expected = elements(seed + 1, output, bytes);
    const address = bench.out(expected.byteLength);
    bench.ws.kernels.u8(address, expected.byteLength).set(new Uint8Array(expected.buffer));
    const shape = dims.map((dim) => dim.size);
    copy(x, start, expected, shape, inputStrides, outputStrides);
    const from = bench.put(x) + start * bytes;
    const step = bench.ws.copy({
      input: from,
      output: address,
      dims: shape,
      inputStrides,
      outputStrides,
      elementBytes: bytes,
    });
    return { step, results: [{ address, expected }] };
  },
);

const permutations = fc
  .array(sizes(7), { minLength: 2, maxLength: 6 })
  .chain((dims) =>
    fc.record({ dims: fc.constant(dims), perm: fc.shuffledSubarray([...dims.keys()], { minLength: dims.length }) }),
  );
const planes = fc
  .record({
    batch: sizes(2),
    channels: fc.oneof(fc.constant(3), sizes(9), sizes(20)),
    pixels: sizes(70),
    first: fc.boolean(),
  })
  .map(({ batch, channels, pixels, first }) => ({
    dims: first ? [batch, channels, pixels] : [batch, pixels, channels],
    perm: [0, 2, 1],
  }));

export const transpose: AnyCase = kernelCase(
  fc.record({ seed: seeds, shape: fc.oneof(permutations, planes), bytes: elementSizes }),
  (bench, { seed, shape: { dims, perm }, bytes }): Trial => {
    const count = dims.reduce((product, size) => product * size, 1);
    const x = elements(seed, count, bytes);
    const output = bench.out(x.byteLength);
    const step = bench.ws.permute({ input: bench.put(x), output, dims, perm, elementBytes: bytes });
    return { step, results: [{ address: output, expected: permute(x, dims, perm) }] };
  },
);

export const fill: AnyCase = kernelCase(
  fc.record({
    count: fc.oneof(sizes(40), sizes(9000)),
    value: fc.integer({ min: -128, max: 255 }),
    bytes: elementSizes,
  }),
  (bench, { count, value, bytes }): Trial => {
    const output = bench.out(count * bytes);
    const step = bench.ws.fill({ output, count, value, elementBytes: bytes });
    const expected = bytes === 4 ? new Float32Array(count).fill(value) : new Uint8Array(count).fill(value & 255);
    return { step, results: [{ address: output, expected }] };
  },
);

export const gatherRows: AnyCase = kernelCase(
  fc.record({
    seed: seeds,
    outer: sizes(3),
    rows: sizes(6),
    count: sizes(8),
    rowBytes: fc.oneof(sizes(40), sizes(400)),
  }),
  (bench, { seed, outer, rows, count, rowBytes }): Trial => {
    const x = Uint8Array.from(integers(seed, outer * rows * rowBytes, 0, 255));
    const indices = integers(seed + 1, count, 0, rows - 1);
    const expected = new Uint8Array(outer * count * rowBytes);
    for (let o = 0; o < outer; o++)
      for (const [i, index] of indices.entries()) {
        const from = (o * rows + index) * rowBytes;
        expected.set(x.subarray(from, from + rowBytes), (o * count + i) * rowBytes);
      }
    const output = bench.out(expected.length);
    const step = bench.ws.gather({
      input: bench.put(x),
      indices: bench.put(indices),
      output,
      count,
      rowBytes,
      outer,
      rows,
    });
    return { step, results: [{ address: output, expected }] };
  },
);

const resizes = fc.record({
  seed: seeds,
  shape: fc.tuple(sizes(2), sizes(5), sizes(5), sizes(9)),
  rows: fc.array(fc.double({ min: -1, max: 6, noNaN: true }), { minLength: 1, maxLength: 7 }),
  columns: fc.array(fc.double({ min: -1, max: 6, noNaN: true }), { minLength: 1, maxLength: 7 }),
});

export const resizeNearestCase: AnyCase = kernelCase(resizes, (bench, { seed, shape, rows, columns }): Trial => {
  const [batch, inputHeight, inputWidth, channels] = shape;
  const x = floats(seed, batch * inputHeight * inputWidth * channels);
  const positions = { rows: Float64Array.from(rows, Math.floor), columns: Float64Array.from(columns, Math.floor) };
  const expected = resizeNearest(x, shape, positions.rows, positions.columns);
  const output = bench.out(expected.byteLength);
  const step = bench.ws.resize({
    kind: 'nearest',
    batch,
    inputHeight,
    inputWidth,
    channels,
    outputHeight: rows.length,
    outputWidth: columns.length,
    input: bench.put(x),
    output,
    ...positions,
  });
  return { step, results: [{ address: output, expected }] };
});

export const resizeLinearF32: AnyCase = kernelCase(resizes, (bench, { seed, shape, rows, columns }): Trial => {
  const [batch, inputHeight, inputWidth, channels] = shape;
  const x = floats(seed, batch * inputHeight * inputWidth * channels);
  const positions = { rows: Float64Array.from(rows), columns: Float64Array.from(columns) };
  const expected = resizeLinear(x, shape, positions.rows, positions.columns);
  const output = bench.out(expected.byteLength);
  const step = bench.ws.resize({
    kind: 'linear',
    batch,
    inputHeight,
    inputWidth,
    channels,
    outputHeight: rows.length,
    outputWidth: columns.length,
    input: bench.put(x),
    output,
    ...positions,
  });
  return { step, results: [{ address: output, expected }] };
});
