/** How the components of a JPEG are to be read. */
export type ColourSpace = 'gray' | 'ycc' | 'rgb' | 'cmyk' | 'ycck';

/** libjpeg's rule: by the number of components, the JFIF and Adobe markers, and the components' names. */
export function colourSpaceOf(
  ids: readonly number[],
  jfif: boolean,
  adobeTransform: number | undefined,
): ColourSpace | undefined {
  if (ids.length === 1) return 'gray';
  if (ids.length === 4) return adobeTransform === undefined || adobeTransform === 0 ? 'cmyk' : 'ycck';
  if (ids.length !== 3) return undefined;
  if (jfif) return 'ycc';
  if (adobeTransform !== undefined) return adobeTransform === 0 ? 'rgb' : 'ycc';
  return String.fromCharCode(...ids) === 'RGB' ? 'rgb' : 'ycc';
}

const half = 1 << 15;
const fixed = (value: number) => Math.trunc(value * 65536 + 0.5);

/** ITU-R BT.601 full range in 16-bit fixed point, by table as libjpeg computes it. */
const redOfCr = Int32Array.from({ length: 256 }, (_, i) => (fixed(1.402) * (i - 128) + half) >> 16);
const blueOfCb = Int32Array.from({ length: 256 }, (_, i) => (fixed(1.772) * (i - 128) + half) >> 16);
const greenOfCr = Int32Array.from({ length: 256 }, (_, i) => -fixed(0.71414) * (i - 128));
const greenOfCb = Int32Array.from({ length: 256 }, (_, i) => -fixed(0.34414) * (i - 128) + half);

function clamp(value: number): number {
  return Math.max(0, Math.min(255, value));
}

/** One row of upsampled components to interleaved RGB (gray stays one channel) at `at` of `out`. */
export function convertRow(
  space: ColourSpace,
  rows: readonly Uint8Array[],
  width: number,
  out: Uint8Array,
  at: number,
): void {
  const [first, second, third, fourth] = rows;
  if (space === 'gray') {
    out.set(first!.subarray(0, width), at);
    return;
  }
  for (let x = 0, o = at; x < width; x++, o += 3) {
    let r = first![x]!;
    let g = second![x]!;
    let b = third![x]!;
    if (space === 'ycc' || space === 'ycck') {
      const y = r;
      r = clamp(y + redOfCr[b]!);
      const green = clamp(y + ((greenOfCb[g]! + greenOfCr[b]!) >> 16));
      b = clamp(y + blueOfCb[g]!);
      g = green;
    }
    if (fourth !== undefined) {
      // CMYK is stored inverted (Adobe's habit, which Pillow takes for granted): what is stored is 255 − ink.
      // YCCK's RGB is what is left after inversion, so its stored inks are 255 − RGB.
      const k = fourth[x]!;
      if (space === 'ycck') {
        r = 255 - r;
        g = 255 - g;
        b = 255 - b;
      }
      r = clamp(k - scaled(255 - r, k));
      g = clamp(k - scaled(255 - g, k));
      b = clamp(k - scaled(255 - b, k));
    }
    out[o] = r;
    out[o + 1] = g;
    out[o + 2] = b;
  }
}

/** a · b / 255, rounded, without a division. */
function scaled(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
