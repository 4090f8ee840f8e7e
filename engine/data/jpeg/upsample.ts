import type { Component, Frame } from './frame.ts';

/** Writes row `y` of the image (at least `frame.width` samples) of one component into `out`. */
export type RowUpsampler = (y: number, out: Uint8Array) => void;

/**
 * Brings a subsampled component to the image's size as libjpeg-turbo does by default ("fancy" upsampling): a triangle
 * filter for factors of two, repetition for all others; undefined for factors that are not whole.
 */
export function rowUpsampler(frame: Frame, component: Component): RowUpsampler | undefined {
  const across = frame.maxH / component.h;
  const down = frame.maxV / component.v;
  if (!Number.isInteger(across) || !Number.isInteger(down)) return undefined;
  const { plane, width, height } = component;
  const stride = component.blocksWide * 8;
  const start = (row: number) => Math.min(height - 1, Math.max(0, row)) * stride;
  /** The other row that contributes to row y when there are two rows of the image to one of the component. */
  const neighbour = (y: number) => start((y >> 1) + (y % 2 === 0 ? -1 : 1));

  if (across === 1 && down === 1) return (y, out) => copy(plane, start(y), width, out);
  if (across === 2 && down === 1 && width > 2) return (y, out) => triangleAcross(plane, start(y), width, out);
  if (across === 2 && down === 2 && width > 2) {
    return (y, out) => triangleBoth(plane, start(y >> 1), neighbour(y), width, out);
  }
  if (across === 1 && down === 2) {
    return (y, out) => triangleDown(plane, start(y >> 1), neighbour(y), y % 2 === 0 ? 1 : 2, width, out);
  }
  return (y, out) => repeat(plane, start(Math.floor(y / down)), width, across, out);
}

function copy(plane: Uint8Array, row: number, width: number, out: Uint8Array): void {
  for (let x = 0; x < width; x++) out[x] = plane[row + x]!;
}

function repeat(plane: Uint8Array, row: number, width: number, factor: number, out: Uint8Array): void {
  for (let x = 0; x < width; x++) out.fill(plane[row + x]!, x * factor, (x + 1) * factor);
}

/** 3/4 of the nearer and 1/4 of the farther sample; rounding alternates so that there is no bias. */
function triangleAcross(plane: Uint8Array, row: number, width: number, out: Uint8Array): void {
  for (let x = 0; x < width; x++) {
    const near = plane[row + x]! * 3;
    out[2 * x] = x === 0 ? plane[row]! : (near + plane[row + x - 1]! + 1) >> 2;
    out[2 * x + 1] = x === width - 1 ? plane[row + x]! : (near + plane[row + x + 1]! + 2) >> 2;
  }
}

function triangleDown(
  plane: Uint8Array,
  near: number,
  far: number,
  bias: number,
  width: number,
  out: Uint8Array,
): void {
  for (let x = 0; x < width; x++) out[x] = (plane[near + x]! * 3 + plane[far + x]! + bias) >> 2;
}

/** The same in both directions, with one rounding at the end. */
function triangleBoth(plane: Uint8Array, near: number, far: number, width: number, out: Uint8Array): void {
  let before = plane[near]! * 3 + plane[far]!;
  let here = before;
  for (let x = 0; x < width; x++) {
    const after = x === width - 1 ? here : plane[near + x + 1]! * 3 + plane[far + x + 1]!;
    out[2 * x] = (here * 3 + before + 8) >> 4;
    out[2 * x + 1] = (here * 3 + after + 7) >> 4;
    before = here;
    here = after;
  }
}
