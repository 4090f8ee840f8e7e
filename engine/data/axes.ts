import { fail } from '../findings.ts';
import type { DataSource } from '../plan.ts';

/**
 * Axes are named by letters, one a dimension: n samples, h height, w width, c channels; any other letter is just a
 * name. Inside the engine the sample axis is gone, so `nhwc` is `hwc` here.
 */
export interface Axes {
  readonly from: string;
  readonly to: string;
}

/** The layout of a source without its sample axis; undefined when the source does not say. */
export function layoutOf(source: DataSource, images: boolean): Axes | undefined {
  const range = source.range && { range: source.range };
  if (source.layout === undefined) return images ? { from: 'hwc', to: 'hwc' } : undefined;
  const from = withoutSampleAxis(source.layout.from, source);
  const to = withoutSampleAxis(source.layout.to, source);
  if (images && from !== 'hwc') {
    fail('data/layout', `Images are decoded as nhwc, not as ${source.layout.from}.`, {
      fix: `Write: layout nhwc to ${source.layout.to}`,
      ...range,
    });
  }
  return { from, to };
}

function withoutSampleAxis(letters: string, source: DataSource): string {
  const range = source.range && { range: source.range };
  const name = letters.toLowerCase();
  if (!/^[a-z]{1,8}$/.test(name) || new Set(name).size !== name.length) {
    fail('data/layout', `"${letters}" names no layout: one letter a dimension, each once (nhwc, nchw, ntf).`, {
      ...range,
    });
  }
  const at = name.indexOf('n');
  if (at > 0) {
    fail('data/layout', `"${letters}" does not begin with n, but samples are taken along the first dimension.`, {
      fix: 'Save the array with the samples first (numpy.moveaxis).',
      ...range,
    });
  }
  return at === 0 ? name.slice(1) : name;
}

/** Names for the axes of samples whose layout is not written, as far as the sizes leave no doubt. */
export function guessAxes(dims: readonly number[]): string | undefined {
  if (dims.length === 2) return 'hw';
  if (dims.length !== 3) return undefined;
  const last = dims[2] === 1 || dims[2] === 3;
  const first = dims[0] === 1 || dims[0] === 3;
  if (last === first) return undefined;
  return last ? 'hwc' : 'chw';
}

/**
 * Reorders a row-major array from axes `from` to axes `to`. An axis that only one side names must have size 1: it is
 * dropped or added.
 */
export function permute<T extends { length: number; [index: number]: number | bigint; slice(): T }>(
  data: T,
  dims: readonly number[],
  from: string,
  to: string,
  name: string,
): { readonly data: T; readonly dims: readonly number[] } {
  for (const [axis, letter] of [...from].entries()) {
    if (!to.includes(letter) && dims[axis] !== 1) {
      fail('data/layout', `The layout drops the axis "${letter}" of ${name}, which has ${dims[axis]} entries.`, {
        fix: 'Name every axis on both sides; only axes of size 1 can be dropped or added.',
      });
    }
  }
  const strides = rowMajorStrides(dims);
  const outDims = [...to].map((letter) => (from.includes(letter) ? dims[from.indexOf(letter)]! : 1));
  const kept = (letters: string, others: string) => [...letters].filter((letter) => others.includes(letter)).join('');
  if (kept(from, to) === kept(to, from)) return { data, dims: outDims };

  const outStrides = [...to].map((letter) => (from.includes(letter) ? strides[from.indexOf(letter)]! : 0));
  const out = data.slice();
  const rank = outDims.length;
  const index = new Array<number>(rank).fill(0);
  const inner = outDims[rank - 1]!;
  const innerStride = outStrides[rank - 1]!;
  let at = 0;
  for (let o = 0; o < out.length; o += inner) {
    for (let i = 0, a = at; i < inner; i++, a += innerStride) out[o + i] = data[a]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      at += outStrides[axis]!;
      index[axis] = index[axis]! + 1;
      if (index[axis]! < outDims[axis]!) break;
      at -= outStrides[axis]! * outDims[axis]!;
      index[axis] = 0;
    }
  }
  return { data: out, dims: outDims };
}

function rowMajorStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * dims[i + 1]!;
  return strides;
}
