import { elementCount } from '../tensor.ts';
import type { Blocks } from './blocks.ts';
import type { NumberFormat } from './format.ts';

/** Which elements of a weight share parameters, as a spec writes it. */
export type Granularity =
  | 'per-tensor'
  | 'per-channel'
  | 'per-kernel'
  | 'per-tap'
  | `per-group(${number})`
  | `per-block(${number}x${number})`;

export interface GranularityKind {
  readonly name: string;
  /** What a spec writes behind the word in parentheses. */
  readonly argument?: 'count' | 'dimension';
  readonly description: string;
}

/** Words for granularities; one line each. */
export const granularityKinds: readonly GranularityKind[] = [
  { name: 'per-tensor', description: 'One scale for the whole tensor.' },
  { name: 'per-channel', description: 'One scale for each output channel; weights only.' },
  {
    name: 'per-group',
    argument: 'count',
    description: 'One scale for every N weights of an output channel, `per-group(32)`; the last group may be shorter.',
  },
  {
    name: 'per-block',
    argument: 'dimension',
    description:
      'One scale for a block of output channels × inputs, `per-block(16x16)`; blocks at the ends may be smaller.',
  },
  { name: 'per-kernel', description: 'One scale for each kernel, that is each pair of output and input channel.' },
  { name: 'per-tap', description: 'One scale for each position in the kernel, shared by all channels.' },
];

/** Kind and numbers of a granularity as it is written; undefined for what is none. */
export function parseGranularity(
  text: string,
): { readonly kind: GranularityKind; readonly size: readonly number[] } | undefined {
  const match = /^([a-z-]+)(?:\(([1-9][0-9]*)(?:x([1-9][0-9]*))?\))?$/.exec(text);
  const kind = match && granularityKinds.find(({ name }) => name === match[1]);
  if (!kind) return undefined;
  const size = match
    .slice(2)
    .filter((part) => part !== undefined)
    .map(Number);
  const wanted = { none: 0, count: 1, dimension: 2 }[kind.argument ?? 'none'];
  return size.length === wanted ? { kind, size } : undefined;
}

/** Formats whose elements share a scale in blocks have no other granularity. */
export function granularityOf({ block }: NumberFormat, wanted: Granularity): Granularity {
  return block === undefined ? wanted : `per-group(${block})`;
}

/** The axis of the output channels alone, blocks of a view, or neither for one set of parameters. */
export interface Partition {
  readonly axis?: number;
  readonly blocks?: Blocks;
}

/**
 * How a weight is cut. The view has the output channels on one axis and the inputs that each sums over on another: [O, I·k·k]
 * of a convolution, [K, N] of a matrix product. Where channels lie between other axes (ConvTranspose), groups stay within the
 * last of them.
 * @param axis of the output channels.
 */
export function partitionOf(granularity: Granularity, dims: readonly number[], axis: number): Partition {
  const { kind, size } = parseGranularity(granularity)!;
  const before = elementCount(dims.slice(0, axis));
  const after = elementCount(dims.slice(axis + 1));
  const channels = dims[axis]!;
  /** `along` inputs and `across` channels to a block. */
  const blocks = (across: number, along: number): Blocks => {
    const limited = (extent: number, most: number) => Math.max(1, Math.min(extent, most));
    if (before === 1) return { dims: [channels, after], block: [limited(across, channels), limited(along, after)] };
    if (after === 1) return { dims: [before, channels], block: [limited(along, before), limited(across, channels)] };
    return {
      dims: [before, channels, after],
      block: [1, limited(across, channels), limited(along, after)],
    };
  };
  const taps = elementCount(dims.slice(2));
  switch (kind.name) {
    case 'per-tensor':
      return {};
    case 'per-channel':
      return { axis };
    case 'per-group':
      return { blocks: blocks(1, size[0]!) };
    case 'per-block':
      return { blocks: blocks(size[0]!, size[1]!) };
    case 'per-kernel':
      // A matrix has kernels of one weight each, for which a scale would be no saving: its channels stand for them.
      return dims.length < 3 ? { axis } : { blocks: { dims: [elementCount(dims) / taps, taps], block: [1, taps] } };
    default:
      return dims.length < 3
        ? {}
        : { blocks: { dims: [elementCount(dims) / taps, taps], block: [elementCount(dims) / taps, 1] } };
  }
}
