import type { Dimension } from '../tensor.ts';
import { elementCount } from '../tensor.ts';

/**
 * The shape under which a sample enters the model: its elements in their order, with dimensions of size 1 (batch,
 * channel) added or removed. One side being a plain row may also be folded or unfolded. Anything else, above all
 * height × width × channels for channels × height × width, would scramble the sample and is `undefined`.
 */
export function fitShape(
  sample: readonly number[],
  input: readonly Dimension[] | undefined,
): readonly number[] | undefined {
  if (input === undefined) return [1, ...sample];
  const matches = (dims: readonly number[]) =>
    dims.length === input.length && dims.every((dim, i) => typeof input[i] !== 'number' || input[i] === dim);
  const batched = [1, ...sample];
  if (matches(batched)) return batched;
  if (input.length === 0) return sample.length === 0 ? sample : undefined;
  if (matches(sample) && (sample[0] === 1 || typeof input[0] === 'number')) return sample;

  const rest = input.slice(1);
  if (input.length === 0 || (typeof input[0] === 'number' && input[0] !== 1)) return undefined;
  const wanted = rest.filter((dim) => dim !== 1);
  const given = sample.filter((dim) => dim !== 1);
  if (wanted.length === given.length && wanted.every((dim, i) => typeof dim !== 'number' || dim === given[i])) {
    let next = 0;
    return [1, ...rest.map((dim) => (dim === 1 ? 1 : given[next++]!))];
  }
  if (rest.every((dim) => typeof dim === 'number')) {
    const oneIsARow = wanted.length === 1 || given.length === 1;
    if (oneIsARow && elementCount(rest) === elementCount(sample)) return [1, ...rest];
  }
  return undefined;
}

/** Lines of a data block that would make samples of this shape fit, best guess first; empty when there is none. */
export function linesThatFit(
  sample: readonly number[],
  input: readonly Dimension[],
  images: boolean,
): readonly string[] {
  const wanted = input.slice(1).map((dim) => (typeof dim === 'number' ? dim : undefined));
  if (sample.length === 2 && wanted.length === 3 && sample[0] === wanted[1] && sample[1] === wanted[0]) {
    return ['layout nhw to nwh'];
  }
  if (sample.length !== 3 || wanted.length !== 3) return [];
  const [a, b, c] = sample;
  const same = (dims: readonly (number | undefined)[]) =>
    dims.every((dim, i) => wanted[i] === undefined || dim === wanted[i]);
  if (same([c, a, b])) return ['layout nhwc to nchw'];
  if (!images && same([b, c, a])) return ['layout nchw to nhwc'];
  if (!images) return [];

  const channelsFirst = wanted[0] === 1 || wanted[0] === 3;
  const [height, width] = channelsFirst ? [wanted[1], wanted[2]] : [wanted[0], wanted[1]];
  const channels = channelsFirst ? wanted[0] : wanted[2];
  const lines: string[] = [];
  const sampleIsFirst = a === 1 || a === 3;
  const [sampleHeight, sampleWidth] = sampleIsFirst ? [b, c] : [a, b];
  const sampleChannels = sampleIsFirst ? a : c;
  if (height !== undefined && width !== undefined && (height !== sampleHeight || width !== sampleWidth)) {
    lines.push(`resize ${width}x${height}`);
  }
  if (channels === 1 && sampleChannels === 3) lines.push('channels gray');
  if (channels === 3 && sampleChannels === 1) lines.push('channels rgb');
  if (channelsFirst && !sampleIsFirst) lines.push('layout nhwc to nchw');
  return lines;
}
