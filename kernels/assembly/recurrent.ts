import { GruCellF32, GruGatesF32, LstmCellF32, RnnCellF32 } from './generated/descriptors';
import { least } from './integer';
import { sigmoid4, softplus4, tanh4 } from './math';
import { elu, hardSigmoid, leakyRelu, relu, softsign, thresholdedRelu } from './unary';
import { clamp, loadPartial, storePartial } from './vector';

/** Functions by their number in kernels/functions.ts, recurrentFunctions. */
function activate(fn: i32, x: v128, alpha: f32, beta: f32): v128 {
  const a = f32x4.splat(alpha), b = f32x4.splat(beta);
  switch (fn) {
    case 0: return sigmoid4(x);
    case 1: return tanh4(x);
    case 2: return relu(x, a, b);
    case 3: return f32x4.add(f32x4.mul(a, x), b);
    case 4: return leakyRelu(x, a, b);
    case 5: return thresholdedRelu(x, a, b);
    case 6: return f32x4.mul(a, tanh4(f32x4.mul(b, x)));
    case 7: return hardSigmoid(x, a, b);
    case 8: return elu(x, a, b);
    case 9: return softsign(x, a, b);
    default: return softplus4(x);
  }
}

export function lstmCellF32(d: LstmCellF32, begin: i32, end: i32, scratch: usize): void {
  const hidden = d.hidden, quads = (hidden + 3) >> 2, gate = hidden << 2;
  const high = f32x4.splat(d.clip), low = f32x4.neg(high);
  const p = d.peepholes;
  for (let item = begin; item < end; item++) {
    const row = item / quads, first = (item % quads) << 2, count = least(4, hidden - first);
    const at = (row * hidden + first) << 2;
    const sums = d.gates + ((row * hidden) << 4) + (first << 2);
    const before = d.previous == 0 ? f32x4.splat(0) : loadPartial(d.previous + at, count);
    let i = loadPartial(sums, count), o = loadPartial(sums + gate, count), f = loadPartial(sums + 2 * gate, count);
    if (p != 0) {
      i = f32x4.add(i, f32x4.mul(loadPartial(p + (first << 2), count), before));
      f = f32x4.add(f, f32x4.mul(loadPartial(p + 2 * gate + (first << 2), count), before));
    }
    i = activate(d.gateFn, clamp(i, low, high), d.gateAlpha, d.gateBeta);
    f = d.coupled ? f32x4.sub(f32x4.splat(1), i) : activate(d.gateFn, clamp(f, low, high), d.gateAlpha, d.gateBeta);
    const g = activate(d.cellFn, clamp(loadPartial(sums + 3 * gate, count), low, high), d.cellAlpha, d.cellBeta);
    const next = f32x4.add(f32x4.mul(f, before), f32x4.mul(i, g));
    if (p != 0) o = f32x4.add(o, f32x4.mul(loadPartial(p + gate + (first << 2), count), next));
    o = activate(d.gateFn, clamp(o, low, high), d.gateAlpha, d.gateBeta);
    storePartial(d.cell + at, next, count);
    storePartial(d.output + at, f32x4.mul(o, activate(d.outputFn, next, d.outputAlpha, d.outputBeta)), count);
  }
}

/** (1 − update) · candidate + update · before. */
// @ts-ignore: decorator
@inline
function blend(update: v128, candidate: v128, before: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.sub(f32x4.splat(1), update), candidate), f32x4.mul(update, before));
}

export function gruCellF32(d: GruCellF32, begin: i32, end: i32, scratch: usize): void {
  const hidden = d.hidden, quads = (hidden + 3) >> 2, gate = hidden << 2;
  const high = f32x4.splat(d.clip), low = f32x4.neg(high);
  for (let item = begin; item < end; item++) {
    const row = item / quads, first = (item % quads) << 2, count = least(4, hidden - first);
    const at = (row * hidden + first) << 2, sums = row * 3 * gate + (first << 2);
    const x = d.inputs + sums, r = d.recurrent + sums;
    const update = activate(d.gateFn, clamp(f32x4.add(loadPartial(x, count), loadPartial(r, count)), low, high), d.gateAlpha, d.gateBeta);
    const reset = activate(d.gateFn, clamp(f32x4.add(loadPartial(x + gate, count), loadPartial(r + gate, count)), low, high), d.gateAlpha, d.gateBeta);
    const memory = f32x4.mul(reset, loadPartial(r + 2 * gate, count));
    const candidate = activate(d.cellFn, clamp(f32x4.add(loadPartial(x + 2 * gate, count), memory), low, high), d.cellAlpha, d.cellBeta);
    storePartial(d.output + at, blend(update, candidate, loadPartial(d.previous + at, count)), count);
  }
}

export function gruGatesF32(d: GruGatesF32, begin: i32, end: i32, scratch: usize): void {
  const hidden = d.hidden, quads = (hidden + 3) >> 2, gate = hidden << 2;
  const high = f32x4.splat(d.clip), low = f32x4.neg(high);
  for (let item = begin; item < end; item++) {
    const row = item / quads, first = (item % quads) << 2, count = least(4, hidden - first);
    const at = (row * hidden + first) << 2;
    const sums = d.gates + row * 2 * gate + (first << 2);
    const update = activate(d.gateFn, clamp(loadPartial(sums, count), low, high), d.gateAlpha, d.gateBeta);
    const reset = activate(d.gateFn, clamp(loadPartial(sums + gate, count), low, high), d.gateAlpha, d.gateBeta);
    storePartial(d.update + at, update, count);
    storePartial(d.kept + at, f32x4.mul(reset, loadPartial(d.previous + at, count)), count);
  }
}

export function rnnCellF32(d: RnnCellF32, begin: i32, end: i32, scratch: usize): void {
  const hidden = d.hidden, quads = (hidden + 3) >> 2;
  const high = f32x4.splat(d.clip), low = f32x4.neg(high);
  for (let item = begin; item < end; item++) {
    const first = (item % quads) << 2, count = least(4, hidden - first);
    const at = ((item / quads) * hidden + first) << 2;
    let y = activate(d.cellFn, clamp(loadPartial(d.sums + at, count), low, high), d.cellAlpha, d.cellBeta);
    if (d.update != 0) y = blend(loadPartial(d.update + at, count), y, loadPartial(d.previous + at, count));
    storePartial(d.output + at, y, count);
  }
}
