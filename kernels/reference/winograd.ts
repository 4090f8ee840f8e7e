import type { Clamp, ConvGeometry } from '../api.ts';
import { clampNumber, f32 } from './float.ts';
import { convOutputSize } from './gemm.ts';

const [p, q] = [f32(2 / 3), f32(4 / 3)];
const [p2, q2] = [f32(4 / 9), f32(16 / 9)];
const [p3, q3] = [f32(8 / 27), f32(64 / 27)];
const [product, sum] = [f32(64 / 81), f32(20 / 9)];

/** c + a · b, rounded twice. */
const madd = (a: number, b: number, c: number): number => f32(c + f32(a * b));

/** Bᵀ d for six inputs along a line. */
function inputLine([d0, d1, d2, d3, d4, d5]: readonly [number, number, number, number, number, number]): number[] {
  const even = madd(-q2, d2, d4);
  const odd = madd(-q2, d1, d3);
  const even2 = madd(-p2, d2, d4);
  const odd2 = madd(-p2, d1, d3);
  return [
    madd(-sum, d2, madd(product, d0, d4)),
    madd(p, odd, even),
    madd(-p, odd, even),
    madd(q, odd2, even2),
    madd(-q, odd2, even2),
    madd(-sum, d3, madd(product, d1, d5)),
  ];
}

/** Aᵀ m for six products along a line, `bias` added to each of the four results. */
function outputLine(m: readonly number[], bias: number | undefined): number[] {
  const add = (x: number) => (bias === undefined ? x : f32(x + bias));
  const [m0, m1, m2, m3, m4, m5] = m as [number, number, number, number, number, number];
  const s1 = f32(m1 + m2);
  const d1 = f32(m1 - m2);
  const s2 = f32(m3 + m4);
  const d2 = f32(m3 - m4);
  return [
    f32(f32(add(m0) + s1) + s2),
    add(madd(q, d2, f32(p * d1))),
    add(madd(q2, s2, f32(p2 * s1))),
    madd(q3, d2, madd(p3, d1, add(m5))),
  ];
}

/** `line` along every column, then along every row, of a matrix of six columns. */
function twice(
  matrix: readonly number[],
  columns: (line: readonly number[]) => number[],
  rows: (line: readonly number[]) => number[],
): number[][] {
  const half = Array.from({ length: 6 }, (_, j) => columns(Array.from({ length: 6 }, (_, i) => matrix[i * 6 + j]!)));
  return half[0]!.map((_, i) => rows(half.map((column) => column[i]!)));
}

/**
 * Channels-last 3×3 convolution of stride 1 by F(4×4, 3×3). `transformed`: 36 numbers (G g Gᵀ, row-major) for each weight
 * kernel [outputs, inputs].
 */
export function winograd(args: {
  readonly geometry: ConvGeometry;
  readonly transformed: Float32Array;
  readonly bias?: Float32Array | undefined;
  readonly input: Float32Array;
  readonly residual?: Float32Array | undefined;
  readonly clamp?: Clamp | undefined;
}): Float32Array {
  const { geometry, transformed, bias, input, residual, clamp } = args;
  const { batch, inputHeight, inputWidth, inputChannels: inputs, outputChannels: outputs, pads } = geometry;
  const [height, width] = convOutputSize(geometry);
  const low = f32(clamp?.min ?? Number.NEGATIVE_INFINITY);
  const high = f32(clamp?.max ?? Number.POSITIVE_INFINITY);
  const result = new Float32Array(batch * height * width * outputs);
  const inputAt = (image: number, y: number, x: number, c: number): number =>
    y < 0 || y >= inputHeight || x < 0 || x >= inputWidth
      ? 0
      : input[((image * inputHeight + y) * inputWidth + x) * inputs + c]!;
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < height; y += 4) {
      for (let x = 0; x < width; x += 4) {
        const tiles = Array.from({ length: inputs }, (_, c) => {
          const tile = Array.from({ length: 36 }, (_, i) =>
            inputAt(image, y - pads[0] + Math.floor(i / 6), x - pads[1] + (i % 6), c),
          );
          const line = (values: readonly number[]) => inputLine(values as Parameters<typeof inputLine>[0]);
          return twice(tile, line, line).flat();
        });
        for (let o = 0; o < outputs; o++) {
          const sums = Array.from({ length: 36 }, (_, i) =>
            tiles.reduce((total, tile, c) => madd(tile[i]!, transformed[(o * inputs + c) * 36 + i]!, total), 0),
          );
          const block = twice(
            sums,
            (line) => outputLine(line, undefined),
            (line) => outputLine(line, bias?.[o] ?? 0),
          );
          for (let i = 0; i < Math.min(4, height - y); i++) {
            for (let j = 0; j < Math.min(4, width - x); j++) {
              const at = ((image * height + y + i) * width + x + j) * outputs + o;
              const value = residual === undefined ? block[i]![j]! : f32(block[i]![j]! + residual[at]!);
              result[at] = clampNumber(value, low, high);
            }
          }
        }
      }
    }
  }
  return result;
}
