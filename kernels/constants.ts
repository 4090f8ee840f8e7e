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
