import { exponentOf } from '../numbers.ts';
import { usableScale } from './affine.ts';
import type { Carrier } from './carrier.ts';
import type { FormatArguments, FormatFamily } from './family.ts';
import type { NumberFormat, Parameters } from './format.ts';
import { gridFormat, powerOfTwo } from './grid.ts';
import { largestMagnitude, type MinifloatLayout, minifloatRounding, reachOf } from './minifloat-rounding.ts';

interface Row {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly layout: MinifloatLayout;
  readonly carrier?: Carrier;
  readonly source?: string;
  /** What the format itself says of the scale; otherwise the spec's observer chooses it. */
  readonly scale?: 'one' | 'power-of-two';
}

function minifloat({ name, title, description, layout, carrier, source, scale }: Row): NumberFormat {
  const { exponentBits, mantissaBits } = layout;
  const rounding = minifloatRounding(layout);
  const format = gridFormat(
    {
      name,
      title,
      description,
      bits: 1 + exponentBits + mantissaBits,
      multiplier:
        mantissaBits === 0 ? { bits: 0, kind: 'shift' } : { bits: mantissaBits + 1, kind: 'multiply and shift' },
      ...(source !== undefined && { source }),
      ...(scale === 'power-of-two' && { fit: (values: Float32Array) => biasedToFit(values, layout) }),
    },
    rounding,
    carrier,
  );
  const one: Parameters = { scale: 1, zeroPoint: 0 };
  // Wide enough for any weight as it is: no scale is stored or divided by.
  return scale === 'one' ? { ...format, scaleBits: 0, covering: () => one, fit: () => one, activations: true } : format;
}

/**
 * SFP's exponent bias of a tensor (METHODS A6) as a power-of-two scale: the largest magnitude falls into the largest
 * exponent, or one further down where rounding its mantissa would carry.
 */
function biasedToFit(values: Float32Array, layout: MinifloatLayout): Parameters {
  let reach = 0;
  for (let i = 0; i < values.length; i++) reach = Math.max(reach, Math.abs(values[i]!));
  if (!(reach > 0) || !Number.isFinite(reach)) return { scale: usableScale(0), zeroPoint: 0 };
  const rounding = minifloatRounding(layout);
  const most = rounding.level(largestMagnitude(layout));
  const top = exponentOf(most);
  const exponent = exponentOf(reach) - top;
  // Half a step of the top binade beyond the largest number it would be rounded to the next power of two.
  const carries = reach / 2 ** exponent >= most + 2 ** (top - layout.mantissaBits - 1);
  return { scale: powerOfTwo(exponent + (carries ? 1 : 0)), zeroPoint: 0 };
}

const ieeeBias = (exponentBits: number) => 2 ** (exponentBits - 1) - 1;

function layoutOf(split: string, more: Partial<MinifloatLayout> = {}): MinifloatLayout {
  const [, exponentBits, mantissaBits] = /^e([0-9]+)m([0-9]+)$/.exec(split)!.map(Number) as [number, number, number];
  return { exponentBits, mantissaBits, bias: ieeeBias(exponentBits), reserved: 'none', subnormals: true, ...more };
}

function small(split: string, description: string): Row {
  const bits = layoutOf(split).exponentBits + layoutOf(split).mantissaBits + 1;
  return {
    name: split,
    title: `${bits}-bit float ${split.toUpperCase()}`,
    description,
    layout: layoutOf(split),
    source: 'METHODS A4; OCP Microscaling Formats 1.0',
  };
}

/** Minifloats with names of their own. */
export const namedMinifloats: readonly NumberFormat[] = [
  {
    name: 'fp16',
    title: 'IEEE half precision',
    description: 'float16: 5 exponent and 10 mantissa bits, no scale.',
    layout: layoutOf('e5m10', { reserved: 'ieee' }),
    carrier: { dtype: 'float16', storageBits: 16, minOpset: 13, unit: 1 },
    source: 'IEEE 754',
    scale: 'one',
  },
  {
    name: 'bf16',
    title: 'bfloat16',
    description: 'bfloat16: the exponent of float32 and 7 mantissa bits, no scale.',
    layout: layoutOf('e8m7', { reserved: 'ieee' }),
    carrier: { dtype: 'bfloat16', storageBits: 16, minOpset: 13, unit: 1 },
    scale: 'one',
  },
  {
    name: 'e4m3fn',
    title: '8-bit float E4M3',
    description: 'float8e4m3fn: up to 448, one NaN, no infinity.',
    layout: layoutOf('e4m3', { reserved: 'nan' }),
    source: 'FP8 Formats for Deep Learning, arXiv 2209.05433',
  },
  {
    name: 'e5m2',
    title: '8-bit float E5M2',
    description: 'float8e5m2: up to 57344; infinities and NaNs as in IEEE 754.',
    layout: layoutOf('e5m2', { reserved: 'ieee' }),
    source: 'FP8 Formats for Deep Learning, arXiv 2209.05433',
  },
  {
    name: 'hfp8-143',
    title: 'HFP8 forward',
    description: 'Hybrid 8-bit float 1-4-3 with exponent bias 11: up to 30, every code a number.',
    layout: layoutOf('e4m3', { bias: 11 }),
    source: 'METHODS A7, after Sun et al. 2019',
  },
  {
    name: 'hfp8-152',
    title: 'HFP8 backward',
    description: 'Hybrid 8-bit float 1-5-2 with exponent bias 15: the range of gradients.',
    layout: layoutOf('e5m2', { reserved: 'ieee' }),
    source: 'METHODS A7, after Sun et al. 2019',
  },
  small('e2m3', '6-bit float of fine steps: beats a 6-bit integer on bell-shaped weights.'),
  small('e3m2', '6-bit float of wide range: for heavy tails and for scales of the largest value.'),
  small('e4m1', '6-bit float of very wide range.'),
  small('e2m1', '4-bit float with the levels 0, ½, 1, 1½, 2, 3, 4 and 6.'),
].map((row) => minifloat(row as Row));

