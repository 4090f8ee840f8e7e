import type { ConvGeometry, PackedConv, Step, Workspace } from '../api.ts';
import { type Builder, bounds, call, step } from './builder.ts';
import { packedBytes, panelColumns, panelCount } from './gemm.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** Outputs along a tile's side, and inputs. */
const tileOutputs = 4;
const positions = 36;
/** The points of assembly/winograd.ts. */
const [p, q] = [2 / 3, 4 / 3];

/** Rows of G: what multiplies three weights to the polynomial's value at each point, divided by the point's Lagrange factor. */
const weightTransform: readonly (readonly [number, number, number])[] = [
  ...[0, p, -p, q, -q].map((point, _, all) => {
    const factor = all.reduce((product, other) => (other === point ? product : product * (point - other)), 1);
    return [1 / factor, point / factor, (point * point) / factor] as const;
  }),
  [0, 0, 1],
];

/** Cycles for a tile and channel that the transforms take, in units of the multiply-adds that a thread does meanwhile. */
const inputCost = 144;
const outputCost = 112;

/**
 * Whether F(4×4, 3×3) pays: fewer multiplications, less what the transforms cost and what of the border tiles is thrown
 * away. Sums are rounded otherwise than the direct ones, so strict kernels do not use it.
 */
export function winogradPays(geometry: ConvGeometry, outputHeight: number, outputWidth: number): boolean {
  const { kernel, strides, dilations, groups, inputChannels: inputs, outputChannels: outputs, batch } = geometry;
  if ([...strides, ...dilations, groups].some((value) => value !== 1) || kernel[0] !== 3 || kernel[1] !== 3)
    return false;
  if (inputs % 4 !== 0 || batch * outputHeight * outputWidth === 0) return false;
  const padded = panelCount(outputs) * panelColumns;
  const tiles = Math.ceil(outputHeight / tileOutputs) * Math.ceil(outputWidth / tileOutputs);
  const direct = outputHeight * outputWidth * 9 * inputs * padded;
  const transformed = tiles * (positions * inputs * padded + inputCost * inputs + outputCost * outputs);
  return transformed < 0.75 * direct;
}

export function packWinograd(
  builder: Builder,
  args: Args<'packConv'>,
): Pick<PackedConv, 'algorithm' | 'address' | 'bytes'> {
  const { geometry, weights, bias } = args;
  const { inputChannels, outputChannels } = geometry;
  const positionBytes = packedBytes(inputChannels, outputChannels);
  const biasBytes = 4 * panelCount(outputChannels) * panelColumns;
  const bytes = positions * positionBytes + biasBytes;
  const address = builder.alloc(bytes);
  const transformed = transformWeights(weights, inputChannels * outputChannels);
  // Panels as `packPanels` makes them, for all positions at once: no biases, columns beyond the last being 0.
  const stride = positionBytes / 4;
  const panels = builder.kernels.f32(address, positions * stride).fill(0);
  for (let n = 0, at = 0; n < outputChannels; n++) {
    const panel = Math.floor(n / panelColumns) * (inputChannels + 1) * panelColumns + (n % panelColumns);
    for (let k = 0; k < inputChannels; k++) {
      for (let to = panel + (k + 1) * panelColumns; to < positions * stride; to += stride)
        panels[to] = transformed[at++]!;
    }
  }
  const biases = builder.kernels.f32(address + positions * positionBytes, biasBytes / 4);
  biases.fill(0);
  if (bias) biases.set(bias);
  return { algorithm: 'winograd', address, bytes };
}

/** G g Gᵀ of `count` 3×3 kernels, in double precision. Runs before anything is hot: no arrays are taken apart. */
export function transformWeights(weights: Float32Array, count: number): Float32Array {
  const out = new Float32Array(count * positions);
  const g = Float64Array.from(weightTransform.flat());
  // G g: [6][column of the kernel].
  const half = new Float64Array(18);
  let at = 0;
  for (let first = 0; first < 9 * count; first += 9) {
    for (let row = 0; row < 18; row += 3) {
      const top = g[row]!;
      const middle = g[row + 1]!;
      const bottom = g[row + 2]!;
      for (let x = 0; x < 3; x++)
        half[row + x] = top * weights[first + x]! + middle * weights[first + 3 + x]! + bottom * weights[first + 6 + x]!;
    }
    for (let row = 0; row < 18; row += 3) {
      const left = half[row]!;
      const middle = half[row + 1]!;
      const right = half[row + 2]!;
      for (let j = 0; j < 18; j += 3) out[at++] = left * g[j]! + middle * g[j + 1]! + right * g[j + 2]!;
    }
  }
  return out;
}

/** Bytes of transformed inputs and products of a block: about half of a core's own cache. */
const blockBytes = 384 * 1024;
/** Blocks into which the work is divided at least, for threads to share. */
const fewestBlocks = 4;
const rowsOfTile = 6;
/** Planes do not start in the same cache set. */
const planeGap = 64;

export function winograd(builder: Builder, args: Args<'conv2d'>): Step {
  const { conv, input, output, residual = 0 } = args;
  const { geometry, outputHeight, outputWidth, address } = conv;
  const { batch, inputHeight, inputWidth, inputChannels: channels, outputChannels: outputs, pads } = geometry;
  const tilesHigh = Math.ceil(outputHeight / tileOutputs);
  const tilesWide = Math.ceil(outputWidth / tileOutputs);
  const tiles = batch * tilesHigh * tilesWide;
  const panels = panelCount(outputs);
  const fitting = Math.floor(blockBytes / (positions * 4 * (channels + panels * panelColumns)));
  const wanted = Math.min(fitting, Math.ceil(tiles / fewestBlocks));
  const blockTiles = Math.max(rowsOfTile, Math.floor(wanted / rowsOfTile) * rowsOfTile);
  const inputPlane = blockTiles * channels * 4 + planeGap;
  const productPlane = blockTiles * panels * panelColumns * 4 + planeGap;
  // 192 bytes of addresses, 576 of a half-transformed tile, 64 of a line of outputs.
  const rowsAt = 832;
  const inputsAt = Math.ceil((rowsAt + 4 * blockTiles) / 64) * 64;
  const productsAt = inputsAt + positions * inputPlane;
  builder.kernels.requireScratch(productsAt + positions * productPlane);
  const values = {
    input,
    weights: address,
    output,
    residual,
    zeros: builder.kernels.zeros(4 * channels),
    inputHeight,
    inputWidth,
    outputHeight,
    outputWidth,
    padTop: pads[0],
    padLeft: pads[1],
    inputStride: args.inputStride ?? channels,
    outputStride: args.outputStride ?? outputs,
    residualStride: args.residualStride ?? outputs,
    channels,
    outputs,
    panels,
    tiles,
    tilesHigh,
    tilesWide,
    blockTiles,
    rowsAt,
    inputsAt,
    productsAt,
    inputPlane,
    productPlane,
    ...bounds(args.clamp),
  };
  const work = tiles * (positions * channels * panels * panelColumns + inputCost * channels + outputCost * outputs);
  return step('conv', call(builder, 'winogradF32', values, Math.ceil(tiles / blockTiles), work));
}
