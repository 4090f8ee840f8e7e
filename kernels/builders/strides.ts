/** Dimensions walked together with one or more sets of strides (elements or bytes, one number a dimension). */
export interface Walk {
  readonly dims: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

export const mostDims = 8;

export function denseStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let d = dims.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= dims[d]!;
  }
  return strides;
}

/** The same walk with as few dimensions as possible: those of size 1 dropped, those that continue one another joined. */
export function coalesce(walk: Walk): Walk {
  const dims: number[] = [];
  const strides: number[][] = walk.strides.map(() => []);
  for (const [d, size] of walk.dims.entries()) {
    if (size === 1) continue;
    const joins = dims.length > 0 && walk.strides.every((set, i) => strides[i]!.at(-1) === set[d]! * size);
    if (joins) {
      dims[dims.length - 1]! *= size;
      for (const [i, set] of walk.strides.entries()) strides[i]![dims.length - 1] = set[d]!;
    } else {
      dims.push(size);
      for (const [i, set] of walk.strides.entries()) strides[i]!.push(set[d]!);
    }
  }
  return { dims, strides };
}

/** Padded on the left to `length` dimensions of size 1. */
export function padLeft(values: readonly number[], length: number, filler: number): number[] {
  if (values.length > length)
    throw new RangeError(`At most ${length} dimensions that do not join can be walked, not ${values.length}.`);
  return [...new Array<number>(length - values.length).fill(filler), ...values];
}

export function product(values: readonly number[]): number {
  let result = 1;
  for (const value of values) result *= value;
  return result;
}

export function checkStrides(what: string, dims: readonly number[], ...sets: readonly (readonly number[])[]): void {
  for (const set of sets)
    if (set.length !== dims.length) throw new RangeError(`${what}: ${dims.length} dims but ${set.length} strides.`);
  for (const size of dims)
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`${what}: ${size} is no size.`);
}
