import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { elementCount, type Tensor, type ValueType } from '../../tensor.ts';
import type { InferContext } from '../operator.ts';
import { numbersOf } from '../shared/numbers.ts';
import { costCount, inputType, requireRank, valueType } from '../shared/types.ts';
import { toWindow3, type Window3, windowOf, windowOutput } from '../shared/windows.ts';

/** What the pooling operators share: x [N, C, spatial…] -> [N, C, positions…]. */
export function poolType(node: GraphNode, context: InferContext): ValueType {
  const x = inputType(node, 0, context);
  requireRank(node, 'The input', x, 3, 8);
  if (x.dims === undefined) return { dtype: x.dtype };
  const window = windowOf(node, x.dims.length - 2);
  return valueType(x.dtype, [x.dims[0], x.dims[1], ...windowOutput(node, window, x.dims.slice(2))]);
}

export interface PoolGeometry {
  readonly dims: readonly number[];
  readonly window: Window3;
  /** Pads at the end; a window may also reach beyond them where `ceil_mode` is on. */
  readonly end: readonly [number, number, number];
}

export function poolGeometry(node: GraphNode, x: Tensor): PoolGeometry {
  const spatial = x.dims.slice(2);
  const window = windowOf(node, spatial.length);
  const output = windowOutput(node, window, spatial) as number[];
  const three = toWindow3(node, window, spatial, output);
  const rank = spatial.length;
  const end = [0, 1, 2].map((axis) => {
    const own = axis - (3 - rank);
    if (own < 0) return 0;
    if (window.autoPad === 'NOTSET' || window.autoPad === 'VALID') return window.padsEnd[own]!;
    const extent = (window.kernel[own]! - 1) * window.dilations[own]! + 1;
    const reach = (output[own]! - 1) * window.strides[own]! + extent;
    return Math.max(0, reach - spatial[own]! - three.begin[axis]!);
  }) as unknown as [number, number, number];
  return { dims: [x.dims[0]!, x.dims[1]!, ...output], window: three, end };
}

/**
 * Calls `visit(plane, position, taps)` for every channel plane and output position with the input offsets inside the
 * plane that its window covers (padding left out) and the number of taps that lie on input or declared padding.
 */
export function forEachWindow(
  geometry: PoolGeometry,
  visit: (position: number, taps: Int32Array, count: number, padded: number) => void,
): void {
  const { window, end } = geometry;
  const [inD, inH, inW] = window.input;
  const [outD, outH, outW] = window.output;
  const taps = new Int32Array(elementCount(window.kernel));
  let position = 0;
  for (let d = 0; d < outD; d++)
    for (let h = 0; h < outH; h++)
      for (let w = 0; w < outW; w++, position++) {
        poll();
        let count = 0;
        let padded = 0;
        for (let i = 0; i < window.kernel[0]; i++) {
          const z = d * window.strides[0] + i * window.dilations[0] - window.begin[0];
          if (z >= inD + end[0]) continue;
          for (let j = 0; j < window.kernel[1]; j++) {
            const y = h * window.strides[1] + j * window.dilations[1] - window.begin[1];
            if (y >= inH + end[1]) continue;
            for (let k = 0; k < window.kernel[2]; k++) {
              const x = w * window.strides[2] + k * window.dilations[2] - window.begin[2];
              if (x >= inW + end[2]) continue;
              padded++;
              if (z < 0 || y < 0 || x < 0 || z >= inD || y >= inH || x >= inW) continue;
              taps[count++] = (z * inH + y) * inW + x;
            }
          }
        }
        visit(position, taps, count, padded);
      }
}

/** Reduces every window of every channel by `reduce(values, base, taps, count, padded)`. */
export function pool(
  node: GraphNode,
  x: Tensor,
  reduce: (values: ArrayLike<number>, base: number, taps: Int32Array, count: number, padded: number) => number,
): { dims: readonly number[]; values: Float64Array } {
  const geometry = poolGeometry(node, x);
  const planes = x.dims[0]! * x.dims[1]!;
  const inputPlane = elementCount(geometry.window.input);
  const outputPlane = elementCount(geometry.window.output);
  const values = numbersOf(x);
  const out = new Float64Array(planes * outputPlane);
  forEachWindow(geometry, (position, taps, count, padded) => {
    for (let plane = 0; plane < planes; plane++)
      out[plane * outputPlane + position] = reduce(values, plane * inputPlane, taps, count, padded);
  });
  return { dims: geometry.dims, values: out };
}

/** One operation for every tap. */
export function poolCost(node: GraphNode, context: InferContext) {
  const y = context.type(node.outputs[0] ?? '');
  const rank = (y?.dims?.length ?? 2) - 2;
  return { macs: 0, operations: costCount(y?.dims) * elementCount(windowOf(node, rank).kernel) };
}
