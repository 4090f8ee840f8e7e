import { GruCellF32, GruGatesF32, LstmCellF32, RnnCellF32 } from './generated/descriptors';
import { least } from './integer';
import { sigmoid4, softplus4, tanh4 } from './math';
import { elu, hardSigmoid, leakyRelu, relu, softsign, thresholdedRelu } from './unary';
import { clamp, loadPartial, storePartial } from './vector';

/** What nearly all layers use for gates, without a look at the list. */
// @ts-ignore: decorator
@inline
function gateOf(fn: i32, x: v128, alpha: f32, beta: f32): v128 {
  return fn == 0 ? sigmoid4(x) : activate(fn, x, alpha, beta);
}

/** The same for candidates and outputs. */
// @ts-ignore: decorator
@inline
function curveOf(fn: i32, x: v128, alpha: f32, beta: f32): v128 {
  return fn == 1 ? tanh4(x) : activate(fn, x, alpha, beta);
}

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
  let row = begin / quads, first = (begin % quads) << 2;
  for (let item = begin; item < end; item++) {
    const count = least(4, hidden - first);
    const at = (row * hidden + first) << 2;
    const sums = d.gates + ((row * hidden) << 4) + (first << 2);
    const before = d.previous == 0 ? f32x4.splat(0) : loadPartial(d.previous + at, count);
    let i = loadPartial(sums, count), o = loadPartial(sums + gate, count), f = loadPartial(sums + 2 * gate, count);
    if (p != 0) {
      i = f32x4.add(i, f32x4.mul(loadPartial(p + (first << 2), count), before));
      f = f32x4.add(f, f32x4.mul(loadPartial(p + 2 * gate + (first << 2), count), before));
    }
    i = gateOf(d.gateFn, clamp(i, low, high), d.gateAlpha, d.gateBeta);
    f = d.coupled ? f32x4.sub(f32x4.splat(1), i) : gateOf(d.gateFn, clamp(f, low, high), d.gateAlpha, d.gateBeta);
    const g = curveOf(d.cellFn, clamp(loadPartial(sums + 3 * gate, count), low, high), d.cellAlpha, d.cellBeta);
    const next = f32x4.add(f32x4.mul(f, before), f32x4.mul(i, g));
    if (p != 0) o = f32x4.add(o, f32x4.mul(loadPartial(p + gate + (first << 2), count), next));
    o = gateOf(d.gateFn, clamp(o, low, high), d.gateAlpha, d.gateBeta);
    storePartial(d.cell + at, next, count);
    storePartial(d.output + at, f32x4.mul(o, curveOf(d.outputFn, next, d.outputAlpha, d.outputBeta)), count);
    if ((first += 4) >= hidden) {
      first = 0;
      row++;
    }
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
  let row = begin / quads, first = (begin % quads) << 2;
  for (let item = begin; item < end; item++) {
    const count = least(4, hidden - first);
    const at = (row * hidden + first) << 2, sums = row * 3 * gate + (first << 2);
    const x = d.inputs + sums, r = d.recurrent + sums;
    const update = gateOf(d.gateFn, clamp(f32x4.add(loadPartial(x, count), loadPartial(r, count)), low, high), d.gateAlpha, d.gateBeta);
    const reset = gateOf(d.gateFn, clamp(f32x4.add(loadPartial(x + gate, count), loadPartial(r + gate, count)), low, high), d.gateAlpha, d.gateBeta);
    const memory = f32x4.mul(reset, loadPartial(r + 2 * gate, count));
    const candidate = curveOf(d.cellFn, clamp(f32x4.add(loadPartial(x + 2 * gate, count), memory), low, high), d.cellAlpha, d.cellBeta);
    storePartial(d.output + at, blend(update, candidate, loadPartial(d.previous + at, count)), count);
    if ((first += 4) >= hidden) {
      first = 0;
      row++;
    }
  }
}

export function gruGatesF32(d: GruGatesF32, begin: i32, end: i32, scratch: usize): void {
  const hidden = d.hidden, quads = (hidden + 3) >> 2, gate = hidden << 2;
  const high = f32x4.splat(d.clip), low = f32x4.neg(high);
  let row = begin / quads, first = (begin % quads) << 2;
  for (let item = begin; item < end; item++) {
    const count = least(4, hidden - first);
    const at = (row * hidden + first) << 2;
    const sums = d.gates + row * 2 * gate + (first << 2);
    const update = gateOf(d.gateFn, clamp(loadPartial(sums, count), low, high), d.gateAlpha, d.gateBeta);
    const reset = gateOf(d.gateFn, clamp(loadPartial(sums + gate, count), low, high), d.gateAlpha, d.gateBeta);
    storePartial(d.update + at, update, count);
    storePartial(d.kept + at, f32x4.mul(reset, loadPartial(d.previous + at, count)), count);
    if ((first += 4) >= hidden) {
      first = 0;
      row++;
    }
  }
}

export function rnnCellF32(d: RnnCellF32, begin: i32, end: i32, scratch: usize): void {
  const hidden = d.hidden, quads = (hidden + 3) >> 2;
  const high = f32x4.splat(d.clip), low = f32x4.neg(high);
  let row = begin / quads, first = (begin % quads) << 2;
  for (let item = begin; item < end; item++) {
    const count = least(4, hidden - first);
    const at = (row * hidden + first) << 2;
    let y = curveOf(d.cellFn, clamp(loadPartial(d.sums + at, count), low, high), d.cellAlpha, d.cellBeta);
    if (d.update != 0) y = blend(loadPartial(d.update + at, count), y, loadPartial(d.previous + at, count));
    storePartial(d.output + at, y, count);
    if ((first += 4) >= hidden) {
      first = 0;
      row++;
    }
  }
}
