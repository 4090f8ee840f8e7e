/**
 * The "slow integer" inverse DCT that libjpeg and its descendants use by default, to the last bit: Loeffler,
 * Ligtenberg and Moschytz 1989 (11 multiplications a row) in 13-bit fixed point, columns first with 2 extra bits kept.
 */
const constantBits = 13;
const extraBits = 2;

/** round(c · 2¹³) */
const f0_298 = 2446;
const f0_390 = 3196;
const f0_541 = 4433;
const f0_765 = 6270;
const f0_899 = 7373;
const f1_175 = 9633;
const f1_501 = 12299;
const f1_847 = 15137;
const f1_961 = 16069;
const f2_053 = 16819;
const f2_562 = 20995;
const f3_072 = 25172;

const work = new Int32Array(64);

/**
 * @param block 64 coefficients in natural order from `at`
 * @param quantisation 64 factors in natural order
 * @param out receives 8 × 8 samples at `start`, rows `stride` apart
 */
export function inverseDct(
  block: Int16Array,
  at: number,
  quantisation: Int32Array,
  out: Uint8Array,
  start: number,
  stride: number,
): void {
  let last = 63;
  while (last > 0 && block[at + last] === 0) last--;
  if (last === 0) {
    const value = clamp((((block[at]! * quantisation[0]!) << extraBits) + (1 << (extraBits + 2))) >> (extraBits + 3));
    for (let y = 0, o = start; y < 8; y++, o += stride) out.fill(value, o, o + 8);
    return;
  }
  for (let i = 0; i <= last; i++) work[i] = block[at + i]! * quantisation[i]!;
  work.fill(0, last + 1);
  for (let column = 0; column < 8; column++) transform(column, 8, constantBits - extraBits);
  for (let row = 0; row < 8; row++) {
    transform(row * 8, 1, constantBits + extraBits + 3);
    const o = start + row * stride;
    for (let x = 0; x < 8; x++) out[o + x] = clamp(work[row * 8 + x]!);
  }
}

/** Samples are stored around 128. */
function clamp(value: number): number {
  return Math.max(0, Math.min(255, value + 128));
}

/** One dimension in place: 8 values `step` apart, divided by 2^`shift` with rounding. */
function transform(first: number, step: number, shift: number): void {
  const i1 = first + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;
  const c0 = work[first]!;
  const c1 = work[i1]!;
  const c2 = work[i2]!;
  const c3 = work[i3]!;
  const c4 = work[i4]!;
  const c5 = work[i5]!;
  const c6 = work[i6]!;
  const c7 = work[i7]!;
  const half = 1 << (shift - 1);

  const turn = (c2 + c6) * f0_541;
  const even2 = turn - c6 * f1_847;
  const even3 = turn + c2 * f0_765;
  const sum = (c0 + c4) * 8192 + half;
  const difference = (c0 - c4) * 8192 + half;
  const e0 = sum + even3;
  const e3 = sum - even3;
  const e1 = difference + even2;
  const e2 = difference - even2;

  const z5 = (c7 + c3 + c5 + c1) * f1_175;
  const z1 = (c7 + c1) * -f0_899;
  const z2 = (c5 + c3) * -f2_562;
  const z3 = (c7 + c3) * -f1_961 + z5;
  const z4 = (c5 + c1) * -f0_390 + z5;
  const o0 = c7 * f0_298 + z1 + z3;
  const o1 = c5 * f2_053 + z2 + z4;
  const o2 = c3 * f3_072 + z2 + z3;
  const o3 = c1 * f1_501 + z1 + z4;

  work[first] = (e0 + o3) >> shift;
  work[i7] = (e0 - o3) >> shift;
  work[i1] = (e1 + o2) >> shift;
  work[i6] = (e1 - o2) >> shift;
  work[i2] = (e2 + o1) >> shift;
  work[i5] = (e2 - o1) >> shift;
  work[i3] = (e3 + o0) >> shift;
  work[i4] = (e3 - o0) >> shift;
}
