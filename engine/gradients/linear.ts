import type { GraphNode } from '../graph/graph.ts';
import { channelsOf } from '../methods/channels.ts';
import { convolutionDims } from '../operators/linear/conv.ts';
import { floatAttribute, intAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { resolvePads, windowOf } from '../operators/shared/windows.ts';
import { type MatrixProducts, transposed } from './matrix-products.ts';
import type { Layer, MakeStep, Step, StepContext } from './step.ts';

/** A layer as a product of its rows with columns of inputs. */
interface Columns {
  /** [inputs of a row, places]. */
  of(input: Float32Array): Float32Array;
  /** Sums what belongs to one input. */
  back(columns: Float32Array): Float32Array;
}

/** A convolution of one group as a product over patches; of one input a channel (depthwise) by itself. */
export const convStep: MakeStep = (context) => {
  const { node, graph, inputs, products } = context;
  const [x, weight] = [inputs[0]!, graph.initializers.get(node.inputs[1]!)];
  if (weight === undefined || x.length !== 4) return 'it is no convolution over two axes with stored weights';
  const dims = convolutionDims(node, { dtype: 'float32', dims: x }, weight, undefined) as number[];
  const groups = intAttribute(node, 'group', 1);
  const layer = layerOf(context, 1, 0);
  const patches = patchesOf(node, x, weight.dims, dims);
  if (groups === 1) return productStep(layer, patches.isWhole ? whole : patchColumns(patches), dims, products);
  return groups === x[1] && groups === dims[1]
    ? depthwiseStep(layer, patches, dims)
    : 'its channels are in groups of several';
};

/** Gemm and MatMul with a stored matrix, over rows of inputs. */
export const matrixStep: MakeStep = (context) => {
  const { node, graph, inputs, products } = context;
  const [x, weight] = [inputs[0], graph.initializers.get(node.inputs[1]!)];
  if (x?.length !== 2 || weight?.dims.length !== 2) return 'it is no product of rows with a stored matrix';
  const isPlain = floatAttribute(node, 'alpha', 1) === 1 && floatAttribute(node, 'beta', 1) === 1;
  if (!isPlain || intAttribute(node, 'transA', 0) !== 0) return 'it scales or transposes';
  const axis = node.op === 'Gemm' && intAttribute(node, 'transB', 0) !== 0 ? 0 : 1;
  const layer = layerOf(context, 1, axis);
  return productStep(layer, whole, [x[0]!, layer.outputs], products);
};

function layerOf({ node, graph }: StepContext, index: number, axis: number): Layer {
  const weight = graph.initializers.get(node.inputs[index]!)!;
  const channels = channelsOf({ values: Float32Array.from(numbersOf(weight)), dims: weight.dims, axis });
  const rows = new Float32Array(channels.length * channels[0]!.length);
  for (const [i, channel] of channels.entries()) rows.set(channel, i * channel.length);
  const stored = graph.initializers.get(node.inputs[2] ?? '');
  const given = stored && numbersOf(stored);
  const bias = Float32Array.from(channels, (_, i) => (given ? given[given.length === 1 ? 0 : i]! : 0));
  return {
    rows,
    outputs: channels.length,
    bias,
    rowSlopes: new Float32Array(rows.length),
    biasSlopes: new Float32Array(bias.length),
    learns: false,
  };
}

function productStep(layer: Layer, columns: Columns, dims: readonly number[], products: MatrixProducts): Step {
  const { rows, outputs, bias } = layer;
  const length = rows.length / outputs;
  let kept: Float32Array = new Float32Array(0);
  return {
    dims,
    layer,
    async forward([input]) {
      kept = columns.of(input!);
      const places = kept.length / length;
      const out = await products.multiply(rows, kept, outputs, length, places);
      for (let channel = 0, at = 0; channel < outputs; channel++)
        for (const end = at + places; at < end; at++) out[at]! += bias[channel]!;
      return out;
    },
    async backwardLast(slope) {
      const places = kept.length / length;
      if (layer.learns) {
        sumRows(slope, layer.biasSlopes);
        layer.rowSlopes.set(await products.multiply(slope, transposed(kept, length, places), outputs, places, length));
      }
    },
    async backward(slope) {
      await this.backwardLast!(slope);
      const places = kept.length / length;
      return columns.back(await products.multiply(transposed(rows, outputs, length), slope, length, outputs, places));
    },
  };
}

function sumRows(values: Float32Array, into: Float32Array): void {
  const length = values.length / into.length;
  for (let row = 0, at = 0; row < into.length; row++) {
    let sum = 0;
    for (const end = at + length; at < end; at++) sum += values[at]!;
    into[row] = sum;
  }
}

const whole: Columns = { of: (input) => input, back: (columns) => columns };

/** Where the patches of a convolution lie. */
interface Patches {
  /** Channels, samples, and sides of the input. */
  readonly input: readonly [number, number, number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
  /** Every place is a patch of its own. */
  readonly isWhole: boolean;
}

function patchesOf(
  node: GraphNode,
  [n, c, h, w]: readonly number[],
  weight: readonly number[],
  dims: readonly number[],
): Patches {
  const window = windowOf(node, 2, weight.slice(2));
  const { begin, end } = resolvePads(window, [h!, w!]);
  const { strides, dilations, kernel } = window;
  return {
    input: [c!, n!, h!, w!],
    output: [dims[2]!, dims[3]!],
    kernel: [kernel[0]!, kernel[1]!],
    strides,
    dilations,
    begin,
    isWhole: [...kernel, ...strides].every((size) => size === 1) && [...begin, ...end].every((pad) => pad === 0),
  };
}

/** Calls for each tap and row of outputs with the first and last output whose input lies inside, and where that input is. */
function forEachRow(
  { input: [channels, samples, height, width], output, kernel, strides, dilations, begin }: Patches,
  visit: (row: number, tap: number, plane: number, from: number, to: number, at: number, stride: number) => void,
): void {
  const [rowStride, stride] = [strides[0]!, strides[1]!];
  for (let plane = 0; plane < channels * samples; plane++) {
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      const down = Math.floor(tap / kernel[1]) * dilations[0]! - begin[0]!;
      const across = (tap % kernel[1]) * dilations[1]! - begin[1]!;
      const from = Math.max(0, Math.ceil(-across / stride));
      const to = Math.min(output[1], Math.floor((width - 1 - across) / stride) + 1);
      for (let row = 0; row < output[0]; row++) {
        const line = row * rowStride + down;
        if (line < 0 || line >= height || to <= from) continue;
        visit(row, tap, plane, from, to, (plane * height + line) * width + from * stride + across, stride);
      }
    }
  }
}

function patchColumns(patches: Patches): Columns {
  const { input, output, kernel } = patches;
  const [channels, samples, height, width] = input;
  const [taps, area] = [kernel[0] * kernel[1], output[0] * output[1]];
  /** Where an output's place lies in the column of a plane's tap. */
  const place = (plane: number, tap: number, row: number) =>
    ((Math.floor(plane / samples) * taps + tap) * samples + (plane % samples)) * area + row * output[1];
  const columns = new Float32Array(channels * taps * samples * area);
  const values = new Float32Array(channels * samples * height * width);
  return {
    of(values) {
      forEachRow(patches, (row, tap, plane, from, to, at, stride) => {
        const start = place(plane, tap, row);
        for (let i = from; i < to; i++, at += stride) columns[start + i] = values[at]!;
      });
      return columns;
    },
    back(columns) {
      values.fill(0);
      forEachRow(patches, (row, tap, plane, from, to, at, stride) => {
        const start = place(plane, tap, row);
        for (let i = from; i < to; i++, at += stride) values[at]! += columns[start + i]!;
      });
      return values;
    },
  };
}

/** A convolution in which each channel has weights for itself alone. */
function depthwiseStep(layer: Layer, patches: Patches, dims: readonly number[]): Step {
  const { rows, bias, rowSlopes, biasSlopes } = layer;
  const { input, output, kernel } = patches;
  const [channels, samples, height, width] = input;
  const [taps, area] = [kernel[0] * kernel[1], output[0] * output[1]];
  const out = new Float32Array(channels * samples * area);
  const values = new Float32Array(channels * samples * height * width);
  let kept: Float32Array = out;
  return {
    dims,
    layer,
    forward([values]) {
      kept = values!;
      for (let channel = 0; channel < channels; channel++)
        out.fill(bias[channel]!, channel * samples * area, (channel + 1) * samples * area);
      forEachRow(patches, (row, tap, plane, from, to, at, stride) => {
        const weight = rows[Math.floor(plane / samples) * taps + tap]!;
        const start = plane * area + row * output[1];
        for (let i = from; i < to; i++, at += stride) out[start + i]! += weight * kept[at]!;
      });
      return out;
    },
    backward(slope) {
      values.fill(0);
      if (layer.learns) {
        sumRows(slope, biasSlopes);
        rowSlopes.fill(0);
      }
      forEachRow(patches, (row, tap, plane, from, to, at, stride) => {
        const index = Math.floor(plane / samples) * taps + tap;
        const weight = rows[index]!;
        const start = plane * area + row * output[1];
        let sum = 0;
        for (let i = from; i < to; i++, at += stride) {
          const own = slope[start + i]!;
          values[at]! += weight * own;
          sum += kept[at]! * own;
        }
        if (layer.learns) rowSlopes[index]! += sum;
      });
      return values;
    },
  };
}
