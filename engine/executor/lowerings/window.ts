import type { GraphNode } from '../../graph/graph.ts';
import { intsAttribute, stringAttribute } from '../../operators/shared/attributes.ts';

export interface Window {
  readonly height: number;
  readonly width: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
}

/**
 * Kernel window, strides, dilations and pads of a convolution or pooling node over [N, C, W] or [N, C, H, W]; one
 * spatial axis becomes a window of height 1. `auto_pad` is resolved from the shapes.
 */
export function window(
  node: GraphNode,
  input: readonly number[],
  output: readonly number[],
  kernelShape: readonly number[] | undefined,
): Window {
  const spatial = input.length - 2;
  const kernel = intsAttribute(node, 'kernel_shape') ?? [...kernelShape!];
  const strides = intsAttribute(node, 'strides') ?? new Array<number>(spatial).fill(1);
  const dilations = intsAttribute(node, 'dilations') ?? new Array<number>(spatial).fill(1);
  const given = intsAttribute(node, 'pads') ?? new Array<number>(2 * spatial).fill(0);
  const automatic = stringAttribute(node, 'auto_pad', 'NOTSET');
  const begins: number[] = [];
  const ends: number[] = [];
  for (let axis = 0; axis < spatial; axis++) {
    const extent = dilations[axis]! * (kernel[axis]! - 1) + 1;
    if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
      const total = Math.max(0, (output[axis + 2]! - 1) * strides[axis]! + extent - input[axis + 2]!);
      const smaller = Math.floor(total / 2);
      begins.push(automatic === 'SAME_UPPER' ? smaller : total - smaller);
      ends.push(automatic === 'SAME_UPPER' ? total - smaller : smaller);
    } else {
      begins.push(automatic === 'VALID' ? 0 : given[axis]!);
      ends.push(automatic === 'VALID' ? 0 : given[axis + spatial]!);
    }
  }
  const pair = (values: readonly number[], filler: number): readonly [number, number] =>
    spatial === 1 ? [filler, values[0]!] : [values[0]!, values[1]!];
  const [top, left] = pair(begins, 0);
  const [bottom, right] = pair(ends, 0);
  const [height, width] = pair(input.slice(2), 1);
  const [outputHeight, outputWidth] = pair(output.slice(2), 1);
  return {
    height,
    width,
    outputHeight,
    outputWidth,
    kernel: pair(kernel, 1),
    strides: pair(strides, 1),
    dilations: pair(dilations, 1),
    pads: [top, left, bottom, right],
  };
}
