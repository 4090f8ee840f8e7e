/**
 * The float32 constants of the transcendental functions, by name. They lie in kernel memory at a fixed address, because V8
 * builds a vector constant anew, in several instructions, wherever it is used, while a load with broadcast is one. The
 * loader writes them before anything runs; the twins read them from here.
 *
 * Polynomials are Chebyshev fits, rounded to float32, highest degree first.
 */
const lists = {
  /** (eʳ − 1 − r) / r² on |r| ≤ ln 2 / 2. */
  exp: [0.0013926926767453551, 0.008363774046301842, 0.04166654869914055, 0.16666573286056519, 0.5],
  /** (log(1 + f) − f + f²/2) / f³ on √½ − 1 ≤ f ≤ √2 − 1. */
  log: [
    0.06971611827611923, -0.11479733884334564, 0.11685419827699661, -0.12425687164068222, 0.14249058067798615,
    -0.1666780263185501, 0.20000715553760529, -0.2499999701976776, 0.3333333134651184,
  ],
  /** erf √z / √z − 1 on z ≤ 1. */
  erf: [
    -0.000009667044650996104, 0.00011265958892181516, -0.0008484080317430198, 0.005221031606197357,
    -0.026865430176258087, 0.11283782124519348, -0.37612637877464294, 0.12837916612625122,
  ],
  /** erfc x · e^(x²) of t = 1 / (1 + x / 2) on 1 ≤ x ≤ 4.2. */
  erfc: [
    -0.0580902062356472, -0.04338603839278221, 0.38618627190589905, 0.11305564641952515, 0.326460599899292,
    0.2744766175746918, 0.0005370958242565393,
  ],
  /** Where e^x stays finite and above zero. */
  expRange: [-104, 89],
  /** log₂ e, and ln 2 in two parts whose first has few bits. */
  log2e: [1.44269504],
  ln2: [0.693359375, -2.1219444e-4],
  roundingShift: [12582912],
  smallestNormal: [1.17549435e-38],
  twoTo23: [8388608],
  rootHalf: [0.70710678],
  half: [0.5],
  one: [1],
  two: [2],
  /** 2|x| from which on tanh x is 1 in float32. */
  tanhLimit: [20],
  /** Of Winograd's transforms (assembly/winograd.ts): the points p and q, their squares and cubes, p² q² and −(p² + q²). */
  point: [2 / 3, 4 / 3],
  square: [4 / 9, 16 / 9],
  cube: [8 / 27, 64 / 27],
  pointProduct: [64 / 81],
  pointSum: [-20 / 9],
} as const;

/** The same in float64, of functions that are computed in it and rounded once. */
const wideLists = {
  twoOverPi: [0.6366197723675814],
  /** π/2 in two parts whose first has few bits. */
  halfPi: [1.5707963267341256, 6.077100506506192e-11],
  /** (cos r − 1 + r²/2) / r⁴ and (sin r − r) / r³ of r² on |r| ≤ π/4. */
  cosine: [
    -1.1380868171449914e-11, 2.0876121534608454e-9, -2.7557317151858866e-7, 2.480158729853226e-5,
    -0.0013888888888887241, 0.041666666666666664,
  ],
  sine: [
    1.5915309183057952e-10, -2.5051092308431318e-8, 2.7557315910939e-6, -0.00019841269836385435, 0.0083333333333307,
    -0.16666666666666666,
  ],
  /** (atanh s / s − 1) / s² of s². */
  logWide: [
    0.07308224842521703, 0.07665860800278021, 0.09091444562630861, 0.1111110556739754, 0.14285714312987743,
    0.19999999999949752, 0.3333333333333335,
  ],
  /** (eʳ − 1 − r) / r² on |r| ≤ ln 2 / 2. */
  expWide: [
    2.7614931875440477e-7, 2.7626466044935e-6, 2.4801534341237888e-5, 0.00019841206274785362, 0.0013888888906916628,
    0.008333333354971901, 0.0416666666666501, 0.16666666666646782, 0.5,
  ],
  log2eWide: [1.4426950408889634],
  /** ln 2, and in two parts. */
  ln2Wide: [0.6931471805599453, 0.6931471803691238, 1.9082149292705877e-10],
  /** 1.5 · 2⁵²: a sum with it has the nearest integer in its low bits. */
  wholeShift: [6755399441055744],
} as const;

type ConstantName = keyof typeof lists;

/** Values as the kernels see them: float32. */
export const constants = Object.fromEntries(
  Object.entries(lists).map(([name, values]) => [name, values.map(Math.fround)]),
) as unknown as Readonly<Record<ConstantName, readonly number[]>>;

/** All of them in order, as they lie in memory. */
export const constantValues: Float32Array = Float32Array.from(Object.values(lists).flat());

/** Index of the first value of each name. */
export const constantIndex: ReadonlyMap<string, number> = new Map(
  Object.keys(lists).map((name, i) => [name, Object.values(lists).slice(0, i).flat().length]),
);

export const wideConstants: Readonly<Record<keyof typeof wideLists, readonly number[]>> = wideLists;

/** All float64 constants in order, as they lie in memory, `wideOffset` bytes behind the others. */
export const wideValues: Float64Array = Float64Array.from(Object.values(wideLists).flat());
export const wideOffset = 512;
