import { resolvePads, windowOf, windowOutput } from '../operators/shared/windows.ts';
import { elementCount } from '../tensor.ts';
import type { MakeStep, Step } from './step.ts';

export const globalAverageStep: MakeStep = ({ inputs }) => {
  const [n, c, h, w] = inputs[0]!;
  return inputs[0]!.length === 4
    ? averages([c! * n!, h!, w!], [h!, w!], [n!, c!, 1, 1])
    : 'it pools over other axes than two';
};

/** Pools whose windows lie side by side and cover the input. */
export const averagePoolStep: MakeStep = ({ node, inputs }) => {
  const [n, c, h, w] = inputs[0]!;
  if (inputs[0]!.length !== 4) return 'it pools over other axes than two';
  const window = windowOf(node, 2);
  const { begin, end } = resolvePads(window, [h!, w!]);
  const [kh, kw] = [window.kernel[0]!, window.kernel[1]!];
  const isTiling =
    h! % kh === 0 &&
    w! % kw === 0 &&
    window.strides.every((stride, axis) => stride === window.kernel[axis]) &&
    [...begin, ...end].every((pad) => pad === 0) &&
    window.dilations.every((dilation) => dilation === 1);
  return isTiling
    ? averages([c! * n!, h!, w!], [kh, kw], [n!, c!, h! / kh, w! / kw])
    : 'its windows overlap, leave gaps or reach beyond the input';
};

/** The largest element of each window; its slope goes to the first element that is as large. */
export const maxPoolStep: MakeStep = ({ node, inputs }) => {
  const x = inputs[0]!;
  if (x.length !== 4) return 'it pools over other axes than two';
  const [n, c, height, width] = x as [number, number, number, number];
  const window = windowOf(node, 2);
  const { begin } = resolvePads(window, [height, width]);
  const [rows, columns] = windowOutput(node, window, [height, width]) as [number, number];
  const dims = [n, c, rows, columns];
  const taps = window.kernel[0]! * window.kernel[1]!;
  const out = new Float32Array(elementCount(dims));
  const winners = new Int32Array(out.length);
  const back = new Float32Array(elementCount(x));
  return {
    dims,
    forward([values]) {
      for (let i = 0; i < out.length; i++) {
        const left = (i % columns) * window.strides[1]! - begin[1]!;
        const top = (Math.floor(i / columns) % rows) * window.strides[0]! - begin[0]!;
        const plane = Math.floor(i / (rows * columns)) * height * width;
        let [largest, winner] = [Number.NEGATIVE_INFINITY, -1];
        for (let tap = 0; tap < taps; tap++) {
          const y = top + Math.floor(tap / window.kernel[1]!) * window.dilations[0]!;
          const across = left + (tap % window.kernel[1]!) * window.dilations[1]!;
          if (y < 0 || y >= height || across < 0 || across >= width) continue;
          const at = plane + y * width + across;
          if (winner >= 0 && values![at]! <= largest) continue;
          [largest, winner] = [values![at]!, at];
        }
        out[i] = largest;
        winners[i] = winner;
      }
      return out;
    },
    backward(slope) {
      back.fill(0);
      for (let i = 0; i < winners.length; i++) if (winners[i]! >= 0) back[winners[i]!]! += slope[i]!;
      return back;
    },
  };
};

function averages(
  [planes, height, width]: readonly [number, number, number],
  [down, across]: readonly [number, number],
  dims: readonly number[],
): Step {
  const [rows, columns] = [height / down, width / across];
  const part = 1 / (down * across);
  const window = (plane: number, y: number, x: number) =>
    (plane * rows + Math.floor(y / down)) * columns + Math.floor(x / across);
  const forEach = (visit: (window: number, at: number) => void) => {
    for (let plane = 0, at = 0; plane < planes; plane++)
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) visit(window(plane, y, x), at++);
  };
  return {
    dims,
    forward([values]) {
      const out = new Float32Array(planes * rows * columns);
      forEach((to, at) => {
        out[to]! += values![at]! * part;
      });
      return out;
    },
    backward(slope) {
      const values = new Float32Array(planes * height * width);
      forEach((from, at) => {
        values[at] = slope[from]! * part;
      });
      return values;
    },
  };
}