/** Numbers must lie among the normal ones of float32, which all arithmetic around them is in. */
function outOfBounds(layout: MinifloatLayout): string | undefined {
  const bits = 1 + layout.exponentBits + layout.mantissaBits;
  if (bits > 16) return `A minifloat has at most 16 bits, and this one ${bits}.`;
  const smallest = minifloatRounding(layout).level(1);
  if (reachOf(layout) < 2 ** 127 && smallest >= 2 ** -126) return undefined;
  return `Its numbers, ${smallest.toExponential(1)} to ${reachOf(layout).toExponential(1)}, go beyond those of float32.`;
}

function layoutOfArguments({ split, bias, finite, subnormals }: FormatArguments): MinifloatLayout {
  return layoutOf(String(split), {
    ...(bias !== undefined && { bias: Number(bias) }),
    reserved: finite === 0 ? 'ieee' : 'none',
    subnormals: subnormals !== 0,
  });
}

/** `float(e3m4)`, `float(e4m3, bias = 11)`, `float(e5m2, finite = 0)`. */
export const minifloatFamily: FormatFamily = {
  name: 'float',
  title: 'Minifloat',
  description: 'Floating point of any split into exponent and mantissa bits, up to 16 bits with the sign.',
  source: 'METHODS A4',
  arguments: [
    { name: 'split', description: 'Bits of exponent and mantissa, as `e4m3`.', pattern: /^e[1-8]m([0-9]|10)$/ },
    { name: 'bias', description: 'Of the exponent; without it 2^(bits − 1) − 1.', min: -64, max: 255 },
    {
      name: 'finite',
      description: '1: every code is a number. 0: the largest exponent is infinity and NaN, as in IEEE 754.',
      initial: 1,
      min: 0,
      max: 1,
    },
    {
      name: 'subnormals',
      description: '1: equal steps below the smallest exponent. 0: it is an exponent as any other.',
      initial: 1,
      min: 0,
      max: 1,
    },
  ],
  examples: [
    'float(e1m4)',
    'float(e2m5)',
    'float(e3m4)',
    'float(e4m3)',
    'float(e4m3, bias = 11)',
    'float(e5m2, finite = 0)',
  ],
  refuse: (args) => outOfBounds(layoutOfArguments(args)),
  make(name, args) {
    const { split } = args;
    const layout = layoutOfArguments(args);
    return minifloat({
      name,
      title: `Minifloat ${String(split).toUpperCase()}`,
      description: `Float of ${layout.exponentBits} exponent and ${layout.mantissaBits} mantissa bits, bias ${layout.bias}.`,
      layout,
      source: 'METHODS A4',
    });
  },
};

/** `sfp(e4m3)`: no reserved code, no subnormals, an exponent bias for each set of parameters. */
export const sfpFamily: FormatFamily = {
  name: 'sfp',
  title: 'Short floating point',
  description:
    'Minifloat without NaN, infinity or subnormals, whose exponent bias is chosen so that the largest value just fits.',
  source: 'METHODS A6, after Kang 2019',
  arguments: [
    { name: 'split', description: 'Bits of exponent and mantissa, as `e4m3`.', pattern: /^e[2-6]m([0-9]|10)$/ },
    {
      name: 'subnormals',
      description: '0: small values become zero. 1: equal steps below the smallest exponent.',
      initial: 0,
      min: 0,
      max: 1,
    },
  ],
  refuse: ({ split }) => outOfBounds(layoutOf(String(split))),
  examples: ['sfp(e4m3)', 'sfp(e3m4)', 'sfp(e3m2)'],
  make(name, { split, subnormals }) {
    return minifloat({
      name,
      title: `Short float ${String(split).toUpperCase()}`,
      description: `Sign, ${layoutOf(String(split)).exponentBits} exponent and ${layoutOf(String(split)).mantissaBits} mantissa bits, all codes numbers.`,
      layout: layoutOf(String(split), { subnormals: subnormals === 1 }),
      source: 'METHODS A6, after Kang 2019',
      scale: 'power-of-two',
    });
  },
};
